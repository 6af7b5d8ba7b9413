{# Values of the first or last row of a group or window. All pass over nulls of the value, which engines do not. #}

{# The value of the row of the group with the least `order`, where `where` holds. Nulls of the value do not count. #}
{% macro first_by(value, order, where=none) -%}
    {{ return(adapter.dispatch('by_order', 'repline')('min_by', value, order, where)) }}
{%- endmacro %}


{# The value of the row of the group with the greatest `order`, where `where` holds. Nulls of the value do not count. #}
{% macro last_by(value, order, where=none) -%}
    {{ return(adapter.dispatch('by_order', 'repline')('max_by', value, order, where)) }}
{%- endmacro %}

{% macro duckdb__by_order(function, value, order, where) -%}
    {{ function }}({{ value }}, {{ order }}){% if where %} filter (where {{ where }}){% endif %}
{%- endmacro %}

{% macro spark__by_order(function, value, order, where) -%}
    {{ function }}({{ value }}, {{ order }}) filter (
        where ({{ value }}) is not null{% if where %} and ({{ where }}){% endif %}
    )
{%- endmacro %}


{# The value of the row of the group with the greatest `order`, where `where` holds; null where it is null there. #}
{% macro last_or_null_by(value, order, where) -%}
    {{ return(adapter.dispatch('last_or_null_by', 'repline')(value, order, where)) }}
{%- endmacro %}

{% macro duckdb__last_or_null_by(value, order, where) -%}
    arg_max_null({{ value }}, {{ order }}) filter (where {{ where }})
{%- endmacro %}

{% macro spark__last_or_null_by(value, order, where) -%}
    max_by({{ value }}, {{ order }}) filter (where {{ where }})
{%- endmacro %}


{# Any value of the group where `where` holds, but no null. #}
{% macro any_by(value, where) -%}
    {{ return(adapter.dispatch('any_by', 'repline')(value, where)) }}
{%- endmacro %}

{% macro duckdb__any_by(value, where) -%}
    any_value({{ value }}) filter (where {{ where }})
{%- endmacro %}

{% macro spark__any_by(value, where) -%}
    any_value({{ value }}, true) filter (where {{ where }})
{%- endmacro %}


{# The first value of a window that is no null; `over` follows. #}
{% macro first_known(value) -%}
    {{ return(adapter.dispatch('known', 'repline')('first_value', value)) }}
{%- endmacro %}


{# The last value of a window that is no null; `over` follows. #}
{% macro last_known(value) -%}
    {{ return(adapter.dispatch('known', 'repline')('last_value', value)) }}
{%- endmacro %}

{% macro duckdb__known(function, value) -%}
    {{ function }}({{ value }} ignore nulls)
{%- endmacro %}

{% macro spark__known(function, value) -%}
    {{ function }}({{ value }}) ignore nulls
{%- endmacro %}
