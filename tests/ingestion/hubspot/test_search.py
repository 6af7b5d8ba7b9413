"""HubSpot's search, read to its end: records that change, show late or share a moment come once, and all come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import Loads, ids
from tests.ingestion.hubspot.server import HubSpotApi


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
