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


{#
    A select of the stretches of days between which something changes for a user: where a row of `begins` begins, and
    where one of `spans` begins or has ended. Both have user_id and valid_from, `spans` valid_to too.
#}
{% macro stretches_of_days(begins, spans) -%}
    select
        user_id,
        turns_on as valid_from,
        coalesce(
            cast(lead(turns_on) over (partition by user_id order by turns_on) - 1 as date), {{ end_of_time() }}
        ) as valid_to
    from (
        select
            user_id,
            valid_from as turns_on
        from {{ begins }}
        union
        select
            user_id,
            valid_from as turns_on
        from {{ spans }}
        union
        select
            user_id,
            cast(valid_to + 1 as date) as turns_on
        from {{ spans }}
        where valid_to < {{ end_of_time() }}
    ) as turning_points
{%- endmacro %}
