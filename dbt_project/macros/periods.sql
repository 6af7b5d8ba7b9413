{#
    Months as whole numbers, counted from year 0: comparing, adding and exploding them needs no calendar.
    A month index is also the name of a boundary: the local midnight at which that month starts.
#}
{% macro month_index(day) -%}
    cast(year({{ day }}) * 12 + month({{ day }}) - 1 as integer)
{%- endmacro %}


{# The day from which days and periods may start, as a date. #}
{% macro earliest_plausible_day() -%}
    date '{{ var("earliest_plausible_date") }}'
{%- endmacro %}


{# The first day of a month, from its index. #}
{% macro month_start(index) -%}
    make_date(cast({{ integer_divide(index, 12) }} as integer), ({{ index }}) % 12 + 1, 1)
{%- endmacro %}


{# The index of the first month of the fiscal period of `months` months (1, 3 or 12) that holds a month. #}
{% macro period_first_month(index, months) -%}
    ({{ index }} - ({{ index }} + 12 - {{ var('fiscal_year_start_month') - 1 }}) % {{ months }})
{%- endmacro %}
