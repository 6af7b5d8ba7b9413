{# Lists to rows, and what is in a list. A row of a null or empty list goes. #}

{# One row per item of a list, as a column of a `select` of its own; a select takes one of these. #}
{% macro explode_list(list) -%}
    {{ return(adapter.dispatch('explode_list', 'repline')(list)) }}
{%- endmacro %}

{% macro duckdb__explode_list(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__explode_list(list) -%}
    explode({{ list }})
{%- endmacro %}


{#
    One row per item of several lists in step, as columns of a `select`: `number`, from 1, then a column per list.
    The first list counts; a shorter one is filled up with nulls.

        explode_in_step('sentence_number', {'sentence': 'monologue.sentences', 'text': 'texts'})
#}
{% macro explode_in_step(number, lists) -%}
    {{ return(adapter.dispatch('explode_in_step', 'repline')(number, lists)) }}
{%- endmacro %}

{% macro duckdb__explode_in_step(number, lists) -%}
    generate_subscripts({{ lists.values() | first }}, 1) as {{ number }}
    {%- for name, list in lists.items() %},
        unnest({{ list }}) as {{ name }}
    {%- endfor %}
{%- endmacro %}

{% macro spark__explode_in_step(number, lists) -%}
    {%- set counted = lists.values() | first -%}
    inline(arrays_zip(
            if(size({{ counted }}) > 0, sequence(1, size({{ counted }})), array())
            {%- for list in lists.values() %},
            coalesce({{ list }}, array())
            {%- endfor %}
        )) as ({{ ([number] + lists | list) | join(', ') }})
{%- endmacro %}


{# The first record of a list whose boolean field `flag` is true; null where there is none. #}
{% macro first_flagged(list, flag) -%}
    {{ return(adapter.dispatch('first_flagged', 'repline')(list, flag)) }}
{%- endmacro %}

{% macro duckdb__first_flagged(list, flag) -%}
    list_filter({{ list }}, lambda each: each.{{ adapter.quote(flag) }})[1]
{%- endmacro %}

{% macro spark__first_flagged(list, flag) -%}
    try_element_at(filter({{ list }}, each -> each.{{ adapter.quote(flag) }}), 1)
{%- endmacro %}


{# A record of fields, by name: record_of({'hired_on': 'users.hired_on'}). `.hired_on` gives the field back. #}
{% macro record_of(fields) -%}
    {{ return(adapter.dispatch('record_of', 'repline')(fields)) }}
{%- endmacro %}

{% macro duckdb__record_of(fields) -%}
    {
        {%- for name, value in fields.items() -%}
            '{{ name }}': {{ value }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    }
{%- endmacro %}

{% macro spark__record_of(fields) -%}
    named_struct(
        {%- for name, value in fields.items() -%}
            '{{ name }}', {{ value }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
