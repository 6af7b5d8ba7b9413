"""Opportunities and their history, as SQL: a plan for each deal, and its state at any moment of working time.

Does not belong here: calls, meetings and leads around the deals (`activity`).

A deal is planned whole, also beyond `until`; its state is a function of its plan and a moment. The history is
that function at the deal's events, the current record is it at the last event: so they cannot disagree.
"""

from __future__ import annotations

# A deal's product is drawn from these, by its number.
PRODUCTS = ("Essentials", "Professional", "Suite")

# The deals of one file. Stages are numbers in the lists of `pipeline_plan`; `entered` holds the moment each
# open stage was reached, a skipped one together with the next.
DEALS = f"""
CREATE OR REPLACE TEMP TABLE deal AS
WITH born AS (
    SELECT deal, IF(deal % 9 IN (3, 7), 'renewals', 'new_business') AS pipeline
    FROM range(getvariable('first_deal'), getvariable('last_deal')) AS numbers(deal)
),
dated AS (
    SELECT
        born.deal, plan.*, day_lot.day_number + draw(deal, 'created hour') AS drawn,
        account_on(drawn, deal, 'account') AS account,
        account_segment(account) AS segment
    FROM born
    JOIN pipeline_plan AS plan ON plan.pipeline = born.pipeline
    JOIN day_lot ON day_lot.lot = below(65536, deal, 'created day')
),
seated AS (
    SELECT
        dated.*, seat.seat_id, seat.manager_id, seat.territory, seat.utc_offset, seat.colleague,
        seat.owner_1, seat.change_1, seat.owner_2, seat.change_2, seat.owner_3,
        work_until(getvariable('until'), seat.utc_offset) AS present,
        at_work(least(drawn, present)) AS created,
        CASE
            WHEN created >= seat.change_2 THEN seat.owner_3
            WHEN created >= seat.change_1 THEN seat.owner_2
            ELSE seat.owner_1
        END AS creator
    FROM dated
    JOIN seat_lot ON seat_lot.role = dated.role AND seat_lot.lot = below(65536, account, 'owner')
    JOIN seat ON seat.seat_id = seat_lot.seat_id
),
walked AS (
    SELECT
        seated.* EXCLUDE (drawn, advance, stay),
        len(funnel.advance) AS open_stages,
        funnel.advance AS chances,
        list_product(funnel.advance) AS own_chance,
        list_product(seated.advance) AS usual_chance,
        list_position(list_transform(
            funnel.advance, lambda chance, stage: draw(deal * 8 + stage, 'advance') < chance
        ), false) AS lost_in,
        coalesce(lost_in, open_stages) AS reached,
        list_transform(seated.stay, lambda days, stage:
            days * funnel.pace * [0.7, 1.0, 1.5][segment] * exp(0.7 * normal(deal * 8 + stage, 'stay'))
        ) AS days
    FROM seated
    JOIN funnel ON funnel.user_id = seated.creator AND funnel.pipeline = seated.pipeline
),
timed AS (
    SELECT
        walked.*,
        list_transform(range(1, reached + 1), lambda stage: at_work(created + coalesce(list_sum(days[1:IF(
            stage > 1 AND stage < reached AND draw(deal * 8 + stage, 'skip') < 0.08, stage, stage - 1
        )]), 0))) AS entered,
        created + list_sum(days[1:reached]) AS ready,
        created + list_sum(days) AS due,
        working_day(last_day(date_trunc('quarter', day_of(ready)) + INTERVAL 2 MONTH)) AS quarter_end,
        -- Half of what could be won in the last weeks of a quarter is won in its last days.
        at_work(IF(
            lost_in IS NULL AND quarter_end - ready BETWEEN 0 AND 22 AND draw(deal, 'quarter end') < 0.5,
            greatest(ready, quarter_end - below(4, deal, 'last days') + draw(deal, 'last hour')),
            ready
        )) AS decided
    FROM walked
),
revived AS (
    SELECT
        timed.*,
        IF(draw(deal, 'reopen') < IF(lost_in IS NULL, 0.008, 0.07),
           at_work(decided + 8 + 30 * draw(deal, 'reopen after')), NULL) AS reopened,
        at_work(reopened + 8 + 30 * draw(deal, 'close again after')) AS decided_again,
        open_stages + IF(lost_in IS NULL, 1, 2) AS outcome,
        open_stages + IF(draw(deal, 'close again') < 0.55, 1, 2) AS second_outcome,
        IF(reopened IS NULL, outcome, second_outcome) AS final_outcome,
        coalesce(decided_again, decided) AS ended
    FROM timed
),
steered AS (
    SELECT
        revived.* EXCLUDE (change_1, owner_2),
        -- A stage back and forth, in the middle of the stay in the last stage reached.
        IF(reached >= 2 AND draw(deal, 'regress') < 0.09,
           at_work(entered[reached] + 0.3 * (decided - entered[reached])), NULL) AS regressed,
        at_work(regressed + 0.3 * (decided - entered[reached])) AS regained,
        -- The first close date is a hope; it is pushed near or after its day by one to three months.
        day_of(created + [17, 28, 42][segment] * (0.7 + 0.9 * draw(deal, 'hope'))) AS hope,
        IF(draw(deal, 'month end') < 0.6, last_day(hope), hope) AS first_plan,
        pick([1, 1, 1, 2, 3], deal, 'push months') AS push_months,
        [first_plan] || list_transform(range(1, 5), lambda push:
            last_day(first_plan + to_months((push * push_months)::INTEGER))
        ) AS plans,
        list_filter(
            list_transform(plans[1:4], lambda plan: at_work(
                working_day(plan) - 6 + 8 * draw(deal + working_day(plan), 'push day')
            )),
            lambda push: push > created AND push < decided
        ) AS pushes,
        IF(reached >= pricing_stage AND draw(deal, 'priced') < 0.6, entered[pricing_stage],
           IF(draw(deal, 'revised') < 0.45,
              at_work(created + (decided - created) * draw(deal, 'revised at')), NULL)) AS revised,
        -- A few deals go to a colleague while their owner stays.
        change_1 IS NULL AND colleague <> owner_1 AND draw(deal, 'hand over') < 0.06 AS is_handed_over,
        IF(
            is_handed_over, at_work(created + (decided - created) * draw(deal, 'hand over at')), change_1
        ) AS change_1,
        IF(is_handed_over, colleague, owner_2) AS owner_2
    FROM revived
),
priced AS (
    SELECT
        steered.*,
        greatest(3, round([12, 42, 100][segment] * exp(0.4 * normal(deal, 'licences')))) AS licences,
        pick({list(PRODUCTS)}, deal, 'product') AS product,
        CASE product WHEN 'Essentials' THEN 39.90 WHEN 'Professional' THEN 64.50 ELSE 89.75 END AS price,
        (licences * price * 12)::DECIMAL(12, 2) AS first_amount,
        (first_amount * (0.75 + 0.55 * draw(deal, 'revision')))::DECIMAL(12, 2) AS revised_amount,
        IF(draw(deal, 'discounted') < 0.4, 0.85 + 0.15 * draw(deal, 'discount'), 1) AS discount,
        (discount * IF(revised IS NULL, first_amount, revised_amount))::DECIMAL(12, 2) AS won_amount,
        CASE
            WHEN draw(deal, 'currency') < 0.02 THEN NULL
            WHEN territory = 'DACH' AND draw(deal, 'currency') < 0.85 THEN 'EUR'
            WHEN territory = 'UK & Ireland' AND draw(deal, 'currency') < 0.85 THEN 'GBP'
            ELSE 'USD'
        END AS currency
    FROM steered
),
-- An owner who leaves takes the open deals out of their hands, and one in ten of the closed ones.
eventful AS (
    SELECT
        priced.*,
        list_sort(list_distinct(list_filter(
            entered || pushes || [regressed, regained, revised, decided, reopened, decided_again]
            || IF(draw(deal, 'follows the seat') < 0.1, [change_1, change_2],
                  list_filter([change_1, change_2], lambda change: change < ended)),
            lambda event: event BETWEEN created AND present
        ))) AS events
    FROM priced
)
SELECT
    *,
    IF(pipeline = 'new_business' AND draw(deal, 'from lead') < 0.6, 1, 0) AS converted_leads,
    converted_leads + below(4, deal, 'other leads') AS leads,
    (sum(leads) OVER (ORDER BY deal))::BIGINT - leads AS leads_before,
    2 + below(6, deal, 'calls') + IF(draw(deal, 'busy') < 0.1, below(8, deal, 'more'), 0) AS planned_calls,
    getvariable('first_call') + (sum(planned_calls) OVER (ORDER BY deal))::BIGINT - planned_calls
        AS calls_before,
    least(planned_calls, greatest(0, getvariable('last_call') - calls_before)) AS calls
FROM eventful
ORDER BY deal;
"""

OWNER = """CASE
        WHEN work >= change_2 THEN owner_3
        WHEN work >= change_1 THEN owner_2
        ELSE owner_1
    END"""

# The state of a deal at the working time `work`, which must be one of its events.
_STATE = f"""
    CASE
        WHEN work >= decided_again THEN final_outcome
        WHEN work >= reopened THEN greatest(1, reached - 1)
        WHEN work >= decided THEN outcome
        WHEN work >= regressed AND work < regained THEN reached - 1
        ELSE len(list_filter(entered, lambda reached_at: reached_at <= work))
    END AS stage_number,
    CASE
        WHEN stage_number = open_stages + 1 THEN won_amount
        WHEN work >= revised THEN revised_amount
        ELSE first_amount
    END AS amount,
    CASE
        WHEN work >= decided_again THEN day_of(decided_again)
        WHEN work >= reopened THEN day_of(reopened + 25)
        WHEN work >= decided THEN day_of(decided)
        ELSE plans[1 + len(list_filter(pushes, lambda push: push <= work))]
    END AS close_date,
    {OWNER} AS owner_id"""

DEAL_KEY = "'opp-' || lpad(deal::VARCHAR, 7, '0')"

HISTORY = f"""
WITH event AS (SELECT *, unnest(events) AS work FROM deal),
state AS (SELECT *, {_STATE} FROM event)
SELECT
    {DEAL_KEY} AS opportunity_id,
    moment(work, utc_offset) AS changed_at,
    pipeline,
    stages[stage_number] AS stage,
    amount,
    close_date,
    owner_id,
    forecasts[stage_number] AS forecast_category,
    IF(work IN (change_1, change_2), manager_id, owner_id) AS changed_by
FROM state
"""

OPPORTUNITIES = f"""
WITH event AS (SELECT *, events[-1] AS work FROM deal),
state AS (SELECT *, {_STATE}, draw(deal, 'deleted') < 0.003 AS is_deleted FROM event),
-- Whoever sits in a seat of development on the day finds most deals that come from no lead and no customer.
finder AS (
    SELECT lot, owner_1 AS finder_1, change_1 AS found_1, owner_2 AS finder_2, change_2 AS found_2, owner_3 AS finder_3
    FROM seat_lot JOIN seat ON seat.seat_id = seat_lot.seat_id
    WHERE seat_lot.role = 'sdr'
)
SELECT
    {DEAL_KEY} AS opportunity_id,
    account_key(account) AS account_id,
    owner_id,
    account_name(account) || ' - ' || product AS name,
    pipeline,
    stages[stage_number] AS stage,
    CASE
        WHEN pipeline = 'renewals' THEN 'Renewal'
        WHEN draw(deal, 'type') < 0.2 THEN 'Expansion'
        ELSE 'New Business'
    END AS type,
    amount,
    currency,
    IF(converted_leads > 0, pick(['Website', 'Event', 'Referral', 'Partner', 'Webinar'], deal, 'source'),
       pick(['Outbound', 'Customer'], deal, 'source')) AS lead_source,
    product,
    moment(created, utc_offset) AS created_at,
    close_date,
    IF(stage_number = open_stages + 2, pick(
        ['Price', 'Competitor', 'No decision', 'No decision', 'Timing', 'Missing feature'],
        deal, 'loss reason'
    ), NULL) AS loss_reason,
    CASE
        WHEN lead_source <> 'Outbound' OR pipeline = 'renewals' OR draw(deal, 'found') < 0.3 THEN NULL
        WHEN created >= found_2 THEN finder_3
        WHEN created >= found_1 THEN finder_2
        ELSE finder_1
    END AS sourced_by_id,
    IF(is_deleted, getvariable('until'), moment(work, utc_offset)) AS updated_at,
    is_deleted
FROM state
JOIN finder ON finder.lot = below(65536, deal, 'finder')
"""

# What a quota is set from: the deals due to be decided in a month, each by its chance to be won, and partly
# what they then brought, as plans are made by people who know what is coming. The chance is half the rep's
# own, half the usual one: good reps beat their quota, but not twice over.
# Decimals: a sum of doubles would depend on the order of the threads.
EXPECTED_BOOKING = "CREATE TABLE expected_booking (user_id VARCHAR, month DATE, amount DECIMAL(38, 2))"
ADD_EXPECTED_BOOKINGS = f"""
INSERT INTO expected_booking
WITH valued AS (
    SELECT
        *, IF(revised IS NULL, first_amount, revised_amount)
        * CASE currency WHEN 'EUR' THEN 1.09 WHEN 'GBP' THEN 1.27 ELSE 1 END AS amount
    FROM deal
),
booking AS (
    SELECT *, due AS work, 0.65 * amount * (0.5 * own_chance + 0.5 * usual_chance) AS booked FROM valued
    UNION ALL
    SELECT *, ended AS work, 0.35 * amount AS booked FROM valued WHERE final_outcome = open_stages + 1
)
SELECT
    {OWNER} AS user_id,
    date_trunc('month', day_of(work))::DATE AS month,
    sum(booked::DECIMAL(18, 2)) AS amount
FROM booking
WHERE work <= present
GROUP BY ALL
"""
