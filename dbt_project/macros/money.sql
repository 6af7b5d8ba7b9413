{#
    An amount in the base currency, rounded once to cents, half away from zero. Null without a rate, and where it
    would have more than 16 digits before the point.

    `rate` is the value of a unit of `currency` in the base currency; it is passed over where the currency
    is the base currency.
#}
{% macro base_amount(amount, currency, rate) -%}
    case
        when coalesce({{ currency }}, '{{ var("base_currency") }}') = '{{ var("base_currency") }}'
            then cast(round({{ amount }}, 2) as decimal(18, 2))
        {{ converted_cases(amount, rate) }}
    end
{%- endmacro %}


{# A fraction as a double; null where the denominator is null or 0. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}


{# A double as a decimal, whose sum is the same in whatever order it is taken. #}
{% macro summable(value) -%}
    cast({{ value }} as decimal(24, 12))
{%- endmacro %}


{# The mean of a column over the rows that have it, as a double. #}
{% macro mean_of(column) -%}
    {{ ratio('sum(' ~ summable(column) ~ ')', 'count(' ~ column ~ ')') }}
{%- endmacro %}


{# An amount that was calculated in floating point, rounded once to cents. #}
{% macro cents(value) -%}
    cast(round({{ value }}, 2) as decimal(18, 2))
{%- endmacro %}
