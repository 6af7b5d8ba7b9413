{#
    Sentences with figures, in the language of the setting `language`.

    Belongs here: how a text and its figures become SQL. Does not belong here: the texts (macros/languages).
#}

{# The texts of the language. #}
{% macro language() -%}
    {{ return(context['language_' ~ var('language')]()) }}
{%- endmacro %}


{# A text with the names in braces replaced by expressions, as SQL. `figures` has one of text for each name. #}
{% macro sentence(text, figures) -%}
    {%- set parts = [] -%}
    {%- for part in modules.re.split('[{}]', text) if part -%}
        {%- do parts.append(figures.get(part, text_literal(part))) -%}
    {%- endfor -%}
    {{ return(parts | join(' || ')) }}
{%- endmacro %}


{# A number as the language writes it, as SQL. #}
{% macro number_text(value, digits=0) -%}
    {%- set signs = language().thousands ~ language().decimal -%}
    {%- set formatted = formatted_number(value, digits) -%}
    {{ return(formatted if signs == ',.' else 'translate(' ~ formatted ~ ", ',.', '" ~ signs ~ "')") }}
{%- endmacro %}


{# A figure of a unit of the catalogue, as text. #}
{% macro figure_text(value, unit) -%}
    {%- set words = language() -%}
    {%- set base = "'" ~ var('base_currency') ~ " ' || " -%}
    {{ return({
        'count': number_text(value),
        'fraction': number_text(value ~ ' * 100', 1) ~ " || '" ~ words.percent ~ "'",
        'money': base ~ number_text(value),
        'money_per_day': base ~ number_text(value) ~ " || '" ~ words.per_day ~ "'",
        'days': number_text(value, 1) ~ " || '" ~ words.days ~ "'",
        'seconds': number_text(value) ~ " || '" ~ words.seconds ~ "'",
    }[unit]) }}
{%- endmacro %}


{# The sentence on a focus of coaching, from the columns of kpi_coaching_focus and what they rest on. #}
{% macro focus_sentence() -%}
    {%- set words = language() -%}
    {%- set figures = {
        'focus': 'focus',
        'pipeline': 'pipeline',
        'rep_rate': figure_text('rep_rate', 'fraction'),
        'peer_rate': figure_text('peer_rate', 'fraction'),
        'case_count': figure_text('case_count', 'count'),
        'cost_amount': figure_text('cost_amount', 'money'),
    } -%}
    case
        when focus_kind = 'stage' and cost_amount is null then {{ sentence(words.focus_stage_without_cost, figures) }}
        {% for kind in ['stage', 'skill', 'none'] %}
        when focus_kind = '{{ kind }}' then {{ sentence(words['focus_' ~ kind], figures) }}
        {% endfor %}
    end
{%- endmacro %}


{# The sentence on a KPI of a digest, from the columns of kpi_rep_digest. #}
{% macro digest_sentence() -%}
    {%- set words = language() -%}
    case
        {%- for name in var('digest_kpis') %}
        {%- set unit = kpis_by_name()[name].unit -%}
        {%- set by = figure_text('abs(change)', unit) -%}
        {%- if unit == 'fraction' -%}
            {%- set by = number_text('abs(change) * 100', 1) ~ " || '" ~ words.points ~ "'" -%}
        {%- endif -%}
        {%- set change -%}
            case
                when change > 0 then {{ sentence(words.change_up, {'change': by}) }}
                when change < 0 then {{ sentence(words.change_down, {'change': by}) }}
                when change = 0 then {{ text_literal(words.change_none) }}
                else ''
            end
        {%- endset -%}
        {%- set figures = {
            'kpi': text_literal(words.kpis[name]),
            'value': figure_text('value', unit),
            'peer_median': figure_text('peer_median', unit),
            'change': change,
        } %}
        when kpi = '{{ name }}' and position like 'strength%' then {{ sentence(words.digest_strength, figures) }}
        when kpi = '{{ name }}' then {{ sentence(words.digest_improve, figures) }}
        {%- endfor %}
    end
{%- endmacro %}
