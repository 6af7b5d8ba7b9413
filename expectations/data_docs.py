"""The data docs: where they are written, how they look, and how many runs they keep.

Belongs here: the site of Great Expectations and its page views. Does not belong here: what is checked.

The library's own pages load scripts, styles and a logo from eight hosts when they are opened. These views
show the same content from the file alone: the docs can be read offline, and tell nobody that they are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.render.renderer.site_builder import DefaultSiteIndexBuilder
from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import ChoiceLoader, DictLoader, Environment

SITE_NAME = "data_docs"
# A day of hourly runs. Each run holds two pages of about 200 kB.
KEPT_RUNS = 24

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 24px auto; }
h1 { font-size: 22px; } h5 { font-size: 13px; margin: 14px 0 2px; color: #555; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 4px 8px; vertical-align: top; }
tr { border-bottom: 1px solid #ddd; } td:first-child { width: 1.5em; } td:nth-child(3) { min-width: 9em; }
p { margin: 0; } ul, ol { list-style: none; padding: 0; } pre { white-space: pre-wrap; }
.cooltip > .top, .ge-section ~ .ge-section thead, .ge-index-page-site-name-title { display: none; }
body:has(#only-failed:checked) .ge-section:has(.hide-succeeded-validation-target-child) { display: none; }
.fa-check-circle::before { content: "\\2714"; }
.fa-times::before { content: "\\2718"; }
.fa-exclamation-triangle::before { content: "\\26a0"; }
.text-success { color: #197a33; }
.text-danger, .text-warning { color: #c0182b; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <meta name="viewport" content="width=device-width, initial-scale=1.0">
  <title>{{ page_title or "Data quality gates" }}</title>
  <style>{% include "style.css" %}</style>
</head>
<body>
  {% if page_title %}
  <p><a href="../../../../index.html">All runs</a>
  <label><input type="checkbox" id="only-failed"> only what failed</label></p>{% endif %}
  <h1>{{ page_title or "Data quality gates" }}</h1>
  {% for section in sections %}{% set section_loop = loop -%}{% include "section.j2" %}{% endfor %}
</body>
</html>
"""
COLLAPSE = """<details>
<summary>{{ content_block.get("collapse_toggle_link", "More") | render_content_block }}</summary>
{% for block in content_block["collapse"] %}{{ block | render_content_block }}{% endfor %}</details>
"""
TABS = """{% for tab in content_block["tabs"] %}{{ tab["tab_content"] | render_content_block }}{% endfor %}"""
INDEX_TABLE = """<table>
<thead><tr><th>All held</th><th>Gate</th><th>Time of the run</th><th>Run</th></tr></thead>
{% for row in content_block["table_data"] | render_bootstrap_table_data %}
<tr><td>{{ row["validation_success"] }}</td>
<td><a href="{{ row["_table_row_link_path"] }}">{{ row["_expectation_suite_name_sort"] }}</a></td>
<td>{{ row["run_time"] }}</td><td>{{ row["run_name"] }}</td></tr>
{% endfor %}</table>
"""
TEMPLATES = DictLoader(
    {
        "style.css": STYLE,
        "page.j2": PAGE,
        "index_page.j2": PAGE,
        "collapse.j2": COLLAPSE,
        "tabs.j2": TABS,
        "bootstrap_table.j2": INDEX_TABLE,
    }
)


class OfflinePageView(DefaultJinjaPageView):
    """The page of one validation."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _use_templates(self.env)

    def render(self, document: Any, template: Any = None, **kwargs: Any) -> str:
        # The page names its suite with a link to a page of the suite, which this site does not have.
        page: str = super().render(document, template, **kwargs)
        return re.sub(r'<a href="[^"]*/expectations/[^"]*"[^>]*>(.*?)</a>', r"\1", page)


class OfflineIndexPageView(DefaultJinjaIndexPageView):
    """The list of the kept runs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _use_templates(self.env)


class KeptResultsIndexBuilder(DefaultSiteIndexBuilder):
    """The index of the kept validations, of which it reads only what it shows.

    The library makes objects of all expectations of each, 35 ms of processor time per validation and gate.
    """

    def _add_validations_to_index_links(
        self, index_links_dict: dict[str, Any], keys: Iterable[ValidationResultIdentifier]
    ) -> None:
        kept = self.data_context.validation_results_store.store_backend
        for key in sorted(keys, key=lambda key: key.run_id.run_time, reverse=True):
            try:
                validation = json.loads(kept.get(key.to_tuple()))
            except ValueError:  # a gate was killed while it wrote this
                continue
            self.add_resource_info_to_index_links_dict(
                index_links_dict=index_links_dict,
                expectation_suite_name=key.expectation_suite_identifier.name,
                section_name="validations",
                batch_identifier=key.batch_identifier,
                run_id=key.run_id,
                validation_success=validation["success"],
                run_time=key.run_id.run_time,
                run_name=key.run_id.run_name,
                asset_name=key.expectation_suite_identifier.name,
            )


def _use_templates(env: Environment) -> None:
    """Let our templates stand before the library's of the same name."""
    env.loader = ChoiceLoader([TEMPLATES, *([env.loader] if env.loader else [])])


def site(folder: Path) -> dict[str, Any]:
    """The site's configuration: a page for each validation and an index, written to `folder`."""
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder.resolve()),
        },
        "site_index_builder": {
            "module_name": __name__,
            "class_name": "KeptResultsIndexBuilder",
            "view": {"module_name": __name__, "class_name": "OfflineIndexPageView"},
        },
        "site_section_builders": {
            "validations": {"view": {"module_name": __name__, "class_name": "OfflinePageView"}},
            # A validation's page shows its suite too; suites are code, and nothing is profiled.
            "expectations": "None",
            "profiling": "None",
        },
    }


def prune(context: EphemeralDataContext, suite: str) -> None:
    """Forget the oldest validations of a suite, so that `KEPT_RUNS` are there after the next one.

    The next build of the index removes their pages.
    """
    store = context.validation_results_store
    keys = [key for key in store.list_keys() if isinstance(key, ValidationResultIdentifier)]
    of_suite = [key for key in keys if key.expectation_suite_identifier.name == suite]
    of_suite.sort(key=lambda key: key.run_id.run_time, reverse=True)
    for key in of_suite[KEPT_RUNS - 1 :]:
        store.remove_key(key)


def page_of(folder: Path, validation: ValidationResultIdentifier) -> Path:
    """The HTML file that shows a validation."""
    *parents, name = validation.to_tuple()
    return folder.joinpath("validations", *parents, f"{name}.html")
