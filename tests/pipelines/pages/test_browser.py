"""Headless Chromium opens every page: nothing is said on the console, and nothing is asked of another machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.pipelines.pages.conftest import Published

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")


class Browser:
    """A page of a running browser, spoken to by its DevTools protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._sent = 0
        self._session = ""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        session = {"sessionId": self._session} if self._session else {}
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": params, **session}))
        while True:
            answer = json.loads(self._socket.recv(timeout=120))
            if answer.get("id") == self._sent:
                assert "error" not in answer, answer
                return dict(answer["result"])
            if "method" in answer and hasattr(self, "events"):
                self.events.append(answer)

    def open(self, url: str) -> list[str]:
        """Open a page, wait until it stands; what it said on the console, and what it asked of other machines."""
        self.events.clear()
        self.ask("Page.navigate", url=url)
        self.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")
        # Charts are put in place after the page has loaded.
        self.run("Promise.resolve(window.vegaEmbed && new Promise(done => setTimeout(done, 300)))")
        return [text for text in map(_complaint, self.events) if text]

    def run(self, expression: str) -> Any:
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return answer["result"].get("value")


def _complaint(event: dict[str, Any]) -> str:
    params = event["params"]
    match event["method"]:
        case "Runtime.exceptionThrown":
            return str(params["exceptionDetails"])
        case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
            return str(params["args"])
        case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
            return str(params["entry"])
        case "Network.requestWillBeSent" if not params["request"]["url"].startswith(("file:", "data:", "about:")):
            return f"asked {params['request']['url']}"
        case "Network.loadingFailed":
            return str(params)
    return ""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    folder = tmp_path_factory.mktemp("chromium")
    process = subprocess.Popen(
        [*command, f"--user-data-dir={folder}", "about:blank"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if line.startswith("DevTools listening on "))
        with connect(line.split()[-1], max_size=None, open_timeout=60) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(30)


def test_every_page_opens_without_a_word(published: Published, browser: Browser) -> None:
    assert len(published.pages) > 20
    complaints = {page.name: said for page in published.pages if (said := browser.open(page.as_uri()))}
    assert complaints == {}


def test_a_page_that_asks_elsewhere_is_found_out(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<script src="http://127.0.0.1:9/x.js"></script><script>nothing()</script>', encoding="utf-8")
    said = browser.open(page.as_uri())
    assert any("asked http://127.0.0.1:9/x.js" in each for each in said)
    assert any("nothing is not defined" in each for each in said)


def test_links_lead_somewhere_and_charts_answer(published: Published, browser: Browser) -> None:
    browser.open((published.site / "index.html").as_uri())
    assert browser.run("document.querySelectorAll('.picture .vega-embed svg').length") >= 2
    assert "2025" in browser.run("document.getElementById('as-of').textContent")
    for page in published.pages:
        browser.open(page.as_uri())
        links = browser.run("[...document.querySelectorAll('main a, nav a')].map(link => link.getAttribute('href'))")
        for file, _, anchor in {link.partition("#") for link in links}:
            target = published.site / (file or page.name)
            assert target.exists(), f"{page.name} links to {file}"
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), f"{page.name}: {file}#{anchor}"


@pytest.mark.parametrize("name", ["index.html", "deals.html"])
def test_a_page_fits_a_telephone(published: Published, browser: Browser, name: str) -> None:
    browser.ask("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=True)
    browser.open((published.site / name).as_uri())
    assert browser.run("document.documentElement.scrollWidth") <= 400
    browser.ask("Emulation.clearDeviceMetricsOverride")
