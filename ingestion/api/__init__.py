"""What every API source shares: requests, pages as Arrow tables, and resources that go on where they were.

Belongs here: what is the same for each system. Does not belong here: a system's endpoints, objects and paging
(`ingestion.<system>`), or their mapping onto the landing contract (dbt staging).

A source declares its `TABLES` (`ApiTable`), asks its system by an `ApiClient` for pages, reads their bodies with
`ApiTable.read` or `read_json`, and hands the batches to `table_resource`, in ascending order of the cursor. What
belongs to a record (associations, history) is a `detail_resource`, read for new and changed records only; its table
holds one row per record with what can go away again as a JSON list, or rows that never change. Tables that are small
and have no cursor are listed whole by each load.
"""
