-- On what coaching would help each member of a team most.
-- figures: kpi_coaching_focus by user_id, quarter_start
-- page: team by team
select
    rep.team,
    coalesce(rep.full_name, focus.user_id) as full_name,
    focus.user_id,
    focus.quarter_start,
    focus.focus_kind,
    focus.focus,
    focus.gap,
    focus.cost_amount,
    focus.evidence
from marts.kpi_coaching_focus as focus
inner join marts.dim_rep as rep using (user_id)
where focus.quarter_start = $quarter and focus.focus_kind <> 'none'
order by focus.cost_amount desc nulls last, focus.user_id
