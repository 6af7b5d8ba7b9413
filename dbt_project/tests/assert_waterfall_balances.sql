-- What: opening plus and minus the flows of a month is closing, in each row of the waterfall.
-- Why: the flows, the opening and the closing are summed apart from each other.
-- A failure means that a flow is missing or counted for another owner or pipeline than its opportunity.
select *
from {{ ref('kpi_pipeline_waterfall') }}
where
    opening + created + reopened + increased - decreased + transferred_in - transferred_out - won - lost
    <> closing
