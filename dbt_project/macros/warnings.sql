{#
    Warnings that name what they found.

    Belongs here: their form. Does not belong here: a rule (models/intermediate/warnings).
#}

{#
    A select of the warnings of a rule: one row per `subject` of `relation`, with the number of its rows, or one row
    without a subject where the relation is empty.
#}
{% macro named_warnings(rule, entity, description, relation) -%}
    select
        '{{ rule }}' as rule,
        '{{ entity }}' as entity,
        cast(found.subject as string) as subject,
        '{{ description }}' as description,
        count(found.subject) as row_count
    from (select 1 as is_there) as always
    left join {{ relation }} as found
        on found.subject is not null
    group by found.subject
{%- endmacro %}
