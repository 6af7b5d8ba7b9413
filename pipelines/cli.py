"""The command line `repline`.

Belongs here: commands, options, what is printed, exit codes. Does not belong here: the work itself. Dagster,
dlt, dbt and Great Expectations take seconds to import, so only the commands that need them do.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from pipelines.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pipelines.refresh import Outcome

WORKSPACE = Path(__file__).resolve().parent.parent / "workspace.yaml"
# More warnings than these are counted; all are in the data docs and in Dagster.
_SHOWN_WARNINGS = 8
_COPIES_BY_HAND = "A copy that `repline copy --to` made still holds what it held; renew it with the same command."


class _Commands(click.Group):
    """Prints a known error as one line on stderr, exit code 1; any other is a fault and shows its trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from pipelines.errors import KNOWN_ERRORS
            from pipelines.storage_faults import storage_fault

            is_known = isinstance(error, KNOWN_ERRORS)
            fault = "" if isinstance(error, SettingsError) else storage_fault(error, Settings.from_environment())
            if not fault and not is_known:
                raise
            raise click.ClickException(fault or str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Sales performance marts from CRM and call data.

    REPLINE_HOME (default ./data) is the folder of everything that a run writes. Further settings stand in
    repline.yml, there or in the working folder; `repline init` writes one that explains them all. In the environment,
    REPLINE_LANDING (the files), REPLINE_AS_OF and others like them win over it, and REPLINE_VARS, a JSON object of
    business settings. Secrets of sources: SOURCES__<SOURCE>__<NAME>, or .dlt/secrets.toml.
    """


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
def init(folder: Path) -> None:
    """Write what a new company begins with into FOLDER, by default the working folder; no file is written over.

    That is repline.yml with every setting explained, a landing folder with a README, and .env.example with the names
    of all secrets.
    """
    from pipelines.first_files import write_first_files

    for line in write_first_files(folder):
        click.echo(line)
    click.echo("Next: put your files there and run `repline refresh`; `repline doctor` says what is still missing.")


@main.command()
def doctor() -> None:
    """A line per look at settings, disk, versions, published marts and each source. Exit code 1 for a fault.

    Each source that is on is asked some small questions; nothing is loaded or changed.
    """
    from pipelines.doctor.report import show as show_findings

    sys.exit(0 if show_findings(Settings.from_environment(), Console()) else 1)


@main.command()
@click.option("--verbose", is_flag=True, help="Show the full log of every step.")
@click.option("--reload", multiple=True, metavar="SOURCE", help="Read this source from its beginning; repeatable.")
@click.option(
    "--plan", is_flag=True, help="Show what would be read, file by file and table by table, and load nothing."
)
def refresh(verbose: bool, reload: tuple[str, ...], plan: bool) -> None:
    """Load what is new, build and judge the marts, and publish them."""
    if plan:
        from pipelines.reports.plan import show_plan
        from pipelines.reports.warehouse_reader import WarehouseUnavailableError

        try:
            show_plan(Settings.from_environment(), Console())
        except WarehouseUnavailableError as error:
            raise click.ClickException(f"what was read before is not known: {error}") from None
        return
    outcome = _refresh(Settings.from_environment(), verbose, reload)
    sys.exit(0 if outcome.success else 1)


@main.command()
@click.option("--calls", type=click.IntRange(100, 10_000_000), default=20_000, show_default=True, help="The scale.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed makes another company.")
@click.option("--verbose", is_flag=True, help="Show the full log of every step.")
def demo(calls: int, seed: int, verbose: bool) -> None:
    """Make a synthetic sales organisation, refresh, and show some of its figures."""
    from ingestion.demo import DEFAULT_UNTIL, generate
    from pipelines.reports.highlights import read_highlights, show

    settings = replace(Settings.from_environment(), as_of=DEFAULT_UNTIL)
    settings.make_home()
    console = Console()
    with console.status(f"Making a company with {calls:,} calls"):
        generate(settings.landing, calls=calls, seed=seed)
    console.print(f"Made a synthetic company with {calls:,} calls in {settings.landing}", highlight=False)
    outcome = _refresh(settings, verbose)
    if not outcome.success:
        sys.exit(1)
    show(console, read_highlights(settings.published / "repline.duckdb"))
    last_moment = f"{DEFAULT_UNTIL:%Y-%m-%dT%H:%M:%SZ}"
    # `make demo` runs it from an environment that is not active in the user's shell.
    program = "repline" if shutil.which("repline") else sys.argv[0]
    console.print(
        f"\nThe marts are in {settings.published}: repline.duckdb and parquet/. Next:\n"
        f"  {program} status   what was published, and how the last runs went\n"
        f"  {program} pages --open   the company, its teams and reps in a browser\n"
        f"  {program} serve    the lineage, the runs and the checks in a browser\n"
        f"  REPLINE_HOME=<new folder> REPLINE_LANDING=<your files> {program} refresh\n"
        f"The company's records end at REPLINE_AS_OF={last_moment}; set it to look from then.",
        highlight=False,
        soft_wrap=True,
    )


@main.command()
@click.option("--open", "opens", is_flag=True, help="Open them in a browser.")
def pages(opens: bool) -> None:
    """Say where the pages of the published version are."""
    from pipelines.publication.versions import start_page

    page = start_page(Settings.from_environment())
    click.echo(page)
    if opens and click.launch(str(page)) != 0:
        raise click.ClickException(f"no browser could be started; open {page.as_uri()} in one")


@main.command()
def status() -> None:
    """Last runs, published version, quarantined rows, failed checks."""
    from pipelines.reports.status import show_status

    show_status(Settings.from_environment(), Console())


@main.command()
def freshness() -> None:
    """A line per dataset: last event, last load, age, limit. Exit code 1 where one is too old."""
    from pipelines.reports.freshness import show_freshness

    sys.exit(0 if show_freshness(Settings.from_environment(), Console()) else 1)


@main.command()
@click.argument("metric")
@click.option("--period", required=True, help="2025-10, 2025-Q3, 2025, last quarter; quarters and years are fiscal.")
@click.option("--rep", help="By id, e-mail address or name.")
@click.option("--team", help="By name.")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="Most rows shown; 0 for all.")
def explain(metric: str, period: str, rep: str | None, team: str | None, limit: int) -> None:
    """What METRIC means, its figure, and the deals or calls behind it.

    Of a rep, a team, or else the company, in the published version. docs/kpi_catalogue.md lists the metrics.
    """
    from pipelines.reports.explained import show_explanation

    settings = Settings.from_environment()
    show_explanation(settings, Console(), metric, period, rep=rep, team=team, limit=limit or None)


@main.command()
@click.option("--test", is_flag=True, help="Only send each receiver a notice that is no alarm.")
def alert(test: bool) -> None:
    """Tell the receivers set in repline.yml what went wrong and what ended. Exit code 1 where one was not reached.

    Each alarm is told once when it begins and once when it ends. `repline serve` does this every five minutes.
    """
    from pipelines.alarms.report import lines
    from pipelines.alarms.rounds import tell, try_out
    from pipelines.alarms.senders import NOBODY, senders
    from pipelines.reports.status import last_runs

    settings = Settings.from_environment()
    if not senders(settings.alarms):
        click.echo(NOBODY, err=True)
    done = try_out(settings) if test else tell(settings, last_runs(settings))
    for line in lines(done):
        click.echo(line)
    sys.exit(1 if done.failed else 0)


@main.command()
@click.argument("version", type=int, required=False)
def rollback(version: int | None) -> None:
    """Let readers see an earlier published VERSION, by default the one before the current.

    The copy that copy_to names goes back with it.
    """
    from pipelines.publication.versions import rollback as go_back

    settings = Settings.from_environment()
    now = go_back(settings, version)
    click.echo(f"Version {now.number} is current: as of {_moment(now.as_of)}, {now.row_count:,} rows.")
    if settings.copy_to is None:
        click.echo(_COPIES_BY_HAND)
        return
    from pipelines.copying.copy import copy_published

    click.echo(str(copy_published(settings)))


@main.command()
@click.option("--to", metavar="URL", help="postgresql://user@host/database; default: the setting copy_to.")
@click.option("--schema", help="The schema of the copy; default: the setting copy_schema, else marts.")
@click.option("--reader", metavar="ROLE", help="The role that may read it; default: the setting copy_reader.")
def copy(to: str | None, schema: str | None, reader: str | None) -> None:
    """Copy the published marts into a PostgreSQL schema; only tables that changed are sent.

    The password is never part of the URL: it is COPY__PASSWORD in the environment, or `password` under [copy] in
    .dlt/secrets.toml.
    """
    settings = Settings.from_environment().with_copy(to, schema, reader)
    from pipelines.copying.copy import copy_published

    click.echo(str(copy_published(settings)))


@main.command()
@click.argument("kind", type=click.Choice(["user", "account", "lead", "candidate"]))
@click.argument("id_", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
def forget(kind: str, id_: str, dry_run: bool) -> None:
    """Remove a person or customer, and publish marts without them.

    ID is written as in the marts (user_id of dim_rep, account_id of dim_account). Rows stay under a random name, so
    that totals do. Whoever is forgotten stays so in later loads.
    """
    from ingestion.forgetting import Kind
    from pipelines.forget import forget as forget_in_home

    settings = Settings.from_environment()
    report = forget_in_home(settings, Kind(kind), id_, dry_run, click.echo)
    for done in report.done:
        click.echo(f"{done.table}: {done.rows:,} {'row' if done.rows == 1 else 'rows'}, {done.what}")
    if not report.done:
        click.echo(f"The {kind} {id_} was forgotten before; there is nothing left in the warehouse.")
    if report.files:
        click.echo("These files of your sources hold the id or name still; Repline never changes them:")
        for file in report.files:
            click.echo(f"  {file}")
    versions = ", ".join(map(str, report.versions))
    if dry_run:
        click.echo(f"Published versions that would be replaced: {versions or 'none'}. Nothing was changed.")
    elif versions:
        outcome = _refresh(settings, verbose=False)
        if not outcome.success:
            held_by = "The published version holds" if settings.copy_to is None else "What readers see may hold"
            click.echo(f"{held_by} them until a refresh succeeds.", err=True)
            sys.exit(1)
        click.echo(f"Published versions that are gone: {versions}.")
        # With copy_to, the refresh has renewed the copy.
        if settings.copy_to is None:
            click.echo(_COPIES_BY_HAND)


@main.command("map")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE..."
)
def propose_mapping(files: tuple[Path, ...]) -> None:
    """Propose a mapping for exports (CSV, Excel), to start from, on standard output."""
    from ingestion.mapping.propose import blank_lines, propose

    proposal = propose(files)
    click.echo(proposal, nl=False)
    if blanks := blank_lines(proposal):
        lines = ", ".join(map(str, blanks))
        click.echo(f"Fill in what is '?' (line {lines}) before a refresh; look at each DOUBT.", err=True)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """Start Dagster on this machine: the schedule, the sensor, and the UI on http://127.0.0.1:3000.

    It answers this machine alone, and no page of another site. ARGUMENTS go to `dagster dev`, for example --port 3001.
    """
    from pipelines.runs.instance import prepare_dagster_home

    settings = Settings.from_environment()
    prepare_dagster_home(settings)
    os.environ.update(REPLINE_HOME=str(settings.home), REPLINE_LANDING=str(settings.landing))
    command = [sys.executable, "-m", "pipelines.serving.dev", "--workspace", str(WORKSPACE), *arguments]
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


@main.command()
@click.option("--send", is_flag=True, help="Send the mails; without it nothing leaves this machine.")
@click.option("--to-folder", type=click.Path(file_okay=False, path_type=Path), help="Write them as .eml files instead.")
@click.option("--only", metavar="PERSON", help="One person, by user_id or e-mail address.")
def digest(send: bool, to_folder: Path | None, only: str | None) -> None:
    """Mail each rep their page, and each manager those of their teams; without --send, only say who would get what.

    The mail server is that of the alarms (smtp_server), the sender alarm_mail_from. Exit code 1 where an address was
    refused.
    """
    from pipelines.pages.site import is_installed

    if not is_installed():
        raise click.ClickException("repline digest needs the extra pages; run `pip install 'repline[pages]'`")
    if send and to_folder:
        raise click.UsageError("choose --send or --to-folder")
    from pipelines.alarms.senders import DeliveryError
    from pipelines.digest import delivery
    from pipelines.digest.letters import letters_of

    settings = Settings.from_environment()
    post = letters_of(settings).only(only) if only else letters_of(settings)
    told = (
        delivery.send(settings, post)
        if send
        else delivery.write(settings, post, to_folder)
        if to_folder
        else delivery.announced(post)
    )
    refused = 0
    try:
        for each in told:
            click.echo(each.text)
            refused += each.is_refused
    except DeliveryError as error:
        raise click.ClickException(str(error)) from None
    if not send and not to_folder:
        click.echo("Nothing was sent; --send sends, --to-folder writes the mails to look at.")
    sys.exit(1 if refused else 0)


@main.command()
@click.option("--http", is_flag=True, help="Serve by HTTP on this machine instead: http://127.0.0.1:PORT/mcp.")
@click.option("--port", type=click.IntRange(1, 65535), default=8321, show_default=True, help="For --http.")
@click.option("--rep", help="Tell the figures of this rep alone; default: the setting agent_rep.")
def mcp(http: bool, port: int, rep: str | None) -> None:
    """Let agents ask the published marts, by the Model Context Protocol (docs/agents.md).

    Read-only. Without --http it talks on standard input and output, as the program that starts it expects.
    """
    if not find_spec("mcp"):
        raise click.ClickException("repline mcp needs the extra mcp; run `pip install 'repline[mcp]'`")
    settings = Settings.from_environment().with_agents(rep)
    from pipelines.serving.agents import run

    if http:
        click.echo(f"Agents reach the marts at http://127.0.0.1:{port}/mcp", err=True)
    elif sys.stdin.isatty():
        click.echo(
            "Waiting on standard input for the program that asks; docs/agents.md says how to set it up.", err=True
        )
    run(settings, port if http else None)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _refresh(settings: Settings, verbose: bool, reload: Sequence[str] = ()) -> Outcome:
    if not verbose:
        # What the user needs to know is in the outcome; Python prints warnings of loggers without a handler.
        logging.getLogger().addHandler(logging.NullHandler())
        warnings.simplefilter("ignore")
    console = Console()
    with console.status("Starting"):
        # Nothing that an import makes is garbage: looking for it took a sixth of their time, and half a second of a
        # refresh that finds nothing new.
        gc.disable()
        from pipelines.refresh import run_refresh
        from pipelines.reports.progress import LiveProgress, PlainProgress
        from pipelines.sources import unmapped_files

        gc.enable()
        gc.freeze()
    live = console.is_terminal and not verbose
    with LiveProgress(console) if live else PlainProgress(console) as progress:
        outcome = run_refresh(settings, progress, verbose, reload)
    _show_outcome(outcome, settings, console)
    if outcome.success and (unread := unmapped_files(settings)):
        click.echo(f"Warning: {unread}", err=True)
    return outcome


def _show_outcome(outcome: Outcome, settings: Settings, console: Console) -> None:
    if not outcome.success:
        stands = f" Version {outcome.version.number} stands." if outcome.version else ""
        click.echo(f"Error: {outcome.failure.rstrip('.')}.{stands}", err=True)
        return
    from pipelines.publication.versions import start_page

    version = outcome.version
    if version is None or not outcome.is_new:
        click.echo(f"Nothing new; version {version.number if version else 0} stands.")
        return
    rows = outcome.rows
    origins = []
    if rows["new_files"]:
        origins.append(f"{rows['new_files']:,} new or changed files")
    if rows["new_requests"]:
        origins.append(f"{rows['new_requests']:,} requests to APIs")
    read = f"{rows['new_rows_read']:,} rows of {' and '.join(origins) or 'what was there'}"
    lines = [
        f"Published version {version.number}: as of {_moment(version.as_of)}, {version.row_count:,} rows.",
        f"Read {read}: {rows['new_rows_loaded']:,} loaded, {rows['new_rows_quarantined']:,} quarantined.",
    ]
    if hidden := rows["new_values_hidden"]:
        lines.append(
            f"Personal columns: {hidden:,} values of former loads were hidden, and the versions and files that may "
            "have held them removed."
        )
    if forgotten := rows["new_rows_forgotten"]:
        lines.append(
            f"Somebody forgotten came again from a source: {forgotten:,} rows were cleaned; delete them there."
        )
    from pipelines.reports.as_of_hint import as_of_hint

    if hint := as_of_hint(settings, version):
        lines.append(hint)
    if outcome.warnings:
        lines.append(f"Warnings, none of which stops publication: {len(outcome.warnings)}")
        lines += [f"  {warning}" for warning in outcome.warnings[:_SHOWN_WARNINGS]]
        if len(outcome.warnings) > _SHOWN_WARNINGS:
            lines.append(f"  and {len(outcome.warnings) - _SHOWN_WARNINGS} more")
    lines.append(f"All expectations: {settings.data_docs / 'index.html'}")
    if version.site.exists():
        lines.append(f"Pages: {start_page(settings)}")
    elif settings.pages:
        lines.append("It has no pages; `repline pages` says what they need.")
    console.print("\n".join(lines), highlight=False, soft_wrap=True, markup=False)
