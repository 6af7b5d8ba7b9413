-- What each KPI means.
-- figures: kpi_catalogue by kpi
-- page: definitions
select kpi, family, meaning, formula, unit, kind, better, why, grains, table_name, column_name
from marts.kpi_catalogue
