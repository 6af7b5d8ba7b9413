-- Territories of the active model, by the names that reports show, one row per territory. A plan for next year is a
-- model too, with the same names. Territories of one name in the model have their API names added.
with territories as (
    select * from {{ ref('base_salesforce__territories') }}
),

territory_models as (
    select * from {{ ref('base_salesforce__territory_models') }}
),

active as (
    select territories.*
    from territories
    left join territory_models
        on territories.territory2_model_id = territory_models.id
    -- Without the models there is no telling; users without further rights see the active one only.
    where coalesce(territory_models.state, 'Active') = 'Active'
)

select
    id,
    case
        when count(*) over (partition by name) = 1 then name
        else name || ' (' || coalesce(developer_name, id) || ')'
    end as territory,
    name,
    parent_territory2_id as parent_id,
    last_modified_date,
    is_deleted
from active
