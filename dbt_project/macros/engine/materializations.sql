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
    {# What a contract names is there: dbt would ask first, by three statements more. #}
    {% set is_known = config.get('contract').enforced %}
    {% do run_hooks(pre_hooks, inside_transaction=false) %}
    {% do run_hooks(pre_hooks, inside_transaction=true) %}
    {% call statement('main') %}
        {{ statements }}
        {% if is_known %}{{ descriptions(target) }}{% endif %}
    {% endcall %}
    {% if not is_known %}{% do persist_docs(target, model) %}{% endif %}
    {% do run_hooks(post_hooks, inside_transaction=true) %}
    {% do adapter.commit() %}
    {% do run_hooks(post_hooks, inside_transaction=false) %}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{% macro descriptions(target) %}
    {% if config.persist_relation_docs() and model.description %}
        {{ alter_relation_comment(target, model.description) }}
    {% endif %}
    {% if config.persist_column_docs() and model.columns %}
        {{ alter_column_comment(target, model.columns) }}
    {% endif %}
{% endmacro %}

{# dbt's own first asks the database which columns there are. The enforced contract of a mart says so already. #}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {% for column in column_dict.values() %}
        comment on column {{ relation }}.{{ adapter.quote(column['name']) }}
            is {{ duckdb_escape_comment(column['description']) }};
    {% endfor %}
{% endmacro %}
