{# Reading JSON text. #}

{#
    JSON text of a list, as a list; null where the text is null. `item` is the shape of one: a type, or a record's
    fields with theirs, or a list of either. What a record has more is passed over, what it lacks is null; a list
    or record that is read as `string` stays JSON.

        json_list('parties', {'userId': 'string', 'context': 'string'})
#}
{% macro json_list(text, item) -%}
    {{ return(adapter.dispatch('json_list', 'repline')(text, item)) }}
{%- endmacro %}

{% macro duckdb__json_list(text, item) -%}
    from_json({{ text }}, '{{ tojson([item]) }}')
{%- endmacro %}

{% macro spark__json_list(text, item) -%}
    from_json({{ text }}, '{{ spark_shape([item]) }}')
{%- endmacro %}

{# A shape as Spark writes types. #}
{% macro spark_shape(shape) -%}
    {%- if shape is string -%}
        {{ return(shape) }}
    {%- elif shape is mapping -%}
        {%- set fields = [] -%}
        {%- for name, type in shape.items() -%}
            {%- do fields.append('`' ~ name ~ '`: ' ~ spark_shape(type)) -%}
        {%- endfor -%}
        {{ return('struct<' ~ fields | join(', ') ~ '>') }}
    {%- else -%}
        {{ return('array<' ~ spark_shape(shape[0]) ~ '>') }}
    {%- endif -%}
{%- endmacro %}
