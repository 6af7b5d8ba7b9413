"""Every row rule of the practice's entities: a row that breaks one is quarantined with the rule's column and reason."""

from __future__ import annotations

from ingestion.contract import customers, developing, steering
from ingestion.contract.model import CURRENCY_CODE, Entity
from tests.ingestion.landing.conftest import Landing

# A sound row of each entity with rules: what its required columns need, and keys.
SOUND: dict[str, dict[str, str]] = {
    "user_history": {"user_id": "u1", "valid_from": "2025-01-01"},
    "territories": {"territory": "west"},
    "goals": {"goal_id": "g", "owner_type": "rep", "owner_id": "u1", "metric": "won_count", "target": "3",
              "period_start": "2025-01-01", "period_end": "2025-01-31"},
    "forecast_submissions": {"user_id": "u1", "period_type": "month", "period_start": "2025-01-01",
                             "submitted_at": "2025-01-02T10:00:00Z", "amount": "5"},
    "comp_plans": {"plan_id": "p", "pay_period": "month", "method": "marginal"},
    "comp_tiers": {"plan_id": "p", "tier": "1", "from_attainment": "0", "rate": "0.1"},
    "comp_assignments": {"user_id": "u1", "valid_from": "2025-01-01", "plan_id": "p"},
    "opportunity_splits": {"opportunity_id": "o1", "user_id": "u1", "share": "1"},
    "spiffs": {"spiff_id": "s", "amount": "5", "valid_from": "2025-01-01", "valid_to": "2025-01-31"},
    "cancellations": {"opportunity_id": "o1", "cancelled_on": "2025-01-01"},
    "call_turns": {"call_id": "c", "turn": "1", "speaker": "rep", "started_seconds": "0", "ended_seconds": "1.5"},
    "call_scores": {"call_id": "c", "reviewer_id": "u2", "criterion": "closing", "score": "5", "max_score": "5",
                    "scored_at": "2025-01-02T10:00:00Z"},
    "training_records": {"user_id": "u1", "course_id": "k", "assigned_at": "2025-01-02T10:00:00Z",
                         "completed_at": "2025-01-02T10:00:00Z", "score": "1"},
    "candidates": {"candidate_id": "c", "applied_at": "2025-01-02T10:00:00Z", "hired_at": "2025-01-02T10:00:00Z"},
    "touches": {"touch_id": "t", "channel": "email", "sent_at": "2025-01-02T10:00:00Z", "account_id": "a",
                "replied_at": "2025-01-02T10:00:00Z"},
    "invoices": {"invoice_id": "i", "account_id": "a", "invoiced_on": "2025-01-01", "amount": "-5",
                 "service_start": "2025-01-01", "service_end": "2025-01-01"},
    "surveys": {"response_id": "r", "kind": "csat", "score": "5", "responded_at": "2025-01-02T10:00:00Z"},
    "spend": {"spend_id": "s", "month": "2025-01-01", "category": "sales", "amount": "0"},
}  # fmt: skip
EARLIER = "2025-01-02T09:59:59Z"
# What to change in the sound row, and the reason; one for each rule, and the other end where a rule has two.
BROKEN: list[tuple[str, dict[str, str], str]] = [
    ("user_history", {"manager_id": "u1"}, "a user is their own manager"),
    ("territories", {"parent": "west"}, "a territory is a part of itself"),
    ("goals", {"period_end": "2024-12-31"}, "period_end is before period_start"),
    ("goals", {"owner_id": ""}, "a rep's or team's goal names no owner"),
    ("forecast_submissions", {"period_start": "2025-01-02"}, "period_start is not the first day of a month"),
    ("comp_plans", {"cap_amount": "-0.01"}, "cap_amount is negative"),
    ("comp_plans", {"clawback_days": "-1"}, "clawback_days is negative"),
    ("comp_tiers", {"tier": "0"}, "tier is below 1"),
    ("comp_tiers", {"tier": "2", "from_attainment": "-0.1"}, "from_attainment is negative"),
    ("comp_tiers", {"rate": "1.1"}, "rate is not between 0 and 1"),
    ("comp_tiers", {"from_attainment": "0.5"}, "tier 1 does not start at 0"),
    ("comp_assignments", {"valid_to": "2024-12-31"}, "valid_to is before valid_from"),
    ("opportunity_splits", {"share": "0"}, "share is not above 0 and at most 1"),
    ("opportunity_splits", {"share": "1.1"}, "share is not above 0 and at most 1"),
    ("spiffs", {"valid_to": "2024-12-31"}, "valid_to is before valid_from"),
    ("spiffs", {"amount": "-1"}, "amount is negative"),
    ("cancellations", {"amount": "-1"}, "amount is negative"),
    ("call_turns", {"turn": "0"}, "turn is below 1"),
    ("call_turns", {"started_seconds": "-0.5"}, "started_seconds is negative"),
    ("call_turns", {"started_seconds": "2"}, "ended_seconds is before started_seconds"),
    ("call_scores", {"max_score": "0", "score": "0"}, "max_score is not above 0"),
    ("call_scores", {"score": "5.1"}, "score is not between 0 and max_score"),
    ("call_scores", {"score": "-1"}, "score is not between 0 and max_score"),
    ("training_records", {"completed_at": EARLIER}, "completed_at is before assigned_at"),
    ("training_records", {"score": "1.1"}, "score is not between 0 and 1"),
    *[
        ("candidates", {column: EARLIER}, f"{column} is before applied_at")
        for column in ("screened_at", "interviewed_at", "offered_at", "hired_at", "closed_at")
    ],
    ("touches", {"replied_at": EARLIER}, "replied_at is before sent_at"),
    ("touches", {"account_id": ""}, "neither a lead nor an account nor an opportunity is given"),
    ("invoices", {"service_end": "2024-12-31"}, "service_end is before service_start"),
    ("invoices", {"service_start": ""}, "only one of service_start and service_end is given"),
    ("surveys", {"score": "0"}, "a csat score is not between 1 and 5"),
    ("surveys", {"kind": "nps", "score": "11"}, "an nps score is not between 0 and 10"),
    ("spend", {"amount": "-1"}, "amount is negative"),
    *[
        (entity, {"currency": "dollars"}, CURRENCY_CODE.reason)
        for entity in ("forecast_submissions", "comp_plans", "spiffs", "invoices", "spend")
    ],
]


def test_every_rule_is_tried() -> None:
    modules = (steering, developing, customers)
    entities = [each for module in modules for each in vars(module).values() if isinstance(each, Entity)]
    rules = {(entity.name, rule.reason) for entity in entities for rule in entity.rules}
    assert {(entity, reason) for entity, _, reason in BROKEN} == rules


def test_rows_that_break_a_rule_are_quarantined(landing: Landing) -> None:
    """The sound row in the line before them loads."""
    expected = []
    for entity, sound in SOUND.items():
        broken = [(changes, reason) for name, changes, reason in BROKEN if name == entity]
        columns = list(dict.fromkeys([*sound, *(column for changes, _ in broken for column in changes)]))
        lines = [
            ",".join(columns),
            *(",".join((sound | row).get(name, "") for name in columns) for row, _ in [({}, ""), *broken]),
        ]
        landing.write(f"{entity}.csv", "\n".join(lines) + "\n")
        expected += [(f"{entity}.csv", line, reason) for line, (_, reason) in enumerate(broken, start=3)]
    landing.load()
    found = landing.rows("SELECT file, line, reason FROM raw.quarantine ORDER BY ALL")
    assert found == sorted(expected)
    loaded = " UNION ALL ".join(f"SELECT '{entity}', count(*) FROM raw.landing__{entity}" for entity in SOUND)
    assert sorted(landing.rows(loaded)) == sorted((entity, 1) for entity in SOUND)
