-- What the version holds.
-- figures: publication by table_name
-- page: data
select version, published_at, as_of, table_name, row_count from marts.publication
order by table_name
