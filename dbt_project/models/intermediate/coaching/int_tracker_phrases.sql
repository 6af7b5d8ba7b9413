-- What trackers listen for, as the words of a phrase: phrases of equal words are one.
with trackers as (
    select * from {{ ref('int_trackers_unioned') }}
    where not is_deleted
),

phrases as (
    select distinct
        tracker,
        trim({{ spaced_words('phrase') }}) as words
    from trackers
)

select
    tracker,
    words
from phrases
where words <> ''
