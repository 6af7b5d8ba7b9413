{#
    A select of the months that a member of a group can be expected to stay within a horizon: the sum of the survival
    function over months 0 to `horizon` - 1. One row per group of `relation`, which has one row per group and duration at
    which somebody left or was last seen, with the part of those at risk who stayed, and segment_count.
#}
{% macro restricted_mean_survival(relation, group, duration, staying_rate, horizon) -%}
    select
        {{ group }},
        segment_count,
        sum(
            surviving_rate
            * (least(coalesce(next_duration, {{ horizon }}), {{ horizon }}) - least({{ duration }}, {{ horizon }}))
        ) + least(min({{ duration }}), {{ horizon }}) as expected_months
    from (
        select
            {{ group }},
            segment_count,
            {{ duration }},
            lead({{ duration }}) over durations as next_duration,
            -- A product as the sum of logarithms; from where nobody stayed it is 0.
            case
                when min({{ staying_rate }}) over so_far = 0 then 0
                else exp(sum(ln(nullif({{ staying_rate }}, 0))) over so_far)
            end as surviving_rate
        from {{ relation }}
        window
            durations as (partition by {{ group }} order by {{ duration }}),
            so_far as (
                partition by {{ group }} order by {{ duration }} rows between unbounded preceding and current row
            )
    ) as curve
    group by {{ group }}, segment_count
{%- endmacro %}
