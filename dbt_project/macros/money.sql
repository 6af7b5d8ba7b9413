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


{# An amount times a rate, rounded once to cents, half away from zero. Null where one is null. #}
{% macro amount_at_rate(amount, rate) -%}
    {#- DuckDB keeps the product of two decimals of at most 18 digits within 18: it overflows from 10^10 on. -#}
    {%- set rate = 'cast(' ~ rate ~ ' as decimal(20, 10))' -%}
    case
        when {{ amount }} = 0 or {{ rate }} = 0 then cast(0 as decimal(18, 2))
        {{ converted_cases(amount, rate) }}
    end
{%- endmacro %}


{#
    The median of an aggregate's rows in which what is null ranks last, from the place of each row and their number: the
    mean of the two in the middle, which are one where the number is odd; null if one of them is null.
#}
{% macro middle_mean(value, place, row_count) -%}
    {%- set is_middle = '2 * ' ~ place ~ ' between ' ~ row_count ~ ' and ' ~ row_count ~ ' + 2' -%}
    case
        when count(*) filter (where {{ is_middle }}) = count({{ value }}) filter (where {{ is_middle }})
            then avg({{ value }}) filter (where {{ is_middle }})
    end
{%- endmacro %}


{#
    A user's share of a `total` that users divide, in cents: `share` is the rounded one, and the last user, for whom
    `is_last` holds, takes what the others of `divided_by` leave.
#}
{% macro share_or_rest(share, total, is_last, divided_by) -%}
    cast(
        case
            when {{ is_last }} then {{ total }} - sum({{ share }}) over (partition by {{ divided_by }}) + {{ share }}
            else {{ share }}
        end as decimal(18, 2)
    )
{%- endmacro %}
