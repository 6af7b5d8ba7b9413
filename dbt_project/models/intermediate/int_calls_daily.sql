-- Calls by rep and local day. The only pass over the calls in a build: everything else that counts calls
-- starts from here.
with calls as (
    select * from {{ ref('int_calls') }}
)

select
    user_id,
    call_on,
    {% for measure in rep_day_measures() if measure.event == 'call' %}
    {{ measure_aggregate(measure) }} as {{ measure.name }},
    {% endfor %}
    count(*) filter (where is_suspect) as suspect_calls
from calls
group by user_id, call_on
