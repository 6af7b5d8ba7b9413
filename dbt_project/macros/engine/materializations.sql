{#
    How DuckDB makes a table and a view: within one transaction, by one statement.

    dbt's own renames twice and asks what is there in between, for databases whose readers would otherwise wait. The
    warehouse has none but the refresh: readers have the published version. What fails is rolled back all the same.
#}
{% materialization table, adapter='duckdb' %}
    {% set target = this.incorporate(type='table') %}
    {# Beside the old one, since a model may read what it was before. #}
    {% set new = make_intermediate_relation(target) %}
    {% set statements %}
        {{ create_table_as(false, new, sql) }}
        {{ drop_what_was_there(target) }}
        alter table {{ new }} rename to {{ adapter.quote(target.identifier) }};
    {% endset %}
    {{ return(made(target, statements)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {% set target = this.incorporate(type='view') %}
    {% set statements %}
        {{ drop_what_was_there(target) }}
        {{ create_view_as(target, sql) }}
    {% endset %}
    {{ return(made(target, statements)) }}
{% endmaterialization %}

{% macro drop_what_was_there(target) %}
    {% set existing = load_cached_relation(target) %}
    {% if existing is not none %}drop {{ existing.type }} {{ existing }};{% endif %}
{% endmacro %}

{% macro made(target, statements) %}
    {% do run_hooks(pre_hooks, inside_transaction=false) %}
    {% do run_hooks(pre_hooks, inside_transaction=true) %}
    {% call statement('main') %}
        {{ statements }}
    {% endcall %}
    {% do persist_docs(target, model) %}
    {% do run_hooks(post_hooks, inside_transaction=true) %}
    {% do adapter.commit() %}
    {% do run_hooks(post_hooks, inside_transaction=false) %}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{# dbt's own first asks the database which columns there are. The enforced contract of a mart says so already. #}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {% for column in column_dict.values() %}
        comment on column {{ relation }}.{{ adapter.quote(column['name']) }}
            is {{ duckdb_escape_comment(column['description']) }};
    {% endfor %}
{% endmacro %}


{#
    How Spark makes a table: over the files of the one before, which are gone once it is written. A table that is made of
    what it was before reads a copy.
#}
{% materialization table, adapter='spark' %}
    {{ return(made_of_before(this.incorporate(type='table'), sql)) }}
{% endmaterialization %}

{#
    dbt's own snapshot merges into a table, which Parquet files cannot; here all of it is written anew, the versions
    known before with the end that new ones give them. It holds people, so it is small.
#}
{% materialization snapshot, adapter='spark' %}
    {% set target = this.incorporate(type='table') %}
    {% set is_known = load_cached_relation(this) is not none %}
    {% set strategy = strategy_dispatch(config.get('strategy'))(
        model, 'snapshotted_data', 'source_data', model['config'], is_known
    ) %}
    {{ return(made_of_before(
        target,
        snapshot_with_changes(strategy, sql, target) if is_known else build_snapshot_table(strategy, sql)
    )) }}
{% endmaterialization %}

{% macro snapshot_with_changes(strategy, sql, target) %}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
    with changes as (
        {{ snapshot_staging_table(strategy, sql, target) }}
    )

    select
        {%- for column in columns %}
        {% if column == 'dbt_valid_to' -%}
        coalesce(known.dbt_valid_to, ends.dbt_valid_to) as dbt_valid_to
        {%- else -%}
        known.{{ column }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ target }} as known
    left join changes as ends
        on known.dbt_scd_id = ends.dbt_scd_id and ends.dbt_change_type = 'update'
    union all
    select {{ columns | join(', ') }}
    from changes
    where dbt_change_type = 'insert'
{% endmacro %}

{# Make a table of Spark. `sql` may read the table itself as it was. #}
{% macro made_of_before(target, sql) %}
    {% set before = target.incorporate(path={'identifier': target.identifier ~ '__before'}) %}
    {% set itself = '\\b' ~ modules.re.escape(target | string) ~ '\\b' %}
    {{ run_hooks(pre_hooks) }}
    {% if modules.re.search(itself, sql) %}
        {% do run_query('drop table if exists ' ~ before) %}
        {% do run_query(
            'create table ' ~ before ~ ' using parquet location '
            ~ text_literal(lake_folder(before.schema, before.identifier)) ~ ' as select * from ' ~ target
        ) %}
        {% set sql = modules.re.sub(itself, before | string, sql) %}
    {% endif %}
    {% do drop_relation_if_exists(load_cached_relation(target)) %}
    {% call statement('main') %}
        {{ create_table_as(false, target, sql) }}
    {% endcall %}
    {% do run_query('drop table if exists ' ~ before) %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmacro %}


{#
    How a model is kept that is a view on DuckDB and that others than dbt read, the gates and publication: of Spark they
    see the tables alone.
#}
{% macro view_for_readers() %}
    {{ return('table' if target.type == 'spark' else 'view') }}
{% endmacro %}
