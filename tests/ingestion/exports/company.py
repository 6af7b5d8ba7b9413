"""One small company in three forms: landing files, exports in other names and formats, tables of a database.

Belongs here: writing the forms. Does not belong here: what a test expects of them. The ids of the landing files are
prefixed as the other source's are, so that the same marts come out.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import xlsxwriter  # type: ignore[import-untyped]  # has no type information

from ingestion.contract import ENTITIES, Column, ColumnType, Entity
from ingestion.demo import generate
from tests.ingestion.demo.demo_files import opened

# Has no summer time: no hour of it comes twice, so that local times lose nothing.
LOCAL_ZONE = "Asia/Kolkata"
_IN_WORKBOOK = ("users", "pipeline_stages", "quotas")
_WORDS = {"inbound": "Incoming", "outbound": "Outgoing", "no_answer": "No answer", "no_show": "No-show"}


def demo(folder: Path, calls: int) -> duckdb.DuckDBPyConnection:
    """The synthetic company, a view for each entity that it has."""
    generate(folder, calls=calls)
    return opened(folder)


def entities(company: duckdb.DuckDBPyConnection) -> list[Entity]:
    """The entities that the company has rows of."""
    names = {name for (name,) in company.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}
    return [entity for entity in ENTITIES if entity.name in names]


def write_landing(company: duckdb.DuckDBPyConnection, folder: Path, prefix: str) -> None:
    """Landing files of the company; ids are prefixed as those of another source are."""
    folder.mkdir(parents=True)
    for entity in entities(company):
        columns = ", ".join(_prefixed(column, prefix) for column in entity.columns)
        company.execute(f"COPY (SELECT {columns} FROM {entity.name}) TO '{folder}/{entity.name}.parquet'")


def write_exports(company: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Exports as a CRM in Germany might save them, one workbook among them, with their mapping."""
    folder.mkdir(parents=True)
    mapping = ["encoding: cp1252", "delimiter: ;", f"timezone: {LOCAL_ZONE}", "entities:"]
    with xlsxwriter.Workbook(folder / "book.xlsx") as book:
        for entity in entities(company):
            mapping.append(f"  {entity.name}:")
            if entity.name in _IN_WORKBOOK:
                _write_sheet(company, entity, book)
                mapping += ["    file: book.xlsx", f"    sheet: {entity.name}", "    header_row: 3", "    columns:"]
                mapping += [f"      {column.name}: {_title(column)}" for column in entity.columns]
                continue
            columns = ", ".join(f'{_as_exported(column)} AS "{_title(column)}"' for column in entity.columns)
            text = folder / f"{entity.name}.utf8"
            company.execute(f"COPY (SELECT {columns} FROM {entity.name}) TO '{text}' (FORMAT csv, DELIMITER ';')")
            (folder / f"Export {entity.name}.csv").write_text(text.read_text(), encoding="cp1252")
            text.unlink()
            mapping += [f"    file: Export {entity.name}.csv", "    columns:"]
            mapping += [f"      {column.name}: {_export_spec(column)}" for column in entity.columns]
    (folder / "mapping.yml").write_text("\n".join(mapping) + "\n")


def table_definition(entity: Entity) -> str:
    """The columns of the entity's table in PostgreSQL: other names, its own types."""
    types = {
        ColumnType.TEXT: "text",
        ColumnType.INTEGER: "smallint",
        ColumnType.AMOUNT: "numeric",
        ColumnType.RATE: "numeric",
        ColumnType.FIGURE: "numeric",
        ColumnType.FRACTION: "real",
        ColumnType.SECONDS: "numeric",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
        ColumnType.TIMESTAMP: "timestamptz",
    }
    return ", ".join(f'"{_title(column)}" {types[column.type]}' for column in entity.columns)


def table_rows(company: duckdb.DuckDBPyConnection, entity: Entity, target: Path) -> bytes:
    """The entity's rows as CSV with the columns of `table_definition`."""
    columns = ", ".join(
        f"{column.name} || '+00'" if column.type is ColumnType.TIMESTAMP else column.name for column in entity.columns
    )
    company.execute(f"COPY (SELECT {columns} FROM {entity.name}) TO '{target}' (FORMAT csv, HEADER false)")
    return target.read_bytes()


def table_mapping(company: duckdb.DuckDBPyConnection) -> str:
    """The mapping of the tables."""
    lines = ["entities:"]
    for entity in entities(company):
        lines += [f"  {entity.name}:", f"    table: CRM.{entity.name}"]
        lines += ["    cursor: The updated_at"] if entity.has_versions else []
        lines += ["    columns:", *(f"      {column.name}: {_title(column)}" for column in entity.columns)]
    return "\n".join(lines) + "\n"


def _prefixed(column: Column, prefix: str) -> str:
    if column.is_id:
        prefixed = f"'{prefix}:' || {column.name}"
        return f"if({column.is_id_where or 'true'}, {prefixed}, {column.name}) AS {column.name}"
    return column.name


def _title(column: Column) -> str:
    return f"The {column.name}"


def _as_exported(column: Column) -> str:
    name = column.name
    match column.type:
        case ColumnType.TIMESTAMP:
            return f"strftime({name} + INTERVAL '330 minutes', '%d.%m.%Y %H:%M:%S.%f')"
        case ColumnType.DATE:
            return f"strftime({name}, '%d.%m.%Y')"
        case ColumnType.AMOUNT:
            return f"replace(replace(replace(format('€ {{:,.2f}}', {name}::DOUBLE), ',', '#'), '.', ','), '#', '.')"
        case ColumnType.RATE:
            return f"replace({name}::VARCHAR, '.', ',')"
        case ColumnType.SECONDS:
            return f"{name} * 1000"
        case ColumnType.BOOLEAN:
            return f"CASE WHEN {name} THEN 'Ja' ELSE 'Nein' END"
        case _ if column.accepted_values:
            cases = " ".join(f"WHEN '{value}' THEN '{word}'" for value, word in _WORDS.items())
            return f"CASE {name} {cases} ELSE {name} END"
        case _:
            return name


def _export_spec(column: Column) -> str:
    title = _title(column)
    match column.type:
        case ColumnType.TIMESTAMP:
            return f"{{column: {title}, format: '%d.%m.%Y %H:%M:%S.%f'}}"
        case ColumnType.DATE:
            return f"{{column: {title}, format: '%d.%m.%Y'}}"
        case ColumnType.AMOUNT:
            return f"{{column: {title}, decimal: ',', thousands: ., symbols: €}}"
        case ColumnType.RATE:
            return f"{{column: {title}, decimal: ','}}"
        case ColumnType.SECONDS:
            return f"{{column: {title}, unit: milliseconds}}"
        case ColumnType.BOOLEAN:
            return f"{{column: {title}, true: Ja, false: Nein}}"
        case _ if column.accepted_values:
            words = ", ".join(f"{word}: {value}" for value, word in _WORDS.items())
            return f"{{column: {title}, values: {{{words}}}}}"
        case _:
            return title


def _write_sheet(company: duckdb.DuckDBPyConnection, entity: Entity, book: xlsxwriter.Workbook) -> None:
    """A sheet with a title above its header, and cells of their types; moments in local time."""
    page = book.add_worksheet(entity.name)
    formats = {
        ColumnType.DATE: book.add_format({"num_format": "dd.mm.yyyy"}),
        ColumnType.TIMESTAMP: book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
    }
    page.write(0, 0, "Report")
    page.write_row(2, 0, [_title(column) for column in entity.columns])
    selected = ", ".join(
        f"{column.name} + INTERVAL '330 minutes'" if column.type is ColumnType.TIMESTAMP else column.name
        for column in entity.columns
    )
    for number, row in enumerate(company.execute(f"SELECT {selected} FROM {entity.name}").fetchall(), start=3):
        for position, (column, value) in enumerate(zip(entity.columns, row, strict=True)):
            if value is not None:
                page.write(number, position, value, formats.get(column.type))
