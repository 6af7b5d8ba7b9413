{#
    What goals can be set on, and what their figures are made of.

    Belongs here: lists that the models of goals loop over. Does not belong here: what a KPI is (macros/catalogue.sql),
    and when a goal is reached (the models).
#}

{# The KPIs of the catalogue that goals can be set on; their `goal_of` says by whom. #}
{% macro goal_metrics() -%}
    {{ return(kpis() | selectattr('goal_of') | list) }}
{%- endmacro %}


{# Metrics that are known by the month, so that a goal on one needs whole months. #}
{% macro monthly_goal_metrics() -%}
    {{ return(['attainment', 'revenue_amount', 'new_customer_count', 'cac']) }}
{%- endmacro %}


{#
    What is added up over the days of a goal, by the CTE that has it by rep and day. A figure of a month stands on the
    month's first day.
#}
{% macro goal_measures() -%}
    {{ return({
        'rep_days': scorecard_flows() | map(attribute='name') | list,
        'quotas': ['quota_amount'],
        'leads': ['lead_count', 'converted_count'],
        'surveys': ['csat_count', 'satisfied_count'],
        'revenue': ['revenue_amount'],
        'customers': ['new_customer_count'],
        'spend': ['acquisition_amount'],
    }) }}
{%- endmacro %}


{# What follows from these sums by division, by name. #}
{% macro goal_ratios() -%}
    {{ return(dict(scorecard_ratios(), **customer_ratios())) }}
{%- endmacro %}
