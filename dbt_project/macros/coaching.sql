{#
    What coaching may change, and how much of it there has to be to say that it did.

    Belongs here: the KPIs of kpi_coaching_effect as parts that add up. Does not belong here: which days are compared
    (the model).
#}

{# By KPI: the total that is divided, the total that divides and is the number of cases, and the least of these. #}
{% macro coached_kpis() -%}
    {{ return({
        'outbound_calls': {'part': 'outbound_calls', 'whole': 'working_day_count', 'least': 20},
        'connect_rate': {'part': 'connected_calls', 'whole': 'outbound_calls', 'least': 20},
        'win_rate': {'part': 'won_count', 'whole': 'closed_count', 'least': 20},
        'talk_ratio': {'part': 'talk_ratio_sum', 'whole': 'conversation_count', 'least': 5},
    }) }}
{%- endmacro %}


{# The totals that they need, each once. #}
{% macro coaching_totals() -%}
    {%- set names = [] -%}
    {%- for kpi in coached_kpis().values() -%}
        {%- for name in [kpi.part, kpi.whole] if name not in names -%}
            {%- do names.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
