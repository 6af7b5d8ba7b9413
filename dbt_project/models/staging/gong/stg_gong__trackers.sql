-- Phrases of keyword trackers, one row per tracker's name and phrase. Trackers of one name in several workspaces are
-- one. Smart trackers have no phrases.
with keyword_trackers as (
    select * from {{ source('gong', 'gong__keyword_trackers') }}
)

select
    tracker_name as tracker,
    phrase,
    {{ unreadable({}) }} as unreadable,
    bool_and(_is_gone) as is_deleted,
    max(_loaded_at) as updated_at
from keyword_trackers
group by tracker_name, phrase
