{% macro kpis() -%}
    {%- set found = [] -%}
    {%- set all = ['rep', 'team', 'company'] -%}
    {%- for kpi in ['won_count', 'won_amount', 'lost_count', 'lost_amount', 'created_count', 'created_amount', 'outbound_calls', 'connected_calls', 'talk_seconds'] -%}
        {%- do found.append({'kpi': kpi, 'kind': 'flow', 'better': 'lower' if 'lost' in kpi else 'higher', 'grains': all, 'goal_of': all}) -%}
    {%- endfor -%}
    {%- for kpi in ['win_rate', 'win_rate_amount', 'avg_won_amount', 'avg_cycle_days', 'connect_rate', 'attainment', 'lead_conversion_rate', 'csat_rate'] -%}
        {%- do found.append({'kpi': kpi, 'kind': 'ratio', 'better': 'lower' if 'cycle' in kpi else 'higher', 'grains': all, 'goal_of': all}) -%}
    {%- endfor -%}
    {%- for kpi in ['revenue_amount', 'new_customer_count', 'cac'] -%}
        {%- do found.append({'kpi': kpi, 'kind': 'ratio' if kpi == 'cac' else 'flow', 'better': 'lower' if kpi == 'cac' else 'higher', 'grains': ['company'], 'goal_of': ['company']}) -%}
    {%- endfor -%}
    {%- do found.append({'kpi': 'open_amount', 'kind': 'level', 'better': 'higher', 'grains': all, 'goal_of': []}) -%}
    {%- do found.append({'kpi': 'talk_ratio', 'kind': 'ratio', 'better': 'lower', 'grains': ['rep'], 'goal_of': []}) -%}
    {{ return(found) }}
{%- endmacro %}
