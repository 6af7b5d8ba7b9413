-- Customer companies that exist at the as-of moment.
{{ config(contract={'enforced': not pass_through_names('accounts')}) }}

with accounts as (
    select * from {{ ref('stg_landing__accounts') }}
)

select
    accounts.account_id,
    coalesce(accounts.owner_id, 'unassigned') as owner_id,
    accounts.name,
    accounts.industry,
    accounts.segment,
    accounts.country,
    accounts.created_at
    {{- pass_through('accounts', 'accounts') }}
from accounts
where
    not accounts.is_deleted
    and coalesce(accounts.created_at <= {{ as_of() }}, true)
