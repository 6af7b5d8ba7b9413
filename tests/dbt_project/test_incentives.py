"""What people are paid: worked examples, laws that hold whatever was sold and cancelled, and plans that are wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt_project.incentives import Ledger, Row

CENT = Decimal("0.01")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
TIERS = [(Decimal(0), Decimal("0.10")), (Decimal(1), Decimal("0.12"))]
EARNED = "component in ('tier', 'true_up', 'cap', 'clawback')"

# The same companies each time, so that a failure can be looked at again. Each is of many people, as a run of the models
# takes 0.25 s whatever it is about.
by_law = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("incentives"))


@dataclass(frozen=True)
class Cancellation:
    on: date
    amount: Decimal | None


@dataclass(frozen=True)
class Deal:
    on: date
    amount: Decimal
    share: Decimal = Decimal(1)
    cancellations: tuple[Cancellation, ...] = ()


@dataclass(frozen=True)
class Person:
    """Somebody under one plan all the year, with a quota of the same amount in each month."""

    method: str = "marginal"
    pay_period: str = "month"
    tiers: Sequence[tuple[Decimal, Decimal]] = tuple(TIERS)
    cap: Decimal | None = None
    clawback_days: int | None = 90
    month_quota: Decimal | None = Decimal(100)
    spiff: Decimal | None = None
    deals: tuple[Deal, ...] = ()

    def period_start(self, day: date) -> date:
        months = MONTHS[self.pay_period]
        return date(day.year, (day.month - 1) // months * months + 1, 1)

    def taken(self, deal: Deal, credit: Decimal) -> Decimal:
        """What cancellations take of a credit, in whatever order they come."""
        within = [
            each
            for each in deal.cancellations
            if self.clawback_days is not None and 0 <= (each.on - deal.on).days <= self.clawback_days
        ]
        asked = [credit if each.amount is None else cents(each.amount * deal.share) for each in within]
        return min(credit, sum(asked, Decimal(0)))

    def pays(self, total: Decimal) -> Decimal:
        """What tiers and cap give for the net total of a period."""
        quota = None if self.month_quota is None else self.month_quota * MONTHS[self.pay_period]
        tiers = self.tiers if quota else self.tiers[:1]
        starts = [cents(start * (quota or 0)) for start, _ in tiers]
        ends = [*starts[1:], max(total, starts[-1])]
        rates = [rate for _, rate in tiers]
        if self.method == "marginal":
            pairs = zip(starts, ends, rates, strict=True)
            paid = sum(
                (cents(rate * max(min(total, end) - start, Decimal(0))) for start, end, rate in pairs), Decimal()
            )
        else:
            paid = cents(total * [rate for start, rate in zip(starts, rates, strict=True) if total >= start][-1])
        return paid if self.cap is None else min(self.cap, paid)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def tables(people: Sequence[Person]) -> dict[str, list[Row]]:
    """The rows of people u0, u1, ...: their deals are o<person>_<deal>, what they share is with `colleague`."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for number, person in enumerate(people):
        user, plan = f"u{number}", f"p{number}"
        rows["comp_plans"].append({
            "plan_id": plan, "pay_period": person.pay_period, "method": person.method, "cap_amount": person.cap,
            "clawback_days": person.clawback_days,
        })  # fmt: skip
        rows["comp_tiers"] += [
            {"plan_id": plan, "tier": tier, "from_attainment": start, "rate": rate}
            for tier, (start, rate) in enumerate(person.tiers, start=1)
        ]
        rows["comp_assignments"].append({"user_id": user, "valid_from": date(2025, 1, 1), "plan_id": plan})
        if person.month_quota is not None:
            rows["fct_quota_month"] += [
                {"user_id": user, "quota_amount": person.month_quota, "month": date(2025, month, 1)}
                for month in range(1, 13)
            ]
        if person.spiff is not None:
            rows["spiffs"].append({
                "spiff_id": f"s{number}", "product": user, "amount": person.spiff,
                "valid_from": date(2025, 1, 1), "valid_to": date(2025, 12, 31),
            })  # fmt: skip
        for place, deal in enumerate(person.deals):
            opportunity = f"o{number}_{place}"
            rows["fct_opportunity"].append({
                "opportunity_id": opportunity, "closed_owner_id": user, "product": user, "won_amount": deal.amount,
                "closed_on": deal.on, "closed_at": datetime(deal.on.year, deal.on.month, deal.on.day, 12),
            })  # fmt: skip
            if deal.share < 1:
                rows["opportunity_splits"] += [
                    {"opportunity_id": opportunity, "user_id": user, "share": deal.share},
                    {"opportunity_id": opportunity, "user_id": "colleague", "share": 1 - deal.share},
                ]
            rows["cancellations"] += [
                {"opportunity_id": opportunity, "cancelled_on": each.on, "amount": each.amount}
                for each in deal.cancellations
            ]
    return rows


def credits(ledger: Ledger) -> dict[tuple[str, str], Decimal]:
    found = ledger.rows("SELECT user_id, opportunity_id, credited_amount FROM intermediate.int_commission_credits")
    return {(row["user_id"], row["opportunity_id"]): row["credited_amount"] for row in found}


def lines(ledger: Ledger, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    """Lines in the order of the ledger; amounts as text."""
    found = ledger.rows(f"""
        SELECT {columns} FROM marts.fct_commission WHERE {where}
        ORDER BY user_id, plan_id, pay_period_start, line_number
    """)
    return [tuple(str(value) if isinstance(value, Decimal) else value for value in row.values()) for row in found]


def paid_by_earned_period(ledger: Ledger) -> dict[tuple[str, date], Decimal]:
    found = ledger.rows(f"""
        SELECT user_id, earned_period_start, sum(commission_amount) AS paid
        FROM marts.fct_commission WHERE {EARNED} GROUP BY ALL
    """)
    return {(row["user_id"], row["earned_period_start"]): row["paid"] for row in found}


amounts = st.integers(0, 40_000).map(lambda each: Decimal(each) / 100)
days = st.integers(0, 363).map(lambda each: date(2025, 1, 1) + timedelta(each))


@st.composite
def all_tiers(draw: st.DrawFn) -> tuple[tuple[Decimal, Decimal], ...]:
    starts = sorted(draw(st.sets(st.integers(1, 250), max_size=3)))
    rates = sorted(draw(st.lists(st.integers(0, 400), min_size=len(starts) + 1, max_size=len(starts) + 1)))
    return tuple((Decimal(start) / 100, Decimal(rate) / 1000) for start, rate in zip([0, *starts], rates, strict=True))


@st.composite
def all_deals(draw: st.DrawFn) -> Deal:
    on = draw(days)
    cancelled_on = draw(st.sets(st.integers(-3, 130), max_size=3))
    return Deal(
        on,
        draw(amounts),
        draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.333333")])),
        tuple(
            Cancellation(on + timedelta(after), draw(st.none() | amounts))
            for after in sorted(cancelled_on)
            if on + timedelta(after) <= date(2025, 12, 31)
        ),
    )


all_people = st.builds(
    Person,
    method=st.sampled_from(["marginal", "top_rate"]),
    pay_period=st.sampled_from(list(MONTHS)),
    tiers=all_tiers(),
    cap=st.none() | st.integers(0, 3_000).map(lambda each: Decimal(each) / 100),
    clawback_days=st.none() | st.integers(0, 120),
    month_quota=st.none() | st.integers(0, 20_000).map(lambda each: Decimal(each) / 100),
    spiff=st.none() | st.integers(0, 1_000).map(lambda each: Decimal(each) / 100),
    deals=st.lists(all_deals(), max_size=8).map(tuple),
)
crowds = st.lists(all_people, min_size=1, max_size=25)


@by_law
@given(people=crowds)
def test_a_period_pays_what_its_net_total_gives_whatever_the_order(ledger: Ledger, people: list[Person]) -> None:
    credited_amounts = credits(ledger.run(tables(people)))
    expected: dict[tuple[str, date], Decimal] = {}
    for number, person in enumerate(people):
        totals: dict[date, Decimal] = defaultdict(Decimal)
        for place, deal in enumerate(person.deals):
            credited = credited_amounts[f"u{number}", f"o{number}_{place}"]
            totals[person.period_start(deal.on)] += credited - person.taken(deal, credited)
        expected |= {(f"u{number}", start): person.pays(total) for start, total in totals.items()}
    paid = paid_by_earned_period(ledger)
    assert {**dict.fromkeys(expected, Decimal(0)), **paid} == expected
    assert ledger.broken_reconciliations() == {}


@by_law
@given(people=crowds, data=st.data())
def test_marginal_never_pays_more_for_less(ledger: Ledger, people: list[Person], data: st.DataObject) -> None:
    wholes = [replace(person, method="marginal") for person in people if person.deals]
    lessened = []
    for person in wholes:
        less, *others = data.draw(st.permutations(person.deals))
        kept = data.draw(st.integers(0, 100))
        lessened.append(replace(person, deals=(replace(less, amount=cents(less.amount * kept / 100)), *others)))
    # Cancellations are part of a deal: without them, less is sold is all that differs.
    pairs = [
        replace(person, deals=tuple(replace(deal, cancellations=()) for deal in person.deals))
        for pair in zip(wholes, lessened, strict=True)
        for person in pair
    ]
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for (user, _), amount in paid_by_earned_period(ledger.run(tables(pairs))).items():
        paid[user] += amount
    for number in range(0, len(pairs), 2):
        assert paid[f"u{number + 1}"] <= paid[f"u{number}"]


@by_law
@given(people=crowds)
def test_a_cancellation_takes_no_more_than_was_paid(ledger: Ledger, people: list[Person]) -> None:
    ledger.run(tables(people))
    left = ledger.rows(f"""
        SELECT user_id, earned_period_start, component, commission_amount, sum(commission_amount) OVER (
            PARTITION BY user_id, plan_id, earned_period_start ORDER BY pay_period_start, line_number
        ) AS paid_so_far
        FROM marts.fct_commission WHERE {EARNED}
    """)
    assert [row for row in left if row["paid_so_far"] < 0] == []
    assert [row for row in left if row["component"] == "clawback" and row["commission_amount"] > 0] == []
    spiffs = ledger.rows("""
        SELECT opportunity_id, sum(commission_amount) AS paid FROM marts.fct_commission
        WHERE component IN ('spiff', 'spiff_clawback') GROUP BY ALL
    """)
    assert [row for row in spiffs if row["paid"] < 0] == []


@by_law
@given(
    total=st.integers(0, 100_000).map(lambda each: Decimal(each) / 100),
    weights=st.lists(st.integers(1, 50), min_size=1, max_size=6),
)
def test_shares_add_up_to_the_deal(ledger: Ledger, total: Decimal, weights: list[int]) -> None:
    *shares, _ = [(Decimal(weight) / sum(weights)).quantize(Decimal("0.000001"), "ROUND_FLOOR") for weight in weights]
    shares.append(1 - sum(shares, Decimal(0)))
    rows: dict[str, list[Row]] = {
        "fct_opportunity": [{
            "opportunity_id": "o", "closed_owner_id": "u", "won_amount": total, "closed_on": date(2025, 5, 5),
            "closed_at": datetime(2025, 5, 5, 9),
        }],
        "opportunity_splits": [
            {"opportunity_id": "o", "user_id": f"u{number}", "share": share} for number, share in enumerate(shares)
        ],
    }  # fmt: skip
    found = credits(ledger.run(rows))
    assert sum(found.values()) == total
    for number, share in enumerate(shares[:-1]):
        assert found[f"u{number}", "o"] == cents(total * share)


@by_law
@given(people=crowds, seed=st.integers(0, 1_000))
def test_a_rebuild_gives_the_same_lines_whatever_the_order_of_rows(
    ledger: Ledger, people: list[Person], seed: int
) -> None:
    rows = tables(people)
    first = lines(ledger.run(rows), "*")
    shuffled = {name: Random(seed).sample(each, len(each)) for name, each in rows.items()}
    assert lines(ledger.run(shuffled), "*") == first


NINETY = Deal(date(2025, 1, 10), Decimal(90))
THIRTY_FIVE = Deal(date(2025, 1, 20), Decimal(35))
STEPS = "component, tier, credited_amount, commission_amount"


def test_the_worked_examples(ledger: Ledger) -> None:
    """Those of docs/practice/incentives.md."""
    cancelled = replace(NINETY, cancellations=(Cancellation(date(2025, 1, 25), Decimal(50)),))
    later = replace(NINETY, cancellations=(Cancellation(date(2025, 2, 3), Decimal(50)),))
    ledger.run(tables([
        Person(deals=(NINETY, THIRTY_FIVE)),
        Person(method="top_rate", deals=(NINETY, THIRTY_FIVE)),
        Person(deals=(cancelled, THIRTY_FIVE)),
        Person(cap=Decimal(10), deals=(later, THIRTY_FIVE)),
    ]))  # fmt: skip
    assert lines(ledger, STEPS, "user_id = 'u0'") == [
        ("tier", 1, "90.00", "9.00"),
        ("tier", 1, "10.00", "1.00"),
        ("tier", 2, "25.00", "3.00"),
    ]
    assert lines(ledger, STEPS, "user_id = 'u1'") == [
        ("tier", 1, "90.00", "9.00"),
        ("true_up", 2, "0.00", "1.80"),
        ("tier", 2, "35.00", "4.20"),
    ]
    assert lines(ledger, STEPS, "user_id = 'u2'") == [
        ("tier", 1, "90.00", "9.00"),
        ("tier", 1, "10.00", "1.00"),
        ("tier", 2, "25.00", "3.00"),
        ("clawback", None, "-50.00", "-5.50"),
    ]
    assert lines(ledger, f"{STEPS}, pay_period_start", "user_id = 'u3'") == [
        ("tier", 1, "90.00", "9.00", date(2025, 1, 1)),
        ("tier", 1, "10.00", "1.00", date(2025, 1, 1)),
        ("tier", 2, "25.00", "3.00", date(2025, 1, 1)),
        ("cap", None, "0.00", "-3.00", date(2025, 1, 1)),
        ("clawback", None, "0.00", "-2.50", date(2025, 2, 1)),
    ]


def test_successive_cancellations_take_what_is_left_and_no_more(ledger: Ledger) -> None:
    deal = replace(
        NINETY,
        share=Decimal("0.333333"),
        cancellations=(
            Cancellation(date(2025, 1, 9), None),  # before it closed
            Cancellation(date(2025, 1, 11), Decimal(60)),
            Cancellation(date(2025, 2, 11), Decimal(60)),
            Cancellation(date(2025, 2, 12), None),
            Cancellation(date(2025, 8, 1), None),  # too late
        ),
    )
    ledger.run(tables([Person(deals=(deal,), spiff=Decimal(10)), Person(deals=(deal,), clawback_days=None)]))
    # Of `colleague` and u0 the user is the last, who takes the rest: 90.00 less 60.00.
    assert lines(ledger, "component, counted_on, credited_amount, commission_amount", "user_id = 'u0'") == [
        ("tier", date(2025, 1, 10), "30.00", "3.00"),
        ("spiff", date(2025, 1, 10), "0.00", "3.33"),
        ("clawback", date(2025, 1, 11), "-20.00", "-2.00"),
        ("spiff_clawback", date(2025, 1, 11), "0.00", "-2.22"),
        ("clawback", date(2025, 2, 11), "0.00", "-1.00"),
        ("spiff_clawback", date(2025, 2, 11), "0.00", "-1.11"),
    ]
    assert lines(ledger, "component", "user_id = 'u1'") == [("tier",)]


def warnings(ledger: Ledger) -> Iterator[tuple[str, str | None]]:
    for row in ledger.rows("SELECT rule, subject, row_count FROM intermediate.int_incentives_warnings ORDER BY ALL"):
        if row["row_count"]:
            yield row["rule"], row["subject"]


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        [("0.5", "0.1")],
        [("0", "0.1"), ("0.8", "0.08")],
        [("0", "0.1"), ("0.8", "0.12"), ("0.8", "0.15")],
        [("0", "0.1"), ("1", "0.12"), ("0.8", "0.15")],
    ],
    ids=["no_tiers", "gap_at_the_start", "falling_rates", "equal_starts", "falling_starts"],
)
def test_by_a_plan_with_unsound_tiers_nothing_is_paid(ledger: Ledger, tiers: list[tuple[str, str]]) -> None:
    unsound = [(Decimal(start), Decimal(rate)) for start, rate in tiers]
    ledger.run(tables([Person(deals=(NINETY,)), Person(tiers=unsound, spiff=Decimal(10), deals=(NINETY,))]))
    assert lines(ledger, "user_id") == [("u0",)]
    assert list(warnings(ledger)) == [("plan_tiers", "p1")]
    assert ledger.broken_reconciliations() == {}


def test_by_a_deleted_or_unknown_plan_nothing_is_paid(ledger: Ledger) -> None:
    rows = tables([Person(deals=(NINETY,)), Person(deals=(NINETY,)), Person(deals=(NINETY,))])
    rows["comp_plans"] = [rows["comp_plans"][0], {**rows["comp_plans"][1], "is_deleted": True}]
    ledger.run(rows)
    assert lines(ledger, "user_id") == [("u0",)]
    assert list(warnings(ledger)) == [("unknown_plan", None)]


def test_shares_that_are_no_whole_go_to_the_owner(ledger: Ledger) -> None:
    rows = tables([Person(deals=(replace(NINETY, share=Decimal("0.5")),)), Person()])
    rows["opportunity_splits"][1] = {"opportunity_id": "o0_0", "user_id": "u1", "share": Decimal("0.49998")}
    ledger.run({**rows, "opportunities": [{"opportunity_id": "o0_0"}]})
    assert lines(ledger, STEPS) == [("tier", 1, "90.00", "9.00")]
    assert list(warnings(ledger)) == [("split_not_one", "o0_0")]
    # A hundred-thousandth is how shares of a third are written.
    rows["opportunity_splits"][1] = {"opportunity_id": "o0_0", "user_id": "u1", "share": Decimal("0.49999")}
    ledger.run({**rows, "opportunities": [{"opportunity_id": "o0_0"}]})
    assert lines(ledger, "user_id, credited_amount") == [("u0", "45.00"), ("u1", "45.00")]
    assert list(warnings(ledger)) == []


def test_of_overlapping_assignments_the_one_that_began_last_counts(ledger: Ledger) -> None:
    deals = tuple(Deal(date(2025, month, 10), Decimal(100)) for month in (1, 2, 3))
    rows = tables([Person(deals=deals), Person(tiers=((Decimal(0), Decimal("0.2")),))])
    rows["comp_assignments"] = [
        {"user_id": "u0", "valid_from": date(2025, 1, 1), "plan_id": "p0"},
        {"user_id": "u0", "valid_from": date(2025, 2, 1), "plan_id": "p1", "valid_to": date(2025, 2, 28)},
        {"user_id": "u1", "valid_from": date(2025, 1, 1), "plan_id": "p1", "valid_to": date(2025, 1, 31)},
        {"user_id": "u1", "valid_from": date(2025, 2, 1), "plan_id": "p0"},
    ]
    ledger.run(rows)
    assert lines(ledger, "pay_period_start, commission_amount") == [
        (date(2025, 1, 1), "10.00"),
        (date(2025, 3, 1), "10.00"),
        (date(2025, 2, 1), "20.00"),
    ]
    assert list(warnings(ledger)) == [("assignment_overlap", "u0")]


def test_what_has_no_rate_neither_caps_nor_pays(ledger: Ledger) -> None:
    rows = tables([Person(cap=Decimal(1), spiff=Decimal(10), deals=(NINETY,))])
    rows["comp_plans"][0] = {**rows["comp_plans"][0], "currency": "JPY"}
    rows["spiffs"][0] = {**rows["spiffs"][0], "currency": "JPY"}
    ledger.run(rows)
    assert lines(ledger, STEPS) == [("tier", 1, "90.00", "9.00")]
    assert list(warnings(ledger)) == [("amount_without_rate", None), ("amount_without_rate", None)]
