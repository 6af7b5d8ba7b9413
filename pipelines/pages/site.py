"""The site of a version: a folder with a file per page, in which only what changed is new.

Belongs here: which pages there are, and which of them are taken over from the version before. Does not belong here:
what stands on a page, and putting the version in place (`pipelines.publication.publish`).

    site/index.html, deals.html, data.html, definitions.html
    site/team-<name>.html, deals-<name>.html, rep-<user_id>.html
    site/style.css, charts.js, vega.js
    site/version.js        the as-of and the number: it alone changes with every version, the pages name neither
    site/pages.json        what each page was made of, by which the next version knows what it can take over
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.pages.rows import Answers, marts_read, read

if TYPE_CHECKING:
    from pipelines.pages.model import Page
    from pipelines.pages.words import Words

SITE = "site"
_EXTRA = ("altair", "jinja2", "vl_convert")
_HERE = Path(__file__).parent
_MANIFEST, _VEGA, _VERSION = "pages.json", "vega.js", "version.js"
_ASSETS = ("style.css", "charts.js")


def is_installed() -> bool:
    """Whether the extra `pages` is there."""
    return all(find_spec(name) for name in _EXTRA)


def has_marts(tables: Sequence[str]) -> bool:
    """Whether a version with these tables has all that the pages show."""
    return marts_read() <= {*tables}


def write_site(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    last: Path | None,
    is_untouched: Callable[[Path], bool],
    history: Sequence[tuple[int, datetime, datetime, int]],
    *,
    language: str,
    currency: str,
) -> None:
    """Write the site of a version into `folder`, which does not exist yet.

    The connection sees the version's tables as schema `marts` and the warehouse as `warehouse`. `last` is the site of
    the version before, of which every page that would be the same is linked, if the file is untouched; `history` has
    number, moments (UTC) of publication and as-of, and rows of each kept version. A version without a day has no site.
    """
    # These import what the extra brings.
    from pipelines.pages.words import words_for
    from pipelines.pages.writing import html

    answers = read(connection)
    if answers is None:
        return
    words = words_for(answers, language, currency)
    folder.mkdir()
    known = _manifest(last) if last else {}
    made: dict[str, str] = {}
    program = f"{_program()}-{language}-{currency}"
    for page in _pages(answers, history, words):
        made[page.file] = f"{program}-{page.digest}"
        if not (last and known.get(page.file) == made[page.file] and _take_over(last, folder, page.file, is_untouched)):
            (folder / page.file).write_text(html(page, words), encoding="utf-8")
    for name, release in _asset_releases().items():
        made[name] = release
        if not (last and known.get(name) == release and _take_over(last, folder, name, is_untouched)):
            _write_asset(folder / name)
    stand = answers.rows["publication"][0]
    said = words.say("as_of_version", as_of=words.moment(stand["as_of"]), version=str(stand["version"]))
    (folder / _VERSION).write_text(
        f'document.getElementById("as-of").textContent = {json.dumps(str(said))};\n', encoding="utf-8"
    )
    (folder / _MANIFEST).write_text(json.dumps(made, indent=0, sort_keys=True), encoding="utf-8")


def _pages(answers: Answers, history: Sequence[tuple[int, datetime, datetime, int]], words: Words) -> Iterator[Page]:
    from pipelines.pages.company import company_page
    from pipelines.pages.data import Published, data_page, definitions_page
    from pipelines.pages.deals import Deals
    from pipelines.pages.people import rep_page, team_page

    deals = Deals(answers)
    yield company_page(answers, deals, words)
    yield deals.company_page(words)
    yield data_page(answers, [Published(*version) for version in history], words)
    yield definitions_page(answers, words)
    teams = answers.teams()
    for team, rows in teams.items():
        yield team_page(team, rows, deals, words)
        yield deals.team_page(team, words)
    for rows in answers.by("rep").values():
        if rows["rep_profile"]:
            yield rep_page(rows, deals, words)


def _asset_releases() -> dict[str, str]:
    """What the files beside the pages are made from, by their names."""
    own = {name: hashlib.sha256((_HERE / "assets" / name).read_bytes()).hexdigest() for name in _ASSETS}
    return {**own, _VEGA: metadata.version("vl-convert-python")}


def _write_asset(file: Path) -> None:
    if file.name == _VEGA:
        import vl_convert

        # To bundle it takes seconds.
        file.write_text(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), encoding="utf-8")
    else:
        shutil.copyfile(_HERE / "assets" / file.name, file)


def _take_over(last: Path, folder: Path, name: str, is_untouched: Callable[[Path], bool]) -> bool:
    if not is_untouched(last / name):
        return False
    try:
        (folder / name).hardlink_to(last / name)
    except OSError:  # not every file system has hard links
        shutil.copyfile(last / name, folder / name)
    return True


def _manifest(last: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((last / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


@cache
def _program() -> str:
    """A hash of what makes HTML of a page's figures: this room, and the libraries."""
    digest = hashlib.sha256(
        repr([metadata.version(name) for name in ("altair", "jinja2", "vl-convert-python")]).encode()
    )
    for path in sorted(_HERE.rglob("*")):
        if path.suffix in (".py", ".j2", ".yml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()
