-- The catalogue of KPIs, as macros/catalogue.sql has it.
{# For whoever reads the manifest: the docs and the semantic layer are written from it (pipelines.catalogue_files). #}
{{ config(meta={'kpis': kpis(), 'day_measures': scorecard_flows()}) }}
{% set texts = [
    'kpi', 'family', 'meaning', 'formula', 'unit', 'kind', 'better', 'why', 'grains', 'table_name', 'column_name',
] %}
{% set made_of = [
    'row_table', 'row_filter', 'row_value', 'row_rep', 'row_day', 'row_total', 'parts',
] %}
{% for kpi in kpis() %}
{% if not loop.first %}
union all
{% endif %}
select
    {% for text in texts %}
    {% set value = kpi[text] if kpi[text] is string else kpi[text] | join(',') %}
    cast({{ text_literal(value) }} as string) as {{ text }},
    {% endfor %}
    {% for text in made_of %}
    {% set value = kpi.get(text, '') if kpi.get(text, '') is string else kpi[text] | join(',') %}
    cast({{ text_literal(value) if value else 'null' }} as string) as {{ text }},
    {% endfor %}
    {{ (kpi.goal_of | length > 0) | lower }} as is_goal_metric
{% endfor %}
