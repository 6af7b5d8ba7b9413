-- The quarantined rows of the newest content of each file, with their commonest reason.
-- counts: raw.quarantine by entity, file, file_hash
-- page: data
with current_files as (
    select source, entity, file, file_hash from warehouse.raw.landing_files
    qualify row_number() over (partition by source, entity, file order by loaded_at desc) = 1
)

select entity, file, file_hash, count(*) as row_count, mode(reason order by reason) as reason
from warehouse.raw.quarantine
inner join current_files using (source, entity, file, file_hash)
group by all
order by entity, file
