"""Entities of the landing contract: how customers are approached and what they are worth.

Belongs here: touches, fit, invoices, answers to surveys, and what was spent. Does not belong here: accounts, leads and
calls (`ingestion.contract.sales`).
"""

from __future__ import annotations

from ingestion.contract.model import (
    CURRENCY,
    CURRENCY_CODE,
    VERSION,
    Column,
    ColumnType,
    Entity,
    RowRule,
    key,
    required,
)

_T = ColumnType

TOUCHES = Entity(
    "touches",
    (
        key("touch_id"),
        Column("user_id", names_user=True, description="user_id of who made it; null is the rep `unassigned`."),
        Column("lead_id"),
        Column("account_id"),
        Column("opportunity_id"),
        required("channel", accepted=("email", "social", "call", "visit")),
        required("sent_at", _T.TIMESTAMP),
        Column("replied_at", _T.TIMESTAMP, description="When it was answered first."),
        Column("sequence", description="The sequence of steps that it belongs to."),
        Column("is_automated", _T.BOOLEAN, description="True: a program sent it."),
        *VERSION,
    ),
    description="Messages and visits to leads and customers",
    grain="touch",
    rules=(
        RowRule("replied_at", "replied_at >= sent_at", "replied_at is before sent_at"),
        RowRule(
            "lead_id",
            "coalesce(lead_id, account_id, opportunity_id) is not null",
            "neither a lead nor an account nor an opportunity is given",
        ),
    ),
)

LEAD_FIT = Entity(
    "lead_fit",
    (
        key("lead_id"),
        required("is_ideal_profile", _T.BOOLEAN, description="Whether the lead is the customer one looks for."),
        Column("score", _T.RATE),
        *VERSION,
    ),
    description="How well leads fit the ideal customer",
    grain="lead",
)

INVOICES = Entity(
    "invoices",
    (
        key("invoice_id"),
        required("account_id"),
        Column("opportunity_id"),
        required("invoiced_on", _T.DATE),
        Column("service_start", _T.DATE, description="First day of service, inclusive."),
        Column("service_end", _T.DATE, description="Last day of service, inclusive."),
        required("amount", _T.AMOUNT, description="A credit is negative."),
        CURRENCY,
        Column("kind", accepted_values=("new_business", "expansion", "renewal", "credit")),
        *VERSION,
    ),
    description="Invoices and credits",
    grain="invoice",
    rules=(
        RowRule("service_end", "service_end >= service_start", "service_end is before service_start"),
        RowRule(
            "service_end",
            "(service_start is null) = (service_end is null)",
            "only one of service_start and service_end is given",
        ),
        CURRENCY_CODE,
    ),
)

SURVEYS = Entity(
    "surveys",
    (
        key("response_id"),
        required("kind", accepted=("csat", "nps")),
        required("score", _T.INTEGER, description="1 to 5 of csat, 0 to 10 of nps."),
        required("responded_at", _T.TIMESTAMP),
        Column("account_id"),
        Column("opportunity_id"),
        Column("user_id", names_user=True, description="user_id of whom it is about."),
        *VERSION,
    ),
    description="Answers of customers to surveys",
    grain="answer",
    rules=(
        RowRule("score", "kind <> 'csat' or score between 1 and 5", "a csat score is not between 1 and 5"),
        RowRule("score", "kind <> 'nps' or score between 0 and 10", "an nps score is not between 0 and 10"),
    ),
)

SPEND = Entity(
    "spend",
    (
        key("spend_id"),
        required("month", _T.DATE, description="A day of the month."),
        required("category", accepted=("sales", "marketing", "training", "recruiting")),
        Column("channel", description="Of marketing the leads' source, of recruiting the candidates'."),
        required("amount", _T.AMOUNT),
        CURRENCY,
        *VERSION,
    ),
    description="What selling cost",
    grain="item",
    rules=(RowRule("amount", "amount >= 0", "amount is negative"), CURRENCY_CODE),
)
