"""The dlt source: which HubSpot tables are loaded, and how each finds what is new.

Belongs here: resources. Does not belong here: requests (`ingestion.hubspot.endpoints`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import dlt
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from dlt.extract import DltResource

from ingestion.api.client import ApiClient, ApiError
from ingestion.api.options import SourceOptions
from ingestion.api.resources import IS_GONE, ReadSince, detail_resource, is_forbidden, optional, table_resource
from ingestion.contract import RAW_SCHEMA
from ingestion.hubspot.endpoints import HubSpot, TokenAuth
from ingestion.hubspot.tables import (
    ARCHIVED_RECORDS,
    ASSOCIATIONS,
    CALL_DISPOSITIONS,
    CAMPAIGN_COSTS,
    CAMPAIGNS,
    DEAL_HISTORY,
    DEALS,
    EXCHANGE_RATES,
    LEAD_STAGES,
    OPTIONAL_TABLES,
    OWNERS,
    PIPELINE_STAGES,
    PIPELINES,
    RECORD_TABLES,
    SOURCE,
)
from ingestion.warehouse import held

# Search shows the latest changes late, twice or out of order, and some changes close to an hour late:
# https://github.com/estuary/connectors/pull/2210, /4595 and /5180.
SETTLING_SECONDS = 300
OVERLAP_SECONDS = 3600
BASE_URL = "https://api.hubapi.com"


def connect(options: SourceOptions, access_token: str, base_url: str, is_probe: bool = False) -> ApiClient:
    """A client of the account."""
    auth = TokenAuth(access_token)
    return ApiClient("HubSpot", base_url, auth, [access_token], counter=options.requests, is_probe=is_probe)


@dlt.source(name=SOURCE, max_table_nesting=0)
def source(
    options: SourceOptions,
    access_token: str = dlt.secrets.value,
    base_url: str = BASE_URL,
) -> Iterator[DltResource]:
    """A HubSpot account. `access_token` is a service key or a private app's token.

    CRM records are read by what changed, with the history and associations of the changed ones; settings and the
    recycle bin are listed whole by each load.
    """
    hubspot = HubSpot(connect(options, access_token, base_url))
    for table, read_list in (
        (OWNERS, hubspot.owners),
        (PIPELINES, hubspot.pipelines),
        (PIPELINE_STAGES, hubspot.pipeline_stages),
        (CALL_DISPOSITIONS, hubspot.call_dispositions),
    ):
        yield table_resource(table, options, _once(read_list))

    yield table_resource(LEAD_STAGES, options, optional(LEAD_STAGES, lambda _: hubspot.lead_stages()))
    yield table_resource(EXCHANGE_RATES, options, optional(EXCHANGE_RATES, lambda _: hubspot.exchange_rates()))
    campaigns = table_resource(CAMPAIGNS, options, optional(CAMPAIGNS, lambda _: hubspot.campaigns()))
    yield campaigns
    yield detail_resource(CAMPAIGN_COSTS, options, campaigns, partial(_campaign_costs, hubspot))

    until = options.slice.started_at
    settled_until = until - timedelta(seconds=SETTLING_SECONDS)
    for plain_table in RECORD_TABLES:
        table = options.table(plain_table)
        read: ReadSince = partial(hubspot.changes, table, settled_until=settled_until, until=until)
        if plain_table in OPTIONAL_TABLES:
            read = optional(table, read)
        records = table_resource(table, options, read, OVERLAP_SECONDS, SETTLING_SECONDS)
        yield records
        if plain_table is DEALS:
            yield detail_resource(DEAL_HISTORY, options, records, _of_ids(hubspot.deal_history))
        if table.name in ASSOCIATIONS:
            connections, to_objects = ASSOCIATIONS[table.name]
            read_connections = partial(hubspot.associations, connections, table.name, to_objects)
            yield detail_resource(connections, options, records, _of_ids(read_connections))

    yield table_resource(ARCHIVED_RECORDS, options, partial(_archived, hubspot))


def _once(read: Callable[[], pa.Table]) -> Callable[[datetime | None], Iterator[pa.Table]]:
    def batches(_: datetime | None) -> Iterator[pa.Table]:
        yield read()

    return batches


def _of_ids(read: Callable[[list[str]], Iterator[pa.Table]]) -> Callable[[pa.Table], Iterator[pa.Table]]:
    def details(records: pa.Table) -> Iterator[pa.Table]:
        # A record that changed while pages were read is in a batch twice.
        return read(pc.unique(records["id"]).to_pylist())

    return details


def _campaign_costs(hubspot: HubSpot, campaigns: pa.Table) -> Iterator[pa.Table]:
    """What was spent on the campaigns that are new or changed; of those that are gone, what was known stands."""
    listed = campaigns.filter(pc.invert(campaigns[IS_GONE]))
    sums = listed["hs_spend_items_sum_amount"].to_pylist()
    spent_by_id = {each: float(total or 0) != 0 for each, total in zip(listed["id"].to_pylist(), sums, strict=True)}
    return hubspot.campaign_costs(spent_by_id)


def _archived(hubspot: HubSpot, _: datetime | None) -> Iterator[pa.Table]:
    """The recycle bin, and what was in it and was deleted for good.

    A record that is in the bin no more was restored, or purged after 90 days. Only HubSpot knows which, so the few
    that left the bin since the last load are looked up; a restored one then is listed no more, which brings it back.
    """
    held = _held_archived()
    for table in RECORD_TABLES:
        of_object = held.filter(pc.equal(held["object_type"], table.name))
        try:
            in_bin = hubspot.archived(table.name)
        except ApiError as error:
            if table not in OPTIONAL_TABLES or not is_forbidden(error):
                raise
            yield of_object
            continue
        yield in_bin
        left = of_object.filter(pc.invert(pc.is_in(of_object["id"], value_set=in_bin["id"])))
        is_purged = pc.equal(left["is_purged"], "true")
        restored = hubspot.living(table.name, left.filter(pc.invert(is_purged))["id"].to_pylist())
        purged = left.filter(pc.invert(pc.is_in(left["id"], value_set=pa.array(sorted(restored), pa.string()))))
        flags = pa.array(["true"] * purged.num_rows, pa.string())
        yield purged.set_column(purged.column_names.index("is_purged"), "is_purged", flags)


def _held_archived() -> pa.Table:
    """What the warehouse holds as archived."""
    columns = ", ".join(ARCHIVED_RECORDS.columns)
    with held() as connection:
        try:
            return connection.sql(
                f"SELECT {columns} FROM {RAW_SCHEMA}.{ARCHIVED_RECORDS.raw_name} WHERE NOT {IS_GONE}"
            ).to_arrow_table()
        except duckdb.CatalogException:
            return ARCHIVED_RECORDS.empty()
