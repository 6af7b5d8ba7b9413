{#
    How phrases are found in what was said: word by word, whatever stands between the words.

    Belongs here: what a word is, and how often words are in a text. Does not belong here: which phrases there are
    (int_tracker_phrases).
#}

{#
    A text in lower case, with two spaces instead of whatever is no letter or digit (of any script). So each word has
    spaces of its own, and hits that follow each other share none.
#}
{% macro spaced_words(text) -%}
    {{ replace_matches('lower(' ~ text ~ ')', '[^\\p{L}\\p{N}]+', '  ') }}
{%- endmacro %}


{# How often the words of a phrase, a constant, follow each other in spaced words that begin and end with a space. #}
{% macro hit_count(spaced, words) -%}
    {%- set phrase = ' ' ~ words ~ ' ' -%}
    case
        when contains({{ spaced }}, {{ text_literal(phrase) }})
            then {{ integer_divide(
                'length(' ~ spaced ~ ') - length(replace(' ~ spaced ~ ', ' ~ text_literal(phrase) ~ ", ''))",
                phrase | length
            ) }}
        else 0
    end
{%- endmacro %}


{#
    The phrases by tracker, read while the model is built: as constants they are found in an eighth of the time that a
    join of ten million turns with a table of phrases takes. What is only compiled gets an example.
#}
{% macro tracked_phrases() -%}
    {%- set phrases = ref('int_tracker_phrases') -%}
    {%- if not execute or flags.WHICH not in ['run', 'build'] -%}
        {{ return({'example': ['an  example']}) }}
    {%- endif -%}
    {%- set by_tracker = {} -%}
    {%- for tracker, words in run_query('select tracker, words from ' ~ phrases ~ ' order by tracker, words').rows -%}
        {%- do by_tracker.setdefault(tracker, []).append(words) -%}
    {%- endfor -%}
    {{ return(by_tracker) }}
{%- endmacro %}


{# A word of each phrase, the longest, without which it is not there. #}
{% macro needed_words(phrases_by_tracker) -%}
    {%- set needed = [] -%}
    {%- for phrases in phrases_by_tracker.values() -%}
        {%- for phrase in phrases -%}
            {%- set longest = namespace(word='') -%}
            {%- for each in phrase.split('  ') if each | length > longest.word | length -%}
                {%- set longest.word = each -%}
            {%- endfor -%}
            {%- if longest.word not in needed -%}
                {%- do needed.append(longest.word) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(needed) }}
{%- endmacro %}


{# How many questions a text asks: marks in a row are one. #}
{% macro question_count(text) -%}
    case
        when contains({{ text }}, '?')
            then length({{ replace_matches(text, '\\?+', '?') }}) - length({{ replace_matches(text, '\\?+', '') }})
        when {{ text }} is not null then 0
    end
{%- endmacro %}
