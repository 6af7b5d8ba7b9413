{# A role as roles are compared: in lower case, without blanks around it. #}
{% macro role_name(role) -%}
    lower(trim({{ role }}))
{%- endmacro %}


{#
    Where records name a rep beyond those that models of their own follow (opportunities, calls, quotas, accounts):
    by entity, the column that does. Goals may name whom they like, and a history of nobody makes nobody.
#}
{% macro rep_columns() -%}
    {%- set followed = [
        'users', 'accounts', 'opportunities', 'opportunity_history', 'calls', 'quotas', 'goals', 'user_history',
    ] -%}
    {%- set columns = {} -%}
    {%- for entity, contract in landing_contract().items() if entity not in followed -%}
        {%- for column in contract.people if column in ['owner_id', 'user_id'] -%}
            {%- do columns.update({entity: column}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
