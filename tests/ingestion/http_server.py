"""Real HTTP on 127.0.0.1 for the systems of our own that the sources are tested against.

Belongs here: sockets and threads. Does not belong here: what a system answers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Asked:
    """One request; `target` is its path with the query."""

    method: str
    target: str
    headers: Message
    body: bytes


# Status, headers, and the body: bytes and text as they are, anything else as JSON.
Answer = tuple[int, Mapping[str, str], Any]


class HttpServer:
    """A system that answers over HTTP while it is entered."""

    _http: ThreadingHTTPServer

    def respond(self, asked: Asked) -> Answer:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body go out in one write; of two, the second waits 40 ms for the receipt of the first.
            wbufsize = -1

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                # A body that is not read would stand before the next request of the connection.
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = server.respond(Asked(self.command, self.path, self.headers, body))
                if isinstance(content, str):
                    content = content.encode()
                sent = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)
                self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
