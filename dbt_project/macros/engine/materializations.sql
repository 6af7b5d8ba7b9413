{# How a model's relation takes the place of the one before on DuckDB: one statement, in one transaction, with the
   descriptions. dbt-duckdb asks some ten questions more per model, for indexes, grants and foreign keys that there are
   none of here: with small tables that took longer than the models did. #}
{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {#- A model may read what it was before, so that makes room last. #}
    {%- set new = make_intermediate_relation(target) -%}
    {% do drop_relation_if_exists(load_cached_relation(new)) %}
    {% call statement('main') %}
        {{ create_table_as(false, new, sql) }}
        {{ drop_former() }}
        alter table {{ new }} rename to {{ adapter.quote(target.identifier) }};
        {{ describe(target) }}
    {% endcall %}
    {{ return(finished(target)) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {% call statement('main') %}
        {{ drop_former() }}
        {{ get_create_view_as_sql(target, sql) }}
        {{ describe(target) }}
    {% endcall %}
    {{ return(finished(target)) }}
{% endmaterialization %}


{% macro drop_former() %}
    {%- set former = load_cached_relation(this) -%}
    {% if former is not none %}
        drop {{ former.type }} if exists {{ former }};
    {% endif %}
{% endmacro %}


{# Where a contract says which columns there are, their comments need no look at the table. #}
{% macro describe(relation) %}
    {% if config.get('contract').enforced %}
        {% if config.persist_relation_docs() and model.description %}
            {{ alter_relation_comment(relation, model.description) }}
        {% endif %}
        {% if config.persist_column_docs() %}
            {% for column in model.columns.values() if column.description %}
                comment on column {{ relation }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
            {% endfor %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro finished(relation) %}
    {% if not config.get('contract').enforced %}
        {% do persist_docs(relation, model) %}
    {% endif %}
    {% do adapter.commit() %}
    {% do return({'relations': [relation]}) %}
{% endmacro %}
