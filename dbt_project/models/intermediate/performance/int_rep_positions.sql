-- Where each rep stood, and beneath whom: the versions of dim_rep_version, divided where anybody above changes. In a
-- position team, territory and all managers stay the same, so that what is summed by position is never divided again.
with versions as (
    select * from {{ ref('dim_rep_version') }}
),

rep_managers as (
    select * from {{ ref('int_rep_managers') }}
),

stretches as (
    {{ stretches_of_days('versions', 'rep_managers') }}
)

select
    stretches.user_id,
    versions.team,
    versions.territory,
    stretches.valid_from,
    stretches.valid_to
from stretches
inner join versions
    on
        stretches.user_id = versions.user_id
        and stretches.valid_from between versions.valid_from and versions.valid_to
