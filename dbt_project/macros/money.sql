{#
    An amount in the base currency, rounded once to cents, half away from zero. Null without a rate.

    `rate` is the value of a unit of `currency` in the base currency; it is passed over where the currency
    is the base currency.
#}
{% macro base_amount(amount, currency, rate) -%}
    cast(
        case
            when coalesce({{ currency }}, '{{ var("base_currency") }}') = '{{ var("base_currency") }}'
                then round({{ amount }}, 2)
            else round({{ amount }} * {{ rate }}, 2)
        end as decimal(18, 2)
    )
{%- endmacro %}


{# A fraction as a double; null where the denominator is null or 0. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}
