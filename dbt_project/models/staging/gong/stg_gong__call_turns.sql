-- What was said in calls with a customer, web conferences included: one row per turn, which is what one speaker
-- says until another one speaks. Calls without a transcript have none.
{% set monologue = {'speakerId': 'string', 'sentences': [{'start': 'string', 'end': 'string'}]} %}
with calls as (
    select * from {{ ref('base_gong__calls') }}
    where not is_internal
),

transcripts as (
    select * from {{ source('gong', 'gong__call_transcripts') }}
),

parties as (
    select
        id,
        {{ explode_list(json_list(
            'parties', {'userId': 'string', 'speakerId': 'string', 'affiliation': 'string'}
        )) }} as party
    from calls
),

-- A participant of whom Gong does not know the company is a customer, unless it is a user.
speakers as (
    select
        id,
        party['speakerId'] as speaker_id,
        case
            when bool_or(party['affiliation'] = 'Internal' or party['userId'] is not null) then 'rep'
            else 'customer'
        end as speaker
    from parties
    where party['speakerId'] is not null
    group by id, party['speakerId']
),

-- The texts are null where they were dropped.
monologues as (
    select
        call_id as id,
        {{ explode_in_step('monologue_number', {
            'monologue': json_list('speech', monologue),
            'texts': json_list('sentences', ['string']),
        }) }}
    from transcripts
),

sentences as (
    select
        id,
        monologue_number,
        monologue['speakerId'] as speaker_id,
        {{ explode_in_step('sentence_number', {'sentence': "monologue['sentences']", 'text': 'texts'}) }}
    from monologues
),

changes as (
    select
        *,
        coalesce(speaker_id is distinct from lag(speaker_id) over speech, true) as is_new_turn
    from sentences
    window speech as (partition by id order by monologue_number, sentence_number)
),

numbered as (
    select
        *,
        sum(cast(is_new_turn as integer)) over (
            partition by id order by monologue_number, sentence_number
        ) as turn
    from changes
),

turns as (
    select
        id,
        cast(turn as bigint) as turn,
        min(speaker_id) as speaker_id,
        min(try_cast(sentence['start'] as bigint)) as started_milliseconds,
        max(try_cast(sentence['end'] as bigint)) as ended_milliseconds,
        {{ joined_texts('text', ' ', 'monologue_number, sentence_number') }} as text
    from numbered
    group by id, turn
)

select
    calls.call_id,
    turns.turn,
    {{ source_id('gong', 'turns.speaker_id') }} as speaker_id,
    speakers.speaker,
    turns.text,
    cast(turns.started_milliseconds * 0.001 as decimal(15, 3)) as started_seconds,
    cast(turns.ended_milliseconds * 0.001 as decimal(15, 3)) as ended_seconds,
    false as is_deleted,
    cast(null as timestamp) as updated_at,
    {{ unreadable({'speaker': ['turns.speaker_id', 'speakers.speaker']}) }} as unreadable
from turns
inner join calls
    on turns.id = calls.id
left join speakers
    on
        turns.id = speakers.id
        and turns.speaker_id = speakers.speaker_id
