{#
    The catalogue of KPIs: what each means, how it is calculated, of which rows it is made, and which way is better. The
    table kpi_catalogue, the leaderboard, goals, the semantic layer, docs/kpi_catalogue.md and who explains a figure
    (pipelines.asking) read it.

    Belongs here: words, units and directions. Does not belong here: what is counted or divided (macros/measures.sql),
    which the catalogue takes from there.
#}

{#
    All KPIs, as a list of records: kpi, family, meaning, formula, unit, kind, better, why, grains (a list), table_name,
    column_name, and goal_of (the owner types whose goals may name it; empty where none). Ratios of measures have `sql`.
    What can be explained has the columns of figure_rows, or `parts` that have.
#}
{% macro kpis() -%}
    {%- set measures = {} -%}
    {%- for measure in rep_day_measures() + period_measures() -%}
        {%- do measures.update({measure.name: measure}) -%}
    {%- endfor -%}
    {%- set words = scorecard_words() -%}
    {%- set found = [] -%}
    {%- for name in scorecard_columns() -%}
        {%- if name not in words -%}
            {%- do exceptions.raise_compiler_error('macros/catalogue.sql has no words for the column ' ~ name
                ~ ' of the scorecards; add them to scorecard_words') -%}
        {%- endif -%}
        {%- set kpi = {
            'kpi': name, 'better': 'higher', 'grains': ['rep', 'team', 'manager', 'company'], 'goal_of': [],
            'table_name': 'kpi_rep_scorecard', 'column_name': name,
        } -%}
        {%- if name in ratio_terms() -%}
            {%- set terms = ratio_terms()[name] -%}
            {%- set numerator, denominator = measures.get(terms[0], {}), measures.get(terms[1], {}) -%}
            {%- do kpi.update({'kind': 'ratio', 'formula': ratio_text(*terms), 'sql': ratio(*terms)}) -%}
            {%- if numerator.of and denominator.event == numerator.event and denominator.where == numerator.where -%}
                {%- do kpi.update(figure_rows(rows_of(numerator), 'mean')) -%}
            {%- else -%}
                {%- do kpi.update({'parts': modules.re.findall('[a-z_]+', terms | join(' ')) | unique | list}) -%}
            {%- endif -%}
        {%- else -%}
            {%- set measure = measures[name] -%}
            {%- do kpi.update({'kind': measure.get('kind', 'flow'), 'unit': unit_of_type(measure.type)}) -%}
            {%- if measure.event -%}
                {%- do kpi.update({'formula': measure_text(measure)}) -%}
            {%- endif -%}
            {%- if rows_of(measure) -%}
                {%- do kpi.update(figure_rows(rows_of(measure), 'sum')) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do kpi.update(words[name]) -%}
        {%- do found.append(kpi) -%}
    {%- endfor -%}
    {%- for name, kpi in other_kpis().items() -%}
        {%- do found.append(dict({'kpi': name, 'better': 'higher', 'goal_of': [], 'column_name': name}, **kpi)) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{# The KPIs by name. #}
{% macro kpis_by_name() -%}
    {%- set by_name = {} -%}
    {%- for kpi in kpis() -%}
        {%- do by_name.update({kpi.kpi: kpi}) -%}
    {%- endfor -%}
    {{ return(by_name) }}
{%- endmacro %}


{# The unit of a measure, from its type. #}
{% macro unit_of_type(type) -%}
    {{ return({'integer': 'count', 'decimal(18, 2)': 'money', 'decimal(18, 3)': 'seconds'}[type]) }}
{%- endmacro %}


{# A ratio as people write it. #}
{% macro ratio_text(numerator, denominator) -%}
    {{ return(numerator ~ ' / ' ~ ('(' ~ denominator ~ ')' if ' ' in denominator else denominator)) }}
{%- endmacro %}


{# What a measure of a rep's day is, in SQL over the fact that has its events. #}
{% macro measure_text(measure) -%}
    {%- set event = rep_day_events()[measure.event] -%}
    {{ return(measure_aggregate(measure) ~ ' of ' ~ event.get('fact', event.relation) ~ ' by ' ~ event.day) }}
{%- endmacro %}


{# The published rows that a measure adds up, as period_measures() has them; none where they are not published. #}
{% macro rows_of(measure) -%}
    {%- if not measure.event -%}
        {{ return(measure.rows) }}
    {%- endif -%}
    {%- set event = rep_day_events()[measure.event] -%}
    {%- set where = [event.where, measure.where] | select | join(' and ') -%}
    {{ return(dict(event, relation=event.get('fact', event.relation), where=where, of=measure.of or '')) }}
{%- endmacro %}


{# These rows as columns of the catalogue. `total` is what makes the figure of their values: sum or mean. #}
{% macro figure_rows(rows, total) -%}
    {{ return({
        'row_table': rows.relation, 'row_filter': rows.where or '', 'row_value': rows.of or '1', 'row_rep': rows.rep,
        'row_day': rows.day or '', 'row_total': total,
    }) }}
{%- endmacro %}


{# What measures.sql does not say of the scorecards' columns, by column. #}
{% macro scorecard_words() -%}
    {%- set all = ['rep', 'team', 'company'] -%}
    {{ return({
        'won_count': {
            'family': 'results', 'goal_of': all,
            'meaning': 'Opportunities won, on the day they closed, for who owned them then.',
            'why': 'Wins are what selling is for; their number says how broad the result is.',
        },
        'won_amount': {
            'family': 'results', 'goal_of': all,
            'meaning': 'Amount of the opportunities won, in the base currency of the day they closed.',
            'why': 'The bookings that quotas, forecasts and pay are about.',
        },
        'lost_count': {
            'family': 'results', 'goal_of': all, 'better': 'lower',
            'meaning': 'Opportunities lost, on the day they closed, for who owned them then.',
            'why': 'Losses show where effort went without a result.',
        },
        'lost_amount': {
            'family': 'results', 'goal_of': all, 'better': 'lower',
            'meaning': 'Amount of the opportunities lost, in the base currency of the day they closed.',
            'why': 'The bookings that were within reach and went elsewhere.',
        },
        'win_rate': {
            'family': 'efficiency', 'unit': 'fraction', 'goal_of': all,
            'meaning': 'Share of the closed opportunities that were won.',
            'why': 'Says how well deals are chosen and closed, whatever their number.',
        },
        'win_rate_amount': {
            'family': 'efficiency', 'unit': 'fraction', 'goal_of': all,
            'meaning': 'Share of the closed amount that was won.',
            'why': 'Below the win rate it says that the large deals are the ones that get lost.',
        },
        'avg_won_amount': {
            'family': 'efficiency', 'unit': 'money', 'goal_of': all,
            'meaning': 'Mean amount of an opportunity won.',
            'why': 'Falls where discounts grow or small deals crowd out large ones.',
        },
        'avg_cycle_days': {
            'family': 'efficiency', 'unit': 'days', 'goal_of': all, 'better': 'lower',
            'meaning': 'Mean days from the creation of an opportunity to its win.',
            'why': 'A shorter cycle frees selling time and makes forecasts safer.',
        },
        'created_count': {
            'family': 'pipeline', 'goal_of': all,
            'meaning': 'Opportunities whose first state began, for their owner then.',
            'why': 'New pipeline is what later quarters live on.',
        },
        'created_amount': {
            'family': 'pipeline', 'goal_of': all,
            'meaning': 'First amount of the opportunities created, in the base currency of that day.',
            'why': 'Says whether enough pipeline is made to reach the quotas ahead.',
        },
        'open_at_start_count': {
            'family': 'pipeline',
            'meaning': 'Opportunities open when the period began, for their owner then.',
            'formula': 'count of the opportunities open at the start of the first day of the period',
            'why': 'The stock that a period starts with.',
        },
        'open_count': {
            'family': 'pipeline',
            'meaning': 'Opportunities open when the period ended, for their owner then.',
            'formula': 'count of the opportunities open at the end of the last day of the period, or at the as-of moment',
            'why': 'The load that each rep carries on.',
        },
        'open_amount': {
            'family': 'pipeline',
            'meaning': 'Amount of the opportunities open when the period ended, in the base currency of that day.',
            'formula': 'sum of the amounts open at the end of the last day of the period, or at the as-of moment',
            'why': 'The pipeline that the next periods can draw on.',
        },
        'due_open_amount': {
            'family': 'pipeline',
            'meaning': 'Amount open when the period began that was meant to close in it.',
            'formula': 'sum of the amounts open at the start of the first day of the period with a close_date in it',
            'why': 'What the period could count on from its first day.',
        },
        'quota_amount': {
            'family': 'results',
            'meaning': 'Bookings quota of the months of the period.',
            'formula': "sum(quota_amount) filter (where metric = 'bookings') of fct_quota_month by month",
            'why': 'The result that was agreed on.',
        },
        'attainment': {
            'family': 'results', 'unit': 'fraction', 'goal_of': all,
            'meaning': 'Part of the quota that was won.',
            'why': 'The one figure by which reps with different quotas compare.',
        },
        'coverage_at_start': {
            'family': 'pipeline', 'unit': 'fraction',
            'meaning': 'Pipeline due in the period when it began, as a multiple of the quota.',
            'why': 'Below what the win rate asks for, a quota is missed before the period begins.',
        },
        'outbound_calls': {
            'family': 'activity', 'goal_of': all,
            'meaning': 'Outbound calls started.',
            'why': 'The effort that reps decide on themselves.',
        },
        'connected_calls': {
            'family': 'activity', 'goal_of': all,
            'meaning': 'Outbound calls that a person answered.',
            'why': 'Only who is reached can be sold to.',
        },
        'connect_rate': {
            'family': 'efficiency', 'unit': 'fraction', 'goal_of': all,
            'meaning': 'Share of the outbound calls that a person answered.',
            'why': 'Says how good lists, numbers and times of calling are.',
        },
        'talk_seconds': {
            'family': 'activity', 'goal_of': all,
            'meaning': 'Length of the connected calls of both directions, suspiciously long ones left out.',
            'why': 'Time with customers is the time in which something is sold.',
        },
        'sales_velocity': {
            'family': 'efficiency', 'unit': 'money_per_day',
            'meaning': 'Bookings per day that the pipeline at hand brings at its present rates.',
            'why': 'Joins stock, win rate, deal size and cycle in one figure that shows which of them holds back.',
        },
    }) }}
{%- endmacro %}


{# KPIs beside those of the rep scorecard, by name. #}
{% macro other_kpis() -%}
    {%- set group = {'family': 'results', 'unit': 'count', 'kind': 'level', 'table_name': 'kpi_team_scorecard',
        'grains': ['team', 'manager', 'company']} -%}
    {%- set company = {'family': 'customer', 'table_name': 'kpi_company_month', 'grains': ['company']} -%}
    {%- set all = ['rep', 'team', 'company'] -%}
    {{ return({
        'rep_count': dict(group,
            meaning='Reps employed in the period.',
            formula='distinct users employed on a day of the period, in the team on such a day',
            why='The heads that all other figures are to be seen against.'
        ),
        'quota_rep_count': dict(group,
            meaning='Reps with a quota in the period.',
            formula='count of the reps with quota_amount > 0, by the team at the end of the period',
            why='The heads that the quota rests on.'
        ),
        'reached_quota_count': dict(group,
            meaning='Reps who reached their quota.',
            formula='count of the reps with quota_amount > 0 and attainment >= 1, by the team at the end of the period',
            why='A team carried by few is at risk, whatever its sum.'
        ),
        'stage_conversion_rate': {
            'family': 'pipeline', 'unit': 'fraction', 'kind': 'ratio', 'grains': ['company'],
            'table_name': 'kpi_stage_funnel', 'column_name': 'conversion_rate',
            'meaning': 'Share of the opportunities that reached a stage and went on from it.',
            'formula': ratio_text('advanced_count', 'reached_count'), 'sql': ratio('advanced_count', 'reached_count'),
            'why': 'Shows the stage at which deals get stuck.',
        },
        'talk_ratio': dict(figure_rows({
            'relation': 'fct_call_conversation', 'rep': 'user_id', 'day': 'call_on', 'of': 'talk_ratio',
            'where': 'is_conversation and talk_ratio is not null',
        }, 'mean'), **{
            'family': 'conversation', 'unit': 'fraction', 'kind': 'ratio', 'better': 'lower',
            'table_name': 'kpi_conversation', 'grains': ['rep'],
            'meaning': 'Part of the speaking time of a call that is the rep, as a mean of the calls.',
            'formula': 'mean over calls of rep_seconds / (rep_seconds + customer_seconds)',
            'why': 'Who listens learns what the customer needs.',
        }),
        'lead_conversion_rate': dict(company, unit='fraction', kind='ratio', goal_of=all, grains=all,
            meaning='Share of the leads created that were converted by the as-of moment.',
            formula='leads converted / leads created, by the day of the lead',
            why='Says how good leads are, and how well they are followed up.'
        ),
        'csat_rate': dict(company, unit='fraction', kind='ratio', goal_of=all, grains=all,
            meaning='Share of the answers on satisfaction that are a 4 or a 5 of 5.',
            formula='csat answers of 4 or 5 / csat answers, by the day of the answer',
            why='Content customers stay, buy again and recommend.'
        ),
        'nps': dict(company, unit='fraction', kind='ratio',
            meaning='Promoters less detractors as a share of the answers, from -1 to 1.',
            formula='(nps answers of 9 or 10 - nps answers of 0 to 6) / nps answers, by the day of the answer',
            why='Foretells whether customers speak well of the company.'
        ),
        'revenue_amount': dict(company, unit='money', kind='flow', goal_of=['company'],
            meaning='Invoiced amounts, spread over their service days.',
            formula='amount x service days in the month / all service days of each invoice',
            why='What sales are worth once they are delivered.'
        ),
        'active_customer_count': dict(company, unit='count', kind='level',
            meaning='Customers active at the end of the month.',
            formula='count of the accounts with an invoiced service in the month, or invoiced within churn_days',
            why='The base that renewals and cross-selling build on.'
        ),
        'new_customer_count': dict(company, unit='count', kind='flow', goal_of=['company'],
            meaning='Customers whose first invoice is of the month.',
            formula='count of the accounts by the day of their first invoice',
            why='Growth that does not rest on existing customers.'
        ),
        'cac': dict(company, unit='money', kind='ratio', better='lower', goal_of=['company'],
            meaning='Sales and marketing spend per new customer, over three months.',
            formula='spend of this and the two months before / new customers of them',
            why='Growth pays only where a customer costs less than it brings.'
        ),
        'logo_retention_12m': dict(company, unit='fraction', kind='ratio',
            meaning='Share of the customers active twelve months ago that still are.',
            formula='customers active then and now / customers active then',
            why='Lost customers have to be won again before there is growth.'
        ),
        'nrr_12m': dict(company, unit='fraction', kind='ratio',
            meaning='Revenue of the customers of twelve months ago, as a share of theirs then.',
            formula='revenue now / revenue then, of the accounts with revenue then',
            why='Above 1 the company grows without a new customer.'
        ),
        'grr_12m': dict(company, unit='fraction', kind='ratio',
            meaning='Part of the revenue of twelve months ago that its customers still bring, without growth.',
            formula='sum of min(revenue now, revenue then) / revenue then, of the accounts with revenue then',
            why='Shows the losses that expansion hides.'
        ),
        'cross_sell_rate': dict(company, unit='fraction', kind='ratio',
            meaning='Share of the active customers with a second product or an expansion.',
            formula='active customers that have cross-sold / active customers',
            why='A customer with two products stays longer and costs less to sell to.'
        ),
    }) }}
{%- endmacro %}
