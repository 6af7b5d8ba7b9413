"""Loads of a HubSpot account into schema raw: nothing is missed, nothing doubles, a change costs what it is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.personal import PersonalColumns
from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import TOKEN, Loads
from tests.ingestion.hubspot.server import Fault, HubSpotApi, rate_limit

# What a load asks whatever changed: owners and pipelines twice, outcomes, exchange rates, campaigns, ten bins; and
# twice for each of the ten kinds of records, until five minutes ago and since.
FIXED_REQUESTS = 17
SEARCHES = 20


def ids(loads: Loads, table: str) -> list[str]:
    return [row[0] for row in loads.query(f"SELECT id FROM raw.hubspot__{table} ORDER BY id::BIGINT")]


def test_records_of_many_pages_and_all_that_belongs_to_them(loads: Loads, account: Account) -> None:
    deals = [account.create("deals", {"dealname": f"Deal {n}", "dealstage": "s1"}) for n in range(250)]
    account.update("deals", deals[7], {"dealstage": "s2", "amount": "99.50"}, by=500_011)
    company = account.create("companies", {"name": "Acme", "country": "NL"})
    account.associate("deals", deals[7], "companies", company, is_primary=True)
    loads.load()
    assert ids(loads, "deals") == deals
    assert loads.query(f"SELECT dealname, dealstage, amount FROM raw.hubspot__deals WHERE id = '{deals[7]}'") == [
        ("Deal 7", "s2", "99.50")
    ]
    history = loads.query(
        "SELECT property, value, updated_by_user_id FROM raw.hubspot__deal_history "
        f"WHERE deal_id = '{deals[7]}' ORDER BY changed_at, property"
    )
    assert history == [("dealstage", "s1", None), ("amount", "99.50", "500011"), ("dealstage", "s2", "500011")]
    assert loads.query("SELECT count(DISTINCT deal_id) FROM raw.hubspot__deal_history") == [(250,)]
    connected = "SELECT to_object, ids, primary_id FROM raw.hubspot__deal_associations WHERE ids <> '[]'"
    assert loads.query(connected) == [("companies", f'["{company}"]', company)]
    assert loads.query("SELECT first_name, user_id, archived FROM raw.hubspot__owners ORDER BY id") == [
        ("Ada", "500011", "false"),
        ("Ben", "500012", "false"),
    ]
    assert loads.query("SELECT label FROM raw.hubspot__pipeline_stages ORDER BY display_order") == [
        ("Discovery",),
        ("Won",),
        ("Lost",),
    ]


def test_an_account_without_records_has_its_tables(loads: Loads) -> None:
    loads.load()
    from ingestion.hubspot import TABLES

    for table in TABLES:
        columns = loads.query(f"SELECT * EXCLUDE (_loaded_at) FROM raw.{table.raw_name} LIMIT 0")
        assert columns == []


def test_a_second_load_brings_nothing(loads: Loads, api: HubSpotApi, account: Account) -> None:
    for number in range(120):
        account.create("deals", {"dealname": f"Deal {number}", "dealstage": "s1"})
        account.create("calls", {"hs_timestamp": "2025-01-01T09:00:00Z"})
    loads.load()
    loads_before = loads.load_count()
    loads.load()
    assert loads.load_count() == loads_before
    assert not [path for path in api.paths if "batch/read" in path]


def test_a_change_costs_work_in_proportion(loads: Loads, api: HubSpotApi, account: Account) -> None:
    deals = [account.create("deals", {"dealstage": "s1"}) for _ in range(300)]
    loads.load()
    account.tick(3600)
    account.update("deals", deals[0], {"dealstage": "s2"})
    loads.load()
    assert api.paths["POST /crm/objects/2026-09/deals/batch/read"] == 1
    associations = [path for path in api.paths.elements() if "/associations/" in path]
    assert len(associations) == 4
    # One more for the 300 deals that the overlap of an hour reaches back to.
    searches = sum(count for path, count in api.paths.items() if path.endswith("/search"))
    assert searches == SEARCHES + 1
    assert api.request_count == FIXED_REQUESTS + searches + 1 + len(associations)
    account.tick(7200)
    account.update("deals", deals[1], {"dealstage": "s2"})
    loads.load()
    assert api.request_count == FIXED_REQUESTS + SEARCHES + 1 + 4 == 42
    loads.load()
    assert api.request_count == FIXED_REQUESTS + SEARCHES == 37
    stages = "SELECT value FROM raw.hubspot__deal_history WHERE property = 'dealstage' AND deal_id = "
    assert loads.query(f"{stages}'{deals[0]}' ORDER BY changed_at") == [("s1",), ("s2",)]


def test_more_records_of_one_moment_than_a_query_gives(
    loads: Loads, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    # HubSpot's limit is 10,000; with that many the test takes 20 s and tells no more.
    monkeypatch.setattr("tests.ingestion.hubspot.server.RESULTS_PER_QUERY", 1000)
    monkeypatch.setattr("ingestion.hubspot.endpoints.RECORDS_PER_WINDOW", 1000)
    before = [account.create("contacts", {}) for _ in range(150)]
    together = [account.create("contacts", {}) for _ in range(1050)]
    moment = account.tick(60)
    for contact in together:
        account.touch("contacts", contact, moment)
    after = [account.create("contacts", {}) for _ in range(20)]
    loads.load()
    assert ids(loads, "contacts") == [*before, *together, *after]
    # The next load overlaps them all once more, and ends.
    account.update("contacts", before[0], {"lifecyclestage": "customer"})
    loads.load()
    changed = "SELECT id FROM raw.hubspot__contacts WHERE lifecyclestage = 'customer'"
    assert loads.query(changed) == [(before[0],)]


def test_a_record_that_changes_while_pages_are_read_pushes_none_out(
    loads: Loads, api: HubSpotApi, account: Account
) -> None:
    companies = [account.create("companies", {"name": str(number)}) for number in range(250)]
    changed = iter(companies[:5])

    def change_one_of_the_first_page(path: str) -> None:
        if path == "/crm/objects/2026-09/companies/search" and api.paths[f"POST {path}"] > 1:
            for company in [next(changed, None)]:
                if company:
                    account.update("companies", company, {"name": "renamed"})

    api.before_answer = change_one_of_the_first_page
    loads.load()
    api.before_answer = None
    assert ids(loads, "companies") == companies
    loads.load()
    renamed = "SELECT count(*) FROM raw.hubspot__companies WHERE name = 'renamed'"
    assert loads.query(renamed) == loads.query(
        f"SELECT {sum(account.records['companies'][c].properties['name'] == 'renamed' for c in companies)}"
    )


def test_a_new_moment_at_an_old_place_ends_no_load(loads: Loads, api: HubSpotApi, account: Account) -> None:
    contacts = [account.create("contacts", {"hs_lead_status": "NEW"}) for _ in range(1000)]
    # The newest of all ids, last on the first page: everything else would lie before it, in whatever order.
    changed = contacts[-1]
    account.index_is_late = True
    account.update("contacts", changed, {"hs_lead_status": "OPEN"}, at=datetime.now(UTC))
    api.stale.add(changed)
    loads.load()
    assert ids(loads, "contacts") == contacts[:-1]
    api.stale.clear()
    account.catch_up()
    loads.load()
    assert ids(loads, "contacts") == contacts
    assert loads.query("SELECT id FROM raw.hubspot__contacts WHERE hs_lead_status = 'OPEN'") == [(changed,)]


def test_what_search_garbles_near_the_present_comes_with_the_next_load(
    loads: Loads, api: HubSpotApi, account: Account
) -> None:
    now = datetime.now(UTC)
    old = [account.create("calls", {}, at=now - timedelta(hours=1, seconds=-each)) for each in range(250)]
    new = [account.create("calls", {}, at=now - timedelta(seconds=60 - each / 10)) for each in range(250)]
    api.is_unsettled = True
    loads.load()
    # Nothing twice; the last one of the last page did not show.
    assert ids(loads, "calls") == [*old, *new[:-1]]
    api.is_unsettled = False
    loads.load()
    assert ids(loads, "calls") == old + new


def test_a_record_that_something_touches_before_every_load_is_loaded(loads: Loads, account: Account) -> None:
    deal = account.create("deals", {"amount": "1"})
    for amount in ("2", "3"):
        account.update("deals", deal, {"amount": amount}, at=datetime.now(UTC))
        loads.load()
        assert loads.query("SELECT amount FROM raw.hubspot__deals") == [(amount,)]


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


def test_only_campaigns_on_which_something_new_was_spent_are_asked_about(
    loads: Loads, api: HubSpotApi, account: Account
) -> None:
    for number in range(120):
        account.add_campaign(f"campaign-{number}", {})
    spend = [account.spend("campaign-7", 100.5, account.now), account.spend("campaign-7", 20, account.now)]
    account.spend("campaign-8", 5, account.now)
    loads.load()
    costs = "SELECT count(*), sum(json_array_length(spend_items)) FROM raw.hubspot__campaign_costs"
    assert loads.query(costs) == [(120, 3)]
    asked = "GET /marketing/campaigns/2026-09/{}/budget/totals"
    assert [api.paths[asked.format(f"campaign-{number}")] for number in (7, 8, 9)] == [1, 1, 0]
    account.remove_spend("campaign-7", spend[0])
    loads.load()
    assert [api.paths[asked.format(f"campaign-{number}")] for number in (7, 8)] == [1, 0]
    assert loads.query(costs) == [(120, 2)]


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


def test_a_change_that_search_shows_late_is_not_missed(loads: Loads, account: Account) -> None:
    late = account.create("companies", {"name": "Late"})
    account.index_is_late = True
    account.update("companies", late, {"name": "Changed"})
    account.catch_up()
    late_change = account.tick()
    account.update("companies", late, {"name": "Late change"}, at=late_change)
    held_back = account._unindexed.copy()
    account._unindexed.clear()
    account.index_is_late = False
    account.create("companies", {"name": "Newer"})
    loads.load()
    assert ("Changed",) in loads.query("SELECT name FROM raw.hubspot__companies")
    account._unindexed = held_back
    account.catch_up()
    loads.load()
    assert ("Late change",) in loads.query("SELECT name FROM raw.hubspot__companies")


def test_a_load_that_is_cut_goes_on_where_it_was(
    loads: Loads, api: HubSpotApi, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.hubspot.endpoints.RECORDS_PER_WINDOW", 60)
    deals = [account.create("deals", {"dealstage": "s1"}, at=account.tick(7200)) for _ in range(330)]
    searches = []
    while loads.load_slice(rows=100):
        searches.append(api.paths["POST /crm/objects/2026-09/deals/search"])
        assert len(searches) < 10
    assert len(searches) >= 2
    # Half of the spans are asked for to no avail, being too large; none is asked for again by the next slice.
    assert max(searches[1:]) < 20
    assert ids(loads, "deals") == deals
    assert loads.query("SELECT count(DISTINCT deal_id) FROM raw.hubspot__deal_history") == [(330,)]


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


def test_more_associations_than_an_answer_holds(loads: Loads, api: HubSpotApi, account: Account) -> None:
    api.associations_page = 2
    crowded, lonely = (account.create("deals", {}) for _ in range(2))
    contacts = [account.create("contacts", {}) for _ in range(5)]
    for contact in contacts:
        account.associate("deals", crowded, "contacts", contact)
    account.associate("deals", lonely, "contacts", contacts[0])
    loads.load()
    found = loads.query(
        "SELECT deal_id, CAST(ids AS VARCHAR[]) FROM raw.hubspot__deal_associations "
        "WHERE to_object = 'contacts' ORDER BY deal_id"
    )
    assert found == [(crowded, contacts), (lonely, contacts[:1])]


def test_an_association_that_was_removed_is_gone(loads: Loads, account: Account) -> None:
    deal, company = account.create("deals", {}), account.create("companies", {})
    account.associate("deals", deal, "companies", company)
    loads.load()
    account.dissociate("deals", deal, "companies", company)
    account.update("deals", deal, {"dealname": "Changed"})
    loads.load()
    found = "SELECT ids FROM raw.hubspot__deal_associations WHERE to_object = 'companies'"
    assert loads.query(found) == [("[]",)]


def test_archived_restored_and_purged_records(loads: Loads, api: HubSpotApi, account: Account) -> None:
    kept, restored, purged = (account.create("deals", {}) for _ in range(3))
    meeting = account.create("meetings", {})
    loads.load()
    for deal in (restored, purged):
        account.archive("deals", deal)
    account.archive("meetings", meeting)
    loads.load()
    archived = "SELECT id, is_purged FROM raw.hubspot__archived_records WHERE NOT _is_gone ORDER BY id::BIGINT"
    assert loads.query(archived) == [(restored, "false"), (purged, "false"), (meeting, "false")]
    account.restore("deals", restored)
    account.purge("deals", purged)
    loads.load()
    assert loads.query(archived) == [(purged, "true"), (meeting, "false")]
    # What was purged is not asked about again.
    loads_before = loads.load_count()
    loads.load()
    assert loads.load_count() == loads_before
    assert not [path for path in api.paths if path.endswith("/deals/batch/read")]
    assert kept in ids(loads, "deals")


def test_a_deleted_stage_keeps_its_label(loads: Loads, account: Account) -> None:
    loads.load()
    account.delete_stage("default", "s1")
    loads.load()
    assert loads.query("SELECT label, _is_gone FROM raw.hubspot__pipeline_stages WHERE id = 's1'") == [
        ("Discovery", True)
    ]


def test_an_owner_in_both_lists_is_active(loads: Loads, account: Account) -> None:
    account.archive_owner("12")
    account.owners.append({**account.owners[1], "archived": False, "userId": 500_012})
    loads.load()
    assert loads.query("SELECT archived, user_id FROM raw.hubspot__owners WHERE id = '12'") == [("false", "500012")]


def test_custom_fields_are_columns(loads: Loads, account: Account) -> None:
    loads.options["custom_fields"] = {"opportunities": ["Churn_Risk"], "accounts": ["tier"]}
    account.create("deals", {"Churn_Risk": "high", "dealname": "Deal"})
    account.create("companies", {"tier": "gold"})
    loads.load()
    assert loads.query("SELECT churn_risk FROM raw.hubspot__deals") == [("high",)]
    assert loads.query("SELECT tier FROM raw.hubspot__companies") == [("gold",)]


def test_a_field_may_appear_disappear_and_change_its_type(loads: Loads, api: HubSpotApi, account: Account) -> None:
    first = account.create("deals", {"amount": "10"})
    loads.load()
    loads.options["custom_fields"] = {"opportunities": ["tier"]}
    second = account.create("deals", {"tier": "gold"})
    # As JSON numbers, booleans and objects, which HubSpot's text properties are not today.
    account.records["deals"][second].properties["amount"] = 12.5  # type: ignore[assignment]
    account.records["deals"][second].properties["dealname"] = {"text": "Deal"}  # type: ignore[assignment]
    account.records["deals"][second].properties["hubspot_owner_id"] = 11  # type: ignore[assignment]
    account.touch("deals", second, account.tick())
    loads.load()
    loads.options["custom_fields"] = {}
    third = account.create("deals", {"amount": "30"})
    loads.load()
    rows = loads.query("SELECT id, amount, hubspot_owner_id, tier FROM raw.hubspot__deals ORDER BY id::BIGINT")
    assert rows == [(first, "10", None, None), (second, "12.5", "11", "gold"), (third, "30", None, None)]


def test_personal_columns_are_hashed_or_dropped_at_the_door(loads: Loads, account: Account) -> None:
    hidden = {
        "hubspot__owners.email": "hash",
        "hubspot__owners.last_name": "drop",
        "hubspot__companies.name": "drop",
    }
    loads.options["personal_columns"] = PersonalColumns(hidden, "a long random text")
    account.create("companies", {"name": "Acme Secret Customer"})
    loads.load()
    ((email, first_name, last_name),) = loads.query(
        "SELECT email, first_name, last_name FROM raw.hubspot__owners WHERE id = '11'"
    )
    assert (len(email), first_name, last_name) == (64, "Ada", None)
    for path in loads.folder.rglob("*"):
        if path.is_file():
            assert b"ada@example.com" not in path.read_bytes(), path
            assert b"Acme Secret Customer" not in path.read_bytes(), path
