-- Users at the newest moment of which a build was made, for the snapshot users_seen. A build of an earlier moment sees
-- nothing: what the sources say today was not so then. No build sees the future.
{{ config(schema='snapshots') }}
{% set seen_at = 'least(' ~ as_of() ~ ', ' ~ started_at() ~ ')' %}
{% set former = load_cached_relation(this) if execute %}

with users as (
    select * from {{ ref('int_users_unioned') }}
),

seen_now as (
    select
        user_id,
        role,
        manager_id,
        team,
        territory,
        {{ seen_at }} as seen_at
    from users
),

seen_before as (
    {% if former %}
    select * from {{ this }}
    {% else %}
    select * from seen_now
    {% endif %}
),

last_look as (
    select coalesce(max(seen_at), {{ seen_at }}) as looked_at
    from seen_before
)

select seen_now.*
from seen_now
cross join last_look
where seen_now.seen_at >= last_look.looked_at
union all
select seen_before.*
from seen_before
cross join last_look
where {{ seen_at }} < last_look.looked_at
