-- What each KPI means.
-- figures: kpi_catalogue by kpi
-- page: definitions
select kpi, family, meaning, formula, unit, kind, better, why, grains, table_name, column_name,
    row_table, row_filter, row_value, row_rep, row_day, parts
from marts.kpi_catalogue
