"""Each staging view of HubSpot has the landing contract's columns and types."""

from __future__ import annotations

from ingestion.contract import ENTITIES_BY_NAME
from tests.ingestion.hubspot.staged_account import Staged


def test_the_views_have_the_contracts_columns_and_types(staged: Staged) -> None:
    for entity in (
        *("users", "accounts", "leads", "pipeline_stages", "opportunities", "opportunity_history"),
        *("calls", "meetings", "quotas", "exchange_rates", "touches", "goals", "spend"),
    ):
        described = staged.query(f"DESCRIBE staging.stg_hubspot__{entity}")
        types = {name: type_.replace(", ", ",") for name, type_, *_ in described}
        expected = {c.name: c.type.value.replace(", ", ",") for c in ENTITIES_BY_NAME[entity].columns}
        extra = {"unreadable": "VARCHAR"} | ({"Churn_Risk": "VARCHAR"} if entity == "opportunities" else {})
        assert types == expected | extra, entity
