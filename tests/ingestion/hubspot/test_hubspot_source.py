"""Loads of a HubSpot account into schema raw: what stands there, what becomes of it, and what a change costs.

Does not belong here: how search is read to its end (`test_search`), columns that are asked for or hidden
(`test_columns`), or what the API refuses (`test_faults`).
"""

from __future__ import annotations

from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import Loads, ids
from tests.ingestion.hubspot.server import HubSpotApi

# What a load asks whatever changed: owners and pipelines twice, outcomes, exchange rates, campaigns, ten bins; and
# twice for each of the ten kinds of records, until five minutes ago and since.
FIXED_REQUESTS = 17
SEARCHES = 20


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
