{#
    What an outcome of a call means that people wrote in their own words, in English or Spanish, for every source: the
    first list with a pattern that fits, whatever its case; `other` where none does, null where nothing was written.

    Connected means that a human answered. Own words are put into the list that they belong to. The order matters:
    `disconnected` and `no answer` stand before the `connected` and `answered` that they contain.

    In a pattern, `_` is any one character: a letter with or without its accent, a space or a hyphen.
#}
{% macro disposition_of_label(label) -%}
    {%- set patterns = [
        ('connected', ['%live message%']),
        ('voicemail', [
            '%voice%mail%', '%left%message%', '%left%vm%', 'lvm', 'vm', '%answering machine%', '%answerphone%', 'machine',
            '%buz_n%', '%contestador%', '%mensaje de voz%', '%correo de voz%', '%dej_ mensaje%'
        ]),
        ('no_answer', [
            '%no_answer%', '%not answer%', '%didn_t answer%', '%unanswered%', '%no_pick%up%', '%not connect%',
            '%no connect%', '%unable to connect%', '%not reach%', '%unreachable%', '%missed%', '%no contact%',
            '%not contact%', '%ring%out%', '%no contest%', '%sin respuesta%', '%no respond%', '%no atend%',
            '%no atiend%', '%llamada perdida%', '%no contactad%', '%no localizad%'
        ]),
        ('busy', ['%busy%', 'engaged', '%line engaged%', '%ocupad%', '%comunicando%']),
        ('failed', [
            '%fail%', '%wrong number%', '%bad number%', '%invalid%', '%disconnected%', '%not in service%',
            '%unsuccessful%', '%cancel%', '%dropped%', '%equivocad%', '%n_mero err_neo%', '%n_mero incorrecto%',
            '%no existe%', '%fuera de servicio%', '%fallid%', '%desconectad%'
        ]),
        ('connected', [
            '%connect%', '%answered%', '%spoke%', '%talked%', '%conversation%', '%completed%', '%reached%',
            '%contacted%', '%success%', '%interested%', '%call%back%', '%meeting%', '%appointment%', '%demo%',
            '%conectad%', '%contactad%', '%contest_%', '%respondi_%', '%habl_ con%', '%hablado%', '%conversaci_n%',
            '%interesad%', '%reuni_n%', '%volver a llamar%'
        ]),
    ] -%}
    case
        when nullif(trim({{ label }}), '') is null then null
        {%- for disposition, texts in patterns %}
        when {% for text in texts %}{{ label }} ilike '{{ text }}'{{ ' or ' if not loop.last }}{% endfor %}
            then '{{ disposition }}'
        {%- endfor %}
        else 'other'
    end
{%- endmacro %}
