"""The demo company behaves like a company: reps differ, business has seasons, deals take turns.

Does not belong here: whether its records fit one another (`test_records`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingestion.demo import generate
from ingestion.demo.conversations import COACHED_TALK_RATIO
from ingestion.demo.learning import COACHED_DAYS
from tests.ingestion.demo.demo_files import Query, opened


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    """A company large enough for shares and averages to be steady."""
    path = tmp_path_factory.mktemp("company")
    generate(path, calls=100_000)
    with opened(path) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def test_reps_win_at_their_own_rates_and_lose_in_their_own_stages(company: Query) -> None:
    won = company("""
        SELECT avg(is_won::INTEGER) AS rate FROM opportunities JOIN pipeline_stages USING (pipeline, stage)
        WHERE is_closed AND pipeline = 'new_business' GROUP BY owner_id HAVING count(*) > 80
    """)
    rates = sorted(float(rate) for (rate,) in won)
    assert len(rates) > 20
    assert 0.15 < sum(rates) / len(rates) < 0.3
    # The binomial spread of equal reps with 80 deals or more would be below 0.05.
    assert rates[-3] - rates[2] > 0.2
    left = company("""
        WITH reach AS (
            SELECT opportunity_id, max(position) AS position FROM opportunity_history
            JOIN pipeline_stages USING (pipeline, stage) WHERE NOT is_closed GROUP BY ALL
        )
        SELECT avg((reach.position > 3)::INTEGER) FROM reach JOIN opportunities USING (opportunity_id)
        WHERE pipeline = 'new_business' AND reach.position >= 3 GROUP BY owner_id HAVING count(*) > 40
    """)
    shares = sorted(float(share) for (share,) in left)
    assert shares[-3] - shares[2] > 0.15


def test_the_phone_is_answered_at_some_hours_and_by_some_reps_more(company: Query) -> None:
    by_hour = company("""
        SELECT avg((disposition = 'connected')::INTEGER) FROM calls JOIN users USING (user_id)
        WHERE direction = 'outbound' AND territory = 'US East' GROUP BY hour(started_at) HAVING count(*) > 500
        ORDER BY hour(started_at)
    """)
    rates = [float(rate) for (rate,) in by_hour]
    assert max(rates) > 1.15 * rates[0]
    by_rep = company("""
        SELECT avg((disposition = 'connected')::INTEGER) FROM calls
        WHERE direction = 'outbound' AND lead_id IS NOT NULL
        GROUP BY user_id HAVING count(*) > 500
    """)
    reps = sorted(float(rate) for (rate,) in by_rep)
    assert reps[-1] > 1.4 * reps[0]
    assert company("SELECT count(*) FROM calls WHERE isodow(started_at) > 5") == [(0,)]


def test_business_has_seasons(company: Query) -> None:
    months = company("SELECT month(created_at), count(*) FROM opportunities GROUP BY ALL ORDER BY ALL")
    counts = {int(month): int(deals) for month, deals in months}
    assert counts[8] < 0.8 * counts[5]
    assert counts[12] < 0.9 * counts[11]
    ((last_week, share),) = company("""
        WITH won AS (
            SELECT close_date, last_day(date_trunc('quarter', close_date) + INTERVAL 2 MONTH) AS quarter_end
            FROM opportunities JOIN pipeline_stages USING (pipeline, stage) WHERE is_won
        )
        SELECT avg((close_date > quarter_end - 7)::INTEGER), 7 / 91 FROM won
    """)
    assert last_week > 1.5 * float(share)


def test_deals_take_the_turns_that_deals_take(company: Query) -> None:
    ((skipped, regressed, reopened, revived),) = company("""
        WITH step AS (
            SELECT opportunity_id, position, is_closed, is_won,
                lag(position) OVER deal AS before, lag(is_closed) OVER deal AS was_closed
            FROM opportunity_history JOIN pipeline_stages USING (pipeline, stage)
            WINDOW deal AS (PARTITION BY opportunity_id ORDER BY changed_at)
        ),
        reopened AS (SELECT DISTINCT opportunity_id FROM step WHERE was_closed AND NOT is_closed)
        SELECT
            count(*) FILTER (NOT is_closed AND NOT was_closed AND position > before + 1),
            count(*) FILTER (NOT is_closed AND NOT was_closed AND position < before),
            (SELECT count(*) FROM reopened),
            (SELECT count(*) FROM reopened JOIN opportunities USING (opportunity_id)
             JOIN pipeline_stages USING (pipeline, stage) WHERE is_won)
        FROM step
    """)
    assert min(skipped, regressed, reopened, revived) > 100
    ((pushed, repriced, reassigned),) = company("""
        WITH deal AS (
            SELECT opportunity_id, count(DISTINCT close_date) FILTER (NOT is_closed) AS dates,
                count(DISTINCT amount) AS amounts, count(DISTINCT owner_id) AS owners
            FROM opportunity_history JOIN pipeline_stages USING (pipeline, stage) GROUP BY ALL
        )
        SELECT avg((dates > 1)::INTEGER), avg((amounts > 1)::INTEGER), avg((owners > 1)::INTEGER) FROM deal
    """)
    assert 0.2 < pushed < 0.8
    assert 0.3 < repriced < 0.8
    assert 0.04 < reassigned < 0.2
    for entity in ("opportunities", "calls", "leads", "meetings"):
        ((deleted,),) = company(f"SELECT avg(is_deleted::INTEGER) FROM {entity}")
        assert 0 < deleted < 0.01
    assert company("SELECT count(DISTINCT currency) FROM opportunities") == [(3,)]


def test_quotas_are_within_reach(company: Query) -> None:
    rows = company("""
        WITH rated AS (
            SELECT
                owner_id, close_date,
                amount * CASE currency WHEN 'EUR' THEN 1.09 WHEN 'GBP' THEN 1.27 ELSE 1 END AS booked
            FROM opportunities JOIN pipeline_stages USING (pipeline, stage) WHERE is_won AND NOT is_deleted
        ),
        target AS (
            SELECT user_id, period_start, period_end, amount * IF(currency = 'EUR', 1.09, 1) AS quota
            FROM quotas JOIN users USING (user_id)
            WHERE metric IS NULL AND year(period_start) = 2025
                AND hired_on < DATE '2024-07-01' AND left_on IS NULL
        ),
        reached AS (
            SELECT user_id, period_start, any_value(quota) AS quota, coalesce(sum(booked), 0) AS booked
            FROM target
            LEFT JOIN rated ON owner_id = user_id AND close_date BETWEEN period_start AND period_end
            GROUP BY ALL
        )
        SELECT sum(booked) / sum(quota) FROM reached GROUP BY user_id ORDER BY 1
    """)
    attainment = [float(value) for (value,) in rows]
    assert len(attainment) > 20
    assert 0.8 < attainment[len(attainment) // 2] < 1.1
    tenth = len(attainment) // 10
    assert attainment[tenth] > 0.5
    assert attainment[-1 - tenth] < 1.4
    assert attainment[-1 - tenth] - attainment[tenth] > 0.2


def test_goals_are_good_and_bad_reached_and_missed(company: Query) -> None:
    ((goals, vague, agreed, long, out_of_reach),) = company("""
        SELECT
            count(*), count(*) FILTER (objective IS NULL), count(acknowledged_at),
            count(*) FILTER (period_end - period_start > 366), count(*) FILTER (target > 3 * baseline)
        FROM goals
    """)
    assert 0.08 < vague / goals < 0.3
    assert 0.5 < agreed / goals < 0.9
    assert min(long, out_of_reach) > 0
    assert company("SELECT count(DISTINCT owner_type) FROM goals") == [(3,)]
    ((reached, over, running),) = company("""
        WITH won AS (
            SELECT owner_id, close_date
            FROM opportunities JOIN pipeline_stages USING (pipeline, stage) WHERE is_won AND NOT is_deleted
        ),
        measured AS (
            SELECT goal_id, target, period_end, count(close_date) AS actual
            FROM goals LEFT JOIN won
                ON won.owner_id = goals.owner_id AND close_date BETWEEN period_start AND period_end
            WHERE metric = 'won_count' GROUP BY ALL
        )
        SELECT count(*) FILTER (actual >= target AND period_end <= DATE '2025-12-31'),
            count(*) FILTER (period_end <= DATE '2025-12-31'), count(*) FILTER (period_end > DATE '2025-12-31')
        FROM measured
    """)
    assert 0.25 < reached / over < 0.75
    assert running > 0


def test_forecasts_are_rosier_than_what_comes_by_some_more_than_by_others(company: Query) -> None:
    rows = company("""
        WITH won AS (
            SELECT owner_id, close_date,
                amount * CASE currency WHEN 'EUR' THEN 1.09 WHEN 'GBP' THEN 1.27 ELSE 1 END AS amount
            FROM opportunities JOIN pipeline_stages USING (pipeline, stage) WHERE is_won AND NOT is_deleted
        ),
        first_said AS (
            SELECT user_id, period_type, period_start, min_by(amount, submitted_at) AS amount
            FROM forecast_submissions WHERE period_start BETWEEN DATE '2024-04-01' AND DATE '2025-10-01'
            GROUP BY ALL
        ),
        compared AS (
            SELECT user_id, period_start, any_value(said.amount) AS said, coalesce(sum(won.amount), 0) AS came
            FROM first_said AS said JOIN users USING (user_id)
            LEFT JOIN won ON won.owner_id = said.user_id AND close_date BETWEEN period_start
                AND period_start + IF(period_type = 'month', INTERVAL 1 MONTH, INTERVAL 3 MONTH) - INTERVAL 1 DAY
            WHERE users.role <> 'manager'
            GROUP BY ALL
        )
        SELECT sum(said) / sum(came) FROM compared GROUP BY user_id HAVING sum(came) > 0 AND count(*) > 3 ORDER BY 1
    """)
    ratios = [float(ratio) for (ratio,) in rows]
    assert len(ratios) > 20
    assert 1.1 < ratios[len(ratios) // 2] < 1.5
    assert ratios[1] < 1 < 1.3 < ratios[-2]


def test_coaching_in_listening_lowers_the_share_of_talk_for_a_while(company: Query) -> None:
    ((coached, before, after, later),) = company(f"""
        WITH talk AS (
            SELECT
                any_value(user_id) AS user_id, any_value(started_at)::DATE AS day,
                sum(ended_seconds - started_seconds) FILTER (speaker = 'rep') / sum(ended_seconds - started_seconds)
                    AS talk_ratio
            FROM call_turns JOIN calls USING (call_id) GROUP BY call_id
        )
        SELECT
            count(DISTINCT session_id),
            avg(talk_ratio) FILTER (day - held_at::DATE BETWEEN -{COACHED_DAYS} AND -1),
            avg(talk_ratio) FILTER (day - held_at::DATE BETWEEN 1 AND {COACHED_DAYS}),
            avg(talk_ratio) FILTER (day - held_at::DATE BETWEEN {COACHED_DAYS + 1} AND {2 * COACHED_DAYS})
        FROM coaching_sessions JOIN talk USING (user_id) WHERE criterion = 'listening'
    """)
    assert coached > 20
    assert float(after) - float(before) == pytest.approx(COACHED_TALK_RATIO, abs=0.02)
    assert float(later) == pytest.approx(float(before), abs=0.03)


def test_who_listens_is_scored_higher(company: Query) -> None:
    rows = company("""
        WITH talk AS (
            SELECT call_id, sum(ended_seconds - started_seconds) FILTER (speaker = 'rep')
                / sum(ended_seconds - started_seconds) AS talk_ratio
            FROM call_turns GROUP BY ALL
        )
        SELECT corr(talk_ratio, score) FROM talk JOIN call_scores USING (call_id) WHERE criterion = 'listening'
    """)
    assert float(rows[0][0]) < -0.5
    ((english, spanish),) = company("""
        SELECT count(DISTINCT call_id) FILTER (text LIKE '%discount%'),
            count(DISTINCT call_id) FILTER (text LIKE '%descuento%') FROM call_turns
    """)
    assert english > 3 * spanish > 100
