-- What campaigns cost, one row per item. An item has no day but the one on which it was entered: it counts for that
-- month, within the campaign's days where these are known.
with campaign_costs as (
    select * from {{ ref('base_hubspot__campaign_costs') }}
),

listed as (
    select
        campaign_id,
        currency_code,
        is_archived,
        try_cast(hs_start_date as date) as start_day,
        try_cast(hs_end_date as date) as end_day,
        {{ explode_list(json_list(
            'spend_items', {'id': 'string', 'amount': 'string', 'createdAt': 'string', 'updatedAt': 'string'}
        )) }} as item
    from campaign_costs
),

items as (
    select
        *,
        item['id'] as item_id,
        item['amount'] as raw_amount,
        item['createdAt'] as entered,
        item['updatedAt'] as modified,
        {{ hubspot_moment("item['createdAt']") }} as entered_at
    from listed
)

select
    {{ source_id('hubspot', "campaign_id || '-' || item_id") }} as spend_id,
    'marketing' as category,
    cast(null as string) as channel,
    upper(nullif(currency_code, '')) as currency,
    {{ unreadable({
        'month': ['entered', 'entered_at'],
        'amount': ['raw_amount', 'try_cast(raw_amount as decimal(18, 4))'],
        'updated_at': ['modified', hubspot_moment('modified')],
    }) }} as unreadable,
    try_cast(raw_amount as decimal(18, 4)) as amount,
    is_archived as is_deleted,
    -- Both pass over a day that is not known.
    greatest(least(cast(entered_at as date), end_day), start_day) as month,
    {{ hubspot_moment('modified') }} as updated_at
from items
