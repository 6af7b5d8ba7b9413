-- Ends of calls that are a rep's, and who that is. One row per end: a client identity, SIP address or number.
--
-- Twilio knows no users. The list of agents says who they are; who was taken off it keeps their past calls.
-- Without a list, each client identity is a rep: Flex makes identities of e-mail addresses, with characters
-- other than letters and digits as an underscore and two hexadecimal digits.
with agents as (
    select
        lower(endpoint) as endpoint,
        lower(email) as email,
        full_name,
        team,
        _is_gone as is_deleted
    from {{ source('twilio', 'twilio__agents') }}
),

legs as (
    select * from {{ source('twilio', 'twilio__calls') }}
),

has_list as (
    select count(*) > 0 as is_true from agents
    where not is_deleted
),

ends as (
    select lower({{ adapter.quote('from') }}) as endpoint from legs
    union
    select lower({{ adapter.quote('to') }}) as endpoint from legs
),

identities as (
    select
        ends.endpoint,
        substr(ends.endpoint, 8) as client_identity
    from ends
    cross join has_list
    where
        ends.endpoint like 'client:%'
        and not has_list.is_true
),

read_identities as (
    select
        endpoint,
        client_identity,
        case
            when contains(client_identity, '@') then client_identity
            else {{ url_decoded(replace_matches('client_identity', '_([0-9a-f]{2})', '%\\1')) }}
        end as address
    from identities
),

named_identities as (
    select
        endpoint,
        case when {{ text_matches('address', '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+\\z') }} then address end as email,
        case when email is null then client_identity end as full_name,
        cast(null as string) as team,
        false as is_deleted
    from read_identities
),

endpoints as (
    select * from agents
    union all
    select named_identities.* from named_identities
    where
        not exists (
            select 1 from agents
            where agents.endpoint = named_identities.endpoint
        )
)

select
    endpoint,
    coalesce(email, endpoint) as user_id,
    email,
    full_name,
    team,
    is_deleted
from endpoints
