"""What HubSpot refuses, limits or takes away while it is read: what stops a load, what does not, and what is said."""

from __future__ import annotations

import pytest

from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import TOKEN, Loads, ids
from tests.ingestion.hubspot.server import Fault, HubSpotApi, rate_limit


def test_what_a_token_may_not_read_stops_nothing(
    loads: Loads, api: HubSpotApi, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    goals = [account.create("goal_targets", {"hs_target_amount": "100"}) for _ in range(2)]
    email = account.create("emails", {"hs_email_direction": "EMAIL"})
    account.archive("goal_targets", goals[0])
    lead = account.create("leads", {"hs_pipeline_stage": "new-stage-id"})
    account.add_lead_pipeline("lead-pipeline-id", "Leads", [("new-stage-id", "New")])
    account.add_campaign("spring", {})
    account.add_exchange_rate("EUR", "USD", 1.1, account.now)
    loads.load()
    api.faults += [
        Fault(path, 403, {"message": "This app hasn't been granted all required scopes"}, times=9)
        for path in ("/goal_targets", "/exchange-rates", "/emails", "/leads", "/campaigns")
    ]
    deal = account.create("deals", {})
    loads.load()
    assert ids(loads, "deals") == [deal]
    assert ids(loads, "goal_targets") == goals[1:]
    assert ids(loads, "emails") == [email] and "hubspot__emails is not read" in caplog.text
    assert loads.query("SELECT id, _is_gone FROM raw.hubspot__archived_records") == [(goals[0], False)]
    assert loads.query("SELECT conversion_rate, _is_gone FROM raw.hubspot__exchange_rates") == [("1.1", False)]
    for table, held in (("leads", lead), ("campaigns", "spring"), ("lead_stages", "new-stage-id")):
        assert f"hubspot__{table} is not read" in caplog.text
        assert loads.query(f"SELECT id FROM raw.hubspot__{table}") == [(held,)]
    assert loads.query("SELECT bool_or(_is_gone) FROM raw.hubspot__campaigns") == [(False,)]
    assert "hubspot__goal_targets is not read" in caplog.text and "hubspot__exchange_rates is not read" in caplog.text


def test_a_campaign_that_is_deleted_while_it_is_read_stops_nothing(
    loads: Loads, api: HubSpotApi, account: Account
) -> None:
    account.add_campaign("spring", {})
    account.spend("spring", 10, account.now)

    def delete(path: str) -> None:
        if path.endswith("/budget/totals"):
            account.campaigns.clear()

    api.before_answer = delete
    loads.load()
    assert loads.query("SELECT count(*) FROM raw.hubspot__campaign_costs") == [(0,)]
    loads.load()
    assert loads.query("SELECT id, _is_gone FROM raw.hubspot__campaigns") == [("spring", True)]


def test_a_load_that_failed_misses_nothing_afterwards(loads: Loads, api: HubSpotApi, account: Account) -> None:
    deals = [account.create("deals", {"dealstage": "s1"}) for _ in range(3)]
    api.faults.append(Fault("/deals/contacts/batch/read", 400, {"message": "no", "category": "VALIDATION_ERROR"}))
    with pytest.raises(Exception, match="no"):
        loads.load()
    loads.load()
    assert ids(loads, "deals") == deals
    assert loads.query("SELECT count(*) FROM raw.hubspot__deal_history WHERE property = 'dealstage'") == [(3,)]
    assert loads.query("SELECT count(*) FROM raw.hubspot__deal_associations") == [(12,)]


def test_limits_and_server_errors_are_waited_for(loads: Loads, api: HubSpotApi, account: Account) -> None:
    deal = account.create("deals", {})
    api.faults += [
        rate_limit("TEN_SECONDLY_ROLLING", 1, "/crm/objects/2026-09/deals/search"),
        rate_limit("SECONDLY", 1, "/crm/owners/2026-09"),
        Fault("/deals/batch/read", 502, {"status": "error"}),
    ]
    loads.load()
    assert ids(loads, "deals") == [deal]
    # Two questions, of which the first one was asked again.
    assert api.paths["POST /crm/objects/2026-09/deals/search"] == 3
    assert api.paths["POST /crm/objects/2026-09/deals/batch/read"] == 2


def test_the_daily_limit_stops_at_once_and_says_so(loads: Loads, api: HubSpotApi, account: Account) -> None:
    account.create("deals", {})
    api.faults.append(rate_limit("DAILY", 1, "/crm/objects/2026-09/deals/search", times=100))
    with pytest.raises(Exception, match="daily limit of API requests is reached"):
        loads.load()
    assert api.paths["POST /crm/objects/2026-09/deals/search"] == 1


def test_a_refusal_names_endpoint_and_message_and_no_secret(
    loads: Loads, api: HubSpotApi, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    account.create("deals", {"dealname": "Deal"})
    loads.load()
    message = f"the token {TOKEN} lacks the scope crm.objects.deals.read"
    api.faults.append(Fault("/deals/search", 403, {"status": "error", "message": message}))
    with caplog.at_level("DEBUG"), pytest.raises(Exception) as refused:
        loads.load()
    text = str(refused.value)
    assert "POST /crm/objects/2026-09/deals/search" in text and "403" in text and "crm.objects.deals.read" in text
    assert TOKEN not in text + caplog.text
    with pytest.raises(Exception, match="Authentication credentials not found") as wrong:
        loads.load_slice(token="pat-wrong-and-secret")
    assert "pat-wrong-and-secret" not in str(wrong.value)
    written = [path for path in loads.folder.rglob("*") if path.is_file()]
    assert loads.warehouse in written
    for path in written:
        assert TOKEN.encode() not in path.read_bytes(), path
