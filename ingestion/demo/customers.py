"""What happens to leads and customers beside calls, as SQL: touches, fit, invoices, answers, and what selling costs.

Does not belong here: calls and meetings (`activity`).
"""

from __future__ import annotations

from ingestion.demo.activity import LEAD_KEY
from ingestion.demo.deals import DEAL_KEY, OWNER
from ingestion.demo.learning import SOURCE

# Leads are written to up to twice: by who is quick within minutes, by others within two days. Some of the second
# messages are sent by a program. Of deals, the renewals above all, some are visited.
TOUCHES = f"""
WITH on_leads AS (
    SELECT
        'touch-' || lpad((4 * lead + nth)::VARCHAR, 9, '0') AS touch_id,
        {LEAD_KEY} AS lead_id, NULL::VARCHAR AS account_id, NULL::VARCHAR AS opportunity_id,
        4 * lead + nth AS touch, is_converted, present, utc_offset, owner_1, change_1, owner_2, change_2, owner_3,
        created + nth * (1 + 3 * draw(lead, 'rhythm'))
        + IF(draw(lead, 'quick') < 0.2 + 0.5 * trait(owner_1, 'quick'), 0.002 + 0.02 * draw(lead, 'wait'),
             0.1 + 2 * draw(lead, 'wait')) AS work,
        pick(['email', 'email', 'email', 'social', 'call'], touch, 'channel') AS channel,
        nth > 0 AND channel = 'email' AND draw(lead, 'sequence') < 0.5 AS is_automated
    FROM (SELECT *, unnest(range(below(3, lead, 'touches'))) AS nth FROM lead)
),
on_deals AS (
    SELECT
        'visit-' || lpad(deal::VARCHAR, 8, '0') AS touch_id,
        NULL::VARCHAR AS lead_id, account_key(account) AS account_id, {DEAL_KEY} AS opportunity_id,
        deal AS touch, false AS is_converted, present, utc_offset, owner_1, change_1, owner_2, change_2, owner_3,
        created + (least(ended, present) - created) * draw(deal, 'visited on') AS work,
        'visit' AS channel, false AS is_automated
    FROM deal
    WHERE draw(deal, 'visited') < IF(role = 'am', 0.25, 0.05)
),
sent AS (
    SELECT
        *, {OWNER} AS user_id, moment(work, utc_offset) AS sent_at,
        IF(channel <> 'visit' AND draw(touch, 'replies') <
           IF(is_converted, 0.45, 0.12) * IF(is_automated, 0.5, 1) * (0.6 + 0.8 * trait(user_id, 'writing')),
           moment(work + 0.01 + draw(touch, 'replies after'), utc_offset), NULL) AS reply_at
    FROM (FROM on_leads UNION ALL FROM on_deals)
    WHERE work <= present
)
SELECT
    touch_id, user_id, lead_id, account_id, opportunity_id, channel, sent_at,
    IF(reply_at <= getvariable('until'), reply_at, NULL) AS replied_at,
    IF(is_automated, 'Three mails', NULL) AS sequence, is_automated,
    coalesce(replied_at, sent_at) AS updated_at, false AS is_deleted
FROM sent
"""

LEAD_FIT = f"""
SELECT
    {LEAD_KEY} AS lead_id,
    draw(lead, 'fits') < IF(is_converted, 0.66, 0.33) AS is_ideal_profile,
    IF(is_ideal_profile, 55, 5) + below(40, lead, 'fit') AS score,
    moment(created, utc_offset) AS updated_at, false AS is_deleted
FROM lead
WHERE draw(lead, 'fit is known') < 0.85
"""

# A deal is paid for a year of service: at once, or by quarters. One in eight is a purchase without a term. What was
# cancelled is credited; who cancelled all gets no further invoice.
INVOICES = """
WITH cancelled AS (
    SELECT opportunity_id, cancelled_on, part FROM cancellation
),
won AS (
    SELECT
        opportunities.opportunity_id, opportunities.account_id, opportunities.currency, opportunities.amount,
        opportunities.close_date, hash(opportunities.opportunity_id) AS number,
        CASE opportunities.type WHEN 'Renewal' THEN 'renewal' WHEN 'Expansion' THEN 'expansion' ELSE 'new_business' END
            AS kind,
        cancelled.cancelled_on, cancelled.part,
        draw(number, 'billing') < 0.125 AS is_purchase,
        IF(draw(number, 'billing') > 0.75, 4, 1) AS parts,
        opportunities.close_date + 1 + below(14, number, 'begins')::INTEGER AS begins_on
    FROM opportunities
    JOIN pipeline_stages USING (pipeline, stage)
    LEFT JOIN cancelled ON cancelled.opportunity_id = opportunities.opportunity_id
    WHERE is_won AND NOT opportunities.is_deleted AND opportunities.amount > 0
),
billed AS (
    SELECT
        *, (begins_on + to_months((12 // parts * nth)::INTEGER))::DATE AS part_begins_on,
        (amount / parts)::DECIMAL(12, 2) AS share
    FROM (SELECT *, unnest(range(parts)) AS nth FROM won)
),
invoice AS (
    SELECT
        'inv-' || substr(opportunity_id, 5) || '-' || nth + 1 AS invoice_id, account_id, opportunity_id,
        part_begins_on AS invoiced_on,
        IF(is_purchase, NULL, part_begins_on) AS service_start,
        IF(is_purchase, NULL, (part_begins_on + to_months((12 // parts)::INTEGER) - INTERVAL 1 DAY)::DATE)
            AS service_end,
        IF(nth = parts - 1, amount - (parts - 1) * share, share) AS amount,
        currency, kind
    FROM billed
    WHERE cancelled_on IS NULL OR part IS NOT NULL OR part_begins_on <= cancelled_on
    UNION ALL
    SELECT
        'inv-' || substr(opportunity_id, 5) || '-credit', account_id, opportunity_id,
        cancelled_on + 3, NULL, NULL,
        -least(cancellation_amount, billed_amount), currency, 'credit'
    FROM (
        SELECT
            opportunity_id, account_id, currency, cancelled_on, coalesce(any_value(part), any_value(amount))
                AS cancellation_amount,
            sum(share) FILTER (part_begins_on <= cancelled_on) AS billed_amount
        FROM billed
        WHERE cancelled_on IS NOT NULL
        GROUP BY opportunity_id, account_id, currency, cancelled_on
    )
    WHERE billed_amount > 0
)
SELECT *, invoiced_on + TIME '07:00:00' AS updated_at, false AS is_deleted
FROM invoice
WHERE invoiced_on < getvariable('until')::DATE
ORDER BY invoice_id
"""

# Two in five new customers say how they were served, one in five renewing ones whether they would recommend us.
SURVEYS = """
WITH asked AS (
    SELECT
        opportunity_id, account_id, owner_id, hash(opportunity_id) AS number, type = 'Renewal' AS is_renewal,
        close_date + TIME '10:00:00' + to_minutes(14400 + below(40000, number, 'answers after')) AS responded_at,
        0.4 + 0.45 * trait(owner_id, 'service') + 0.2 * greatest(-2, least(2, normal(number, 'mood'))) AS contentment
    FROM opportunities JOIN pipeline_stages USING (pipeline, stage)
    WHERE is_won AND NOT is_deleted AND draw(number, 'answers') < IF(is_renewal, 0.2, 0.4)
)
SELECT
    'answer-' || substr(opportunity_id, 5) AS response_id,
    IF(is_renewal, 'nps', 'csat') AS kind,
    IF(is_renewal, greatest(0, least(10, floor(3 + 10 * contentment))),
       greatest(1, least(5, floor(2 + 4 * contentment))))::INTEGER AS score,
    responded_at, account_id, opportunity_id, IF(is_renewal, NULL, owner_id) AS user_id,
    responded_at AS updated_at, false AS is_deleted
FROM asked
WHERE responded_at <= getvariable('until')
"""

# People cost by the month and role; leads by their source; candidates by theirs; training by the head.
SPEND = f"""
WITH month AS (
    SELECT unnest(generate_series(
        date_trunc('month', getvariable('first_day'))::TIMESTAMP, getvariable('until'), INTERVAL 1 MONTH
    ))::DATE AS month
),
head AS (
    SELECT month, role, count(*) AS heads
    FROM month
    JOIN person
        ON person.hired_on <= last_day(month) AND coalesce(person.left_on, DATE '9999-12-31') >= month
    GROUP BY ALL
),
cost AS (
    SELECT
        month, 'sales' AS category, role AS channel,
        heads * CASE role WHEN 'sdr' THEN 5200 WHEN 'manager' THEN 12500 WHEN 'vp' THEN 19000 ELSE 8400 END AS amount
    FROM head
    UNION ALL
    SELECT month, 'training', NULL, 60 * sum(heads) + IF(month(month) = 1, 400 * sum(heads), 0) FROM head GROUP BY month
    UNION ALL
    SELECT
        date_trunc('month', created_at)::DATE, 'marketing', source,
        sum(CASE source
            WHEN 'Event' THEN 240 WHEN 'Partner' THEN 110 WHEN 'Webinar' THEN 70 WHEN 'Website' THEN 45
            WHEN 'List' THEN 18 ELSE 25
        END)
    FROM leads
    GROUP BY ALL
    UNION ALL
    SELECT
        date_trunc('month', hired_on)::DATE, 'recruiting', source,
        sum(CASE source WHEN 'Agency' THEN 14000 WHEN 'Referral' THEN 1500 WHEN 'Job board' THEN 900 ELSE 250 END)
    FROM (
        SELECT hired_on, {SOURCE.format(id="hash(user_id)")} AS source
        FROM person WHERE role IN ('ae', 'am', 'sdr') AND hired_on >= getvariable('first_day')
    )
    GROUP BY ALL
)
SELECT
    'spend-' || month || '-' || category || coalesce('-' || channel, '') AS spend_id,
    month, category, channel,
    (amount * (0.9 + 0.2 * draw(hash(spend_id), 'price')))::DECIMAL(14, 2) AS amount, 'USD' AS currency,
    least(last_day(month) + TIME '12:00:00', getvariable('until')) AS updated_at, false AS is_deleted
FROM cost
ORDER BY spend_id
"""
