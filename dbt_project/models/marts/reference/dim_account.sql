-- Customer companies that exist at the as-of moment.
{{ config(contract={'enforced': not pass_through_names('accounts')}) }}

with accounts as (
    select * from {{ ref('int_accounts_unioned') }}
)

select
    accounts.account_id,
    coalesce(accounts.owner_id, 'unassigned') as owner_id,
    accounts.name,
    accounts.industry,
    accounts.segment,
    accounts.country,
    {% for name in pass_through_names('accounts') %}
    accounts.{{ adapter.quote(name) }},
    {% endfor %}
    accounts.created_at
from accounts
where
    not accounts.is_deleted
    and coalesce(accounts.created_at <= {{ as_of() }}, true)
