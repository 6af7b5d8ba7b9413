"""HubSpot's own Python client works against the test server: its shapes are not only our idea of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hubspot import HubSpot  # type: ignore[import-untyped]
from hubspot.crm.associations.v4 import (  # type: ignore[import-untyped]
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.deals import (  # type: ignore[import-untyped]
    ApiException,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
)
from hubspot.crm.owners import ApiException as OwnersApiError  # type: ignore[import-untyped]

from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.server import HubSpotApi, rate_limit, serve

TOKEN = "pat-test-vendor-client"


@pytest.fixture
def api() -> HubSpotApi:
    account = Account()
    account.add_owner("11", "Ada", "Quist", "ada@example.com", team="North")
    account.add_owner("12", "Ben", "Rowe", "ben@example.com")
    account.archive_owner("12")
    account.add_pipeline("default", "Sales", [("s1", "Open", "0.2", False), ("s2", "Won", "1.0", True)])
    return HubSpotApi(account, TOKEN)


@pytest.fixture
def client(api: HubSpotApi) -> Iterator[HubSpot]:
    with serve(api) as url:
        yield HubSpot(access_token=TOKEN, host=url)


def test_owners_with_teams_active_and_archived(client: HubSpot) -> None:
    (active,) = client.crm.owners.get_all()
    assert (active.id, active.email, active.teams[0].name, active.teams[0].primary) == (
        "11",
        "ada@example.com",
        "North",
        True,
    )
    (archived,) = client.crm.owners.owners_api.get_page(archived=True).results
    assert archived.archived and archived.user_id is None and archived.user_id_including_inactive


def test_pipelines_and_stages(client: HubSpot) -> None:
    (pipeline,) = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert pipeline.label == "Sales"
    assert [(stage.label, stage.metadata["isClosed"]) for stage in pipeline.stages] == [
        ("Open", "false"),
        ("Won", "true"),
    ]


def test_search_pages_in_order_and_ends_at_ten_thousand(api: HubSpotApi, client: HubSpot) -> None:
    ids = [api.account.create("deals", {"dealname": f"Deal {number}"}) for number in range(5)]
    search = client.crm.deals.search_api
    request = {
        "filterGroups": [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1000"}]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["dealname"],
        "limit": 2,
    }
    found: list[str] = []
    after = None
    while True:
        page = search.do_search(public_object_search_request={**request, "after": after})
        assert page.total == 5
        found += [deal.id for deal in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert found == ids
    with pytest.raises(ApiException) as refused:
        search.do_search(PublicObjectSearchRequest(limit=100, after="9950"))
    assert refused.value.status == 400


def test_batch_read_gives_history_and_names_the_missing(api: HubSpotApi, client: HubSpot) -> None:
    deal = api.account.create("deals", {"dealstage": "s1"})
    api.account.update("deals", deal, {"dealstage": "s2"}, by=500_011)
    request = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": deal}, {"id": "999"}], properties=["dealstage"], properties_with_history=["dealstage"]
    )
    answer = client.crm.deals.batch_api.read(batch_read_input_simple_public_object_id=request)
    (record,) = answer.results
    values = record.properties_with_history["dealstage"]
    assert [(value.value, value.updated_by_user_id) for value in values] == [("s2", 500_011), ("s1", None)]
    assert answer.num_errors == 1


def test_associations_page_for_each_record(api: HubSpotApi, client: HubSpot) -> None:
    api.associations_page = 2
    deal = api.account.create("deals", {})
    contacts = [api.account.create("contacts", {}) for _ in range(3)]
    for contact in contacts:
        api.account.associate("deals", deal, "contacts", contact)
    batch = client.crm.associations.v4.batch_api
    found: list[str] = []
    inputs = [{"id": deal}]
    while inputs:
        request = BatchInputPublicFetchAssociationsBatchRequest(inputs=inputs)
        (result,) = batch.get_page(
            "deals", "contacts", batch_input_public_fetch_associations_batch_request=request
        ).results
        found += [str(other.to_object_id) for other in result.to]
        inputs = [{"id": deal, "after": result.paging.next.after}] if result.paging else []
    assert found == contacts


def test_archived_records_are_listed_and_not_found(api: HubSpotApi, client: HubSpot) -> None:
    kept, gone = (api.account.create("calls", {"hs_call_direction": "OUTBOUND"}) for _ in range(2))
    api.account.archive("calls", gone)
    calls = client.crm.objects.calls
    assert [call.id for call in calls.basic_api.get_page().results] == [kept]
    (archived,) = calls.basic_api.get_page(archived=True).results
    assert archived.id == gone and archived.archived_at
    assert calls.search_api.do_search({"limit": 10}).total == 1


def test_both_ids_of_a_merge_answer_with_the_new_record(api: HubSpotApi, client: HubSpot) -> None:
    first, second = (api.account.create("companies", {"name": name}) for name in ("A", "B"))
    merged = api.account.merge("companies", first, second)
    answer = client.crm.companies.batch_api.read({"inputs": [{"id": first}, {"id": second}], "properties": []})
    assert [record.id for record in answer.results] == [merged, merged]


def test_limits_are_respected_and_a_wrong_token_is_refused(api: HubSpotApi, client: HubSpot) -> None:
    # The client waits as long as Retry-After says, and does not know what to do without it.
    api.faults.append(rate_limit("SECONDLY", 1))
    assert len(client.crm.owners.get_all()) == 1
    api.faults.append(rate_limit("DAILY", None))
    with pytest.raises(OwnersApiError) as limited:
        client.crm.owners.get_all()
    assert limited.value.status == 429 and '"policyName": "DAILY"' in limited.value.body
    client.access_token = "pat-wrong"
    with pytest.raises(OwnersApiError) as refused:
        client.crm.owners.get_all()
    assert refused.value.status == 401 and "INVALID_AUTHENTICATION" in refused.value.body
