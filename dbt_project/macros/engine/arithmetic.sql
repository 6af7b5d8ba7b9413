{# Whole numbers where engines differ. #}

{# The whole part of a quotient of whole numbers; cast it where its width matters: Spark always gives 64 bits. #}
{% macro integer_divide(dividend, divisor) -%}
    {{ return(adapter.dispatch('integer_divide', 'repline')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__integer_divide(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{% macro spark__integer_divide(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}


{# A whole number for each row of a table, in no order; of 32 bits where the engine can count rows in passing. #}
{% macro row_key() -%}
    {{ return(adapter.dispatch('row_key', 'repline')()) }}
{%- endmacro %}

{% macro duckdb__row_key() -%}
    cast(row_number() over () as integer)
{%- endmacro %}

{% macro spark__row_key() -%}
    monotonically_increasing_id()
{%- endmacro %}


{# The last cases of a `case` that multiplies an amount (18, 4) with a rate (20, 10), rounded once to cents. #}
{% macro converted_cases(amount, rate) -%}
    {{ return(adapter.dispatch('converted_cases', 'repline')(amount, rate)) }}
{%- endmacro %}

{#
    Rounding a decimal of 38 digits costs 0.9 s per million rows in DuckDB. So the cents are estimated in floating
    point and set right by the exact decimal remainder, which takes an eighth of that. Below 10^13 the estimate
    is less than a cent off; from there on the decimal is rounded itself.
#}
{% macro duckdb__converted_cases(amount, rate) -%}
    {%- set exact = amount ~ " * " ~ rate -%}
    {%- set estimate -%}
        cast(round(cast({{ amount }} as double) * cast({{ rate }} as double), 2) as decimal(18, 2))
    {%- endset -%}
    when {{ exact }} >= 10000000000000 then try_cast(round({{ exact }}, 2) as decimal(18, 2))
        when {{ exact }} - {{ estimate }} >= 0.005 then cast({{ estimate }} + 0.01 as decimal(18, 2))
        when {{ exact }} - {{ estimate }} < -0.005 then cast({{ estimate }} - 0.01 as decimal(18, 2))
        else {{ estimate }}
{%- endmacro %}

{# With a rate of 20 digits Spark would cut the product to 13 decimals before it is rounded, 14 are exact. #}
{% macro spark__converted_cases(amount, rate) -%}
    else try_cast(round({{ amount }} * cast({{ rate }} as decimal(19, 10)), 2) as decimal(18, 2))
{%- endmacro %}


{#
    A part of an amount (18, 4) times a rate (20, 10), of `whole` parts, rounded once to cents, half away from zero. Null
    where all of it would have more than 16 digits before the point.
#}
{% macro rounded_share(amount, rate, part, whole) -%}
    case
        when abs({{ amount }} * {{ rate }}) < 10000000000000000
            then cast(
                case when {{ amount }} < 0 then -0.01 else 0.01 end
                * {{ whole_cents(amount, rate, part, whole) }} as decimal(18, 2)
            )
    end
{%- endmacro %}


{# The cents of a rounded share, of the amount without its sign: with whole numbers alone nothing is lost to a fraction. #}
{% macro whole_cents(amount, rate, part, whole) -%}
    {{ return(adapter.dispatch('whole_cents', 'repline')(amount, rate, part, whole)) }}
{%- endmacro %}

{% macro duckdb__whole_cents(amount, rate, part, whole) -%}
    {%- set worth -%}
        abs(cast(cast({{ amount }} as decimal(38, 4)) * 10000 as hugeint))
        * cast(cast({{ rate }} as decimal(38, 10)) * 10000000000 as hugeint)
    {%- endset -%}
    cast((2 * {{ worth }} * ({{ part }}) + cast({{ whole }} as hugeint) * 1000000000000)
        // (2 * cast({{ whole }} as hugeint) * 1000000000000) as decimal(18, 0))
{%- endmacro %}

{% macro spark__whole_cents(amount, rate, part, whole) -%}
    cast(round(
        abs({{ amount }}) * cast({{ rate }} as decimal(19, 10)) * 100 * ({{ part }}) / ({{ whole }})
    ) as decimal(18, 0))
{%- endmacro %}


{#
    An amount x part / whole, rounded once to cents, half away from zero. The three are money (18, 2); the whole is
    above 0, the part between 0 and it.
#}
{% macro amount_of_part(amount, part, whole) -%}
    {{ return(adapter.dispatch('amount_of_part', 'repline')(amount, part, whole)) }}
{%- endmacro %}

{# In whole cents: the quotient of decimals is a double. #}
{% macro duckdb__amount_of_part(amount, part, whole) -%}
    {%- set doubled = "2 * cast(abs(" ~ amount ~ ") * 100 as hugeint) * cast(" ~ part ~ " * 100 as hugeint)" -%}
    {%- set whole_cents = "cast(" ~ whole ~ " * 100 as hugeint)" -%}
    cast(
        sign({{ amount }}) * (({{ doubled }} + {{ whole_cents }}) // (2 * {{ whole_cents }})) as decimal(18, 0)
    ) * 0.01
{%- endmacro %}

{% macro spark__amount_of_part(amount, part, whole) -%}
    round({{ amount }} * {{ part }} / {{ whole }}, 2)
{%- endmacro %}
