{#
    Ratios of customers' figures, by name: of sums, over whatever days they are added up.

    Belongs here: definitions that goals and the figures of months share. Does not belong here: which rows count (the
    models).
#}
{% macro customer_ratios() -%}
    {{ return({
        'lead_conversion_rate': ratio('converted_count', 'lead_count'),
        'csat_rate': ratio('satisfied_count', 'csat_count'),
        'cac': ratio('acquisition_amount', 'new_customer_count'),
    }) }}
{%- endmacro %}
