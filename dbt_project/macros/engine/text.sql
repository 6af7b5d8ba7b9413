{# Text and patterns. A pattern is given as it is, unquoted, in what RE2 and Java both understand. #}

{# Text as a literal. #}
{% macro text_literal(text) -%}
    {{ return(adapter.dispatch('text_literal', 'repline')(text)) }}
{%- endmacro %}

{% macro duckdb__text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__text_literal(text) -%}
    '{{ text | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endmacro %}


{# Whether a pattern is found anywhere in a text: text_matches('outcome', '\\bbusy\\b'). #}
{% macro text_matches(text, pattern) -%}
    {{ return(adapter.dispatch('text_matches', 'repline')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__text_matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ text_literal(pattern) }})
{%- endmacro %}

{% macro spark__text_matches(text, pattern) -%}
    regexp_like({{ text }}, {{ text_literal(pattern) }})
{%- endmacro %}


{# A text with all that a pattern finds replaced; `\\1` in the replacement is the pattern's first group. #}
{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_matches', 'repline')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ text_literal(pattern) }}, {{ text_literal(replacement) }}, 'g')
{%- endmacro %}

{% macro spark__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ text_literal(pattern) }}, {{ text_literal(replacement | replace('\\', '$')) }})
{%- endmacro %}


{# A URL-encoded text, decoded; null where it cannot be. #}
{% macro url_decoded(text) -%}
    {{ return(adapter.dispatch('url_decoded', 'repline')(text)) }}
{%- endmacro %}

{% macro duckdb__url_decoded(text) -%}
    try(url_decode({{ text }}))
{%- endmacro %}

{% macro spark__url_decoded(text) -%}
    try_url_decode({{ text }})
{%- endmacro %}


{# The texts of a group, put together in an order. #}
{% macro joined_texts(text, separator, order) -%}
    {{ return(adapter.dispatch('joined_texts', 'repline')(text, separator, order)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(text, separator, order) -%}
    string_agg({{ text }}, {{ text_literal(separator) }} order by {{ order }})
{%- endmacro %}

{% macro spark__joined_texts(text, separator, order) -%}
    string_agg({{ text }}, {{ text_literal(separator) }}) within group (order by {{ order }})
{%- endmacro %}


{# A number as text, with commas between thousands and a point before the decimals. #}
{% macro formatted_number(value, digits) -%}
    {{ return(adapter.dispatch('formatted_number', 'repline')(value, digits)) }}
{%- endmacro %}

{% macro duckdb__formatted_number(value, digits) -%}
    format('{:,.{{ digits }}f}', cast({{ value }} as double))
{%- endmacro %}

{% macro spark__formatted_number(value, digits) -%}
    format_number(cast({{ value }} as double), {{ digits }})
{%- endmacro %}
