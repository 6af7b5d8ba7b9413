{#
    What the forecast is made of.

    Belongs here: names that its models share. Does not belong here: what is summed (models/intermediate/forecast).
#}

{# The categories of what is due, each by itself. #}
{% macro forecast_categories() -%}
    {{ return(['commit', 'best_case', 'pipeline', 'omitted']) }}
{%- endmacro %}


{#
    A category however systems spell it: case, blanks, hyphens and underscores do not matter. Any other text is
    `pipeline`; null stays null.
#}
{% macro forecast_category(text) -%}
    case lower(translate({{ text }}, ' -_', ''))
            {% for category in forecast_categories() %}
            when '{{ category | replace('_', '') }}' then '{{ category }}'
            {% endfor %}
            else case when {{ text }} is not null then 'pipeline' end
        end
{%- endmacro %}
