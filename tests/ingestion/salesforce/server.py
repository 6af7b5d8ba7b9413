"""Salesforce as a local HTTP server: OAuth, describe, query and queryAll, Bulk API 2.0 query jobs, and its faults.

Belongs here: what the vendor documents of its REST API and of its errors. Does not belong here: records (`org`),
reading SOQL (`soql`).
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import itertools
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.ingestion.salesforce.org import OBJECTS, Org, record_id
from tests.ingestion.salesforce.soql import Query, SoqlError, parse

API_VERSIONS = ("59.0", "60.0", "61.0", "62.0")

CLIENT_ID = "3MVG9-the-consumer-key"
CLIENT_SECRET = "the-consumer-secret-0123456789"
USERNAME = "integration@repline.example"
PASSWORD = "the-password-of-the-user"
SECURITY_TOKEN = "SecurityTokenOfTheUser"


@cache
def private_key() -> str:
    """The key whose certificate the connected app has."""
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


class RefusalError(Exception):
    """An answer that is an error: status and the vendor's list of errors, or the body of another."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Any = [{"message": message, "errorCode": code}]
        self.headers = headers or {}


@dataclass
class Fault:
    """What the next requests whose path holds `path` get instead of their answer, `times` times."""

    refusal: RefusalError
    path: str = ""
    times: int = 1


@dataclass
class BulkJob:
    """A query job. `polls` is how often it was asked for its state, which is how time passes here."""

    id: str
    operation: str
    text: str
    query: Query
    rows: list[dict[str, Any]]
    polls: int = 0
    state: str = "UploadComplete"


@dataclass
class SalesforceServer:
    """Serves an organisation on 127.0.0.1 while it is entered. `requests` are method and path of each call."""

    org: Org = field(default_factory=Org)
    # The vendor's: 2,000 records per page of a query.
    page_size: int = 2000
    # A query that puts this many rows in order, or counts them, takes longer than the vendor lets a client wait.
    slow_from_rows: int = 1_000_000
    # How such a query is refused; events and tasks know OPERATION_TOO_LARGE besides.
    slow_code: str = "QUERY_TIMEOUT"
    # The most rows of a page of bulk results, whatever is asked for.
    bulk_page_size: int = 50_000
    # How often a bulk job is asked for its state before it is complete.
    polls_until_complete: int = 1
    api_calls_left: int = 100_000
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    # Called with each path before it is answered: late changes, kills.
    before: Callable[[str], None] = field(default=lambda path: None)
    jobs: dict[str, BulkJob] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    # What the next logins get, where a test has to know it.
    next_tokens: list[str] = field(default_factory=list)
    has_bulk: bool = True
    # How many of the next bulk jobs fail.
    failing_jobs: int = 0

    def __post_init__(self) -> None:
        self.numbers = itertools.count(1)
        self.cursors: dict[str, list[dict[str, Any]]] = {}
        self.lock = threading.RLock()

    def __enter__(self) -> SalesforceServer:
        handler = type("Handler", (_Handler,), {"salesforce": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def expire_tokens(self) -> None:
        """All sessions end: the next call is answered with 401."""
        self.tokens.clear()

    def fail(self, status: int, code: str, message: str, path: str = "", times: int = 1, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        refusal = RefusalError(status, code, message, names)
        if status == 204:
            refusal.body = None
        self.faults.append(Fault(refusal, path, times))

    def count(self, path: str) -> int:
        """How many calls had this in their path."""
        return sum(path in each for _, each in self.requests)


class _Handler(BaseHTTPRequestHandler):
    salesforce: ClassVar[SalesforceServer]
    protocol_version = "HTTP/1.1"
    # Head and body are two writes; the second would wait for the acknowledgement of the first.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        server = self.salesforce
        parts = urlsplit(self.path)
        self._parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.before(parts.path)
        with server.lock:
            server.requests.append((self.command, parts.path))
            try:
                self._fault(parts.path)
                if parts.path == "/services/oauth2/token":
                    self._send(200, self._token())
                    return
                self._authorise()
                self._route(self.command, unquote(parts.path))
            except RefusalError as refusal:
                self._send(refusal.status, refusal.body, refusal.headers)
            except SoqlError as error:
                self._send(400, [{"message": f"\n{error}", "errorCode": error.code}])

    def _fault(self, path: str) -> None:
        for fault in list(self.salesforce.faults):
            if fault.path in path:
                fault.times -= 1
                if fault.times <= 0:
                    self.salesforce.faults.remove(fault)
                raise fault.refusal

    # OAuth 2.0 flows for server-to-server integration, by secret or by signature, and for usernames and passwords.
    def _token(self) -> dict[str, str]:
        form = {name: values[0] for name, values in parse_qs(self._body.decode()).items()}
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            form["client_id"], _, form["client_secret"] = base64.b64decode(encoded).decode().partition(":")
        if form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            self._verify(form.get("assertion", ""))
            return self._new_token()
        if form.get("client_id") != CLIENT_ID:
            raise self._no_token("invalid_client_id", "client identifier invalid")
        if form.get("client_secret") != CLIENT_SECRET:
            raise self._no_token("invalid_client", "invalid client credentials")
        if form.get("grant_type") == "password":
            if (form.get("username"), form.get("password")) != (USERNAME, PASSWORD + SECURITY_TOKEN):
                raise self._no_token("invalid_grant", "authentication failure")
        elif form.get("grant_type") != "client_credentials":
            raise self._no_token("unsupported_grant_type", "grant type not supported")
        return self._new_token()

    def _verify(self, assertion: str) -> None:
        """Whether it is signed by the app's key, for a user that the app is approved for, and good for minutes only."""
        public_key = serialization.load_pem_private_key(private_key().encode(), None).public_key()
        try:
            claims = jwt.decode(assertion, public_key, ["RS256"], audience="https://login.salesforce.com")  # type: ignore[arg-type]
        except jwt.InvalidAudienceError:
            raise self._no_token("invalid_grant", "audience is invalid") from None
        except jwt.PyJWTError:
            raise self._no_token("invalid_grant", "invalid assertion") from None
        if claims.get("iss") != CLIENT_ID:
            raise self._no_token("invalid_client_id", "client identifier invalid")
        if claims.get("sub") != USERNAME:
            raise self._no_token("invalid_grant", "user hasn't approved this consumer")
        if int(claims["exp"]) - datetime.now(UTC).timestamp() > 300:
            raise self._no_token("invalid_grant", "expired authorization code")

    def _new_token(self) -> dict[str, str]:
        known = self.salesforce.next_tokens
        token = known.pop() if known else f"00D5g00000AbCdE!AQ{next(self.salesforce.numbers):08}.access"
        self.salesforce.tokens.add(token)
        return {
            "access_token": token,
            "signature": "c2lnbmF0dXJl",
            "instance_url": self.salesforce.url,
            "id": f"{self.salesforce.url}/id/00D5g00000AbCdEEAV/0055g000000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(datetime.now(UTC).timestamp() * 1000)),
        }

    @staticmethod
    def _no_token(error: str, description: str) -> RefusalError:
        refusal = RefusalError(400, error, description)
        refusal.body = {"error": error, "error_description": description}
        return refusal

    def _authorise(self) -> None:
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.salesforce.tokens:
            raise RefusalError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.salesforce.api_calls_left <= 0:
            raise RefusalError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.salesforce.api_calls_left -= 1

    def _route(self, method: str, path: str) -> None:
        if path.rstrip("/") == "/services/data":
            self._send(200, [{"label": v, "url": f"/services/data/v{v}", "version": v} for v in API_VERSIONS])
            return
        match = re.fullmatch(r"/services/data/v(\d+\.\d)(/.*)", path)
        if not match or match[1] not in API_VERSIONS:
            raise RefusalError(404, "NOT_FOUND", "The requested resource does not exist")
        self._version = match[1]
        for pattern, expected, answer in (
            (r"/limits/?", "GET", self._limits),
            (r"/sobjects/?", "GET", self._global_describe),
            (r"/sobjects/(\w+)/describe/?", "GET", self._describe),
            (r"/(query|queryAll)/?", "GET", self._query),
            (r"/(?:query|queryAll)/(01g\w+-\d+)", "GET", self._query_more),
            (r"/jobs/query/?", "POST", self._create_job),
            (r"/jobs/query/(\w+)", "GET", self._job_info),
            (r"/jobs/query/(\w+)", "DELETE", self._delete_job),
            (r"/jobs/query/(\w+)/results", "GET", self._job_results),
        ):
            resource = re.fullmatch(pattern, match[2])
            if resource and method == expected:
                answer(*resource.groups())
                return
        raise RefusalError(404, "NOT_FOUND", "The requested resource does not exist")

    def _limits(self) -> None:
        left = self.salesforce.api_calls_left
        self._send(200, {"DailyApiRequests": {"Max": 100_000, "Remaining": left}})

    def _global_describe(self) -> None:
        names = self.salesforce.org.visible_objects()
        self._send(200, {"encoding": "UTF-8", "sobjects": [{"name": n, "queryable": True} for n in names]})

    def _describe(self, sobject: str) -> None:
        if sobject not in self.salesforce.org.visible_objects():
            raise RefusalError(404, "NOT_FOUND", "The requested resource does not exist")
        fields = self.salesforce.org.visible_fields(sobject)
        self._send(
            200,
            {
                "name": sobject,
                "queryable": True,
                "fields": [
                    {"name": name, "type": kind, "custom": name.endswith("__c"), "nillable": kind != "id"}
                    for name, kind in fields.items()
                ],
            },
        )

    def _query(self, resource: str) -> None:
        text = self._parameters.get("q", "")
        self.salesforce.queries.append(text)
        query = parse(text)
        rows = self._selected(query, resource == "queryAll")
        if (query.order or query.is_count) and len(rows) >= self.salesforce.slow_from_rows:
            raise RefusalError(400, self.salesforce.slow_code, "Your query request was running for too long.")
        if query.is_count:
            self._send(200, {"totalSize": len(rows), "done": True, "records": []})
            return
        records = [
            {
                "attributes": {
                    "type": query.object,
                    "url": f"/services/data/v{self._version}/sobjects/{query.object}/{row['Id']}",
                },
                **{name: row[name] for name in query.fields},
            }
            for row in rows
        ]
        locator = record_id("Task", next(self.salesforce.numbers)).replace("00T", "01g", 1)
        self.salesforce.cursors[locator] = records
        self._page(locator, 0)

    def _query_more(self, locator: str) -> None:
        name, _, offset = locator.partition("-")
        if name not in self.salesforce.cursors:
            raise RefusalError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        self._page(name, int(offset))

    def _page(self, locator: str, offset: int) -> None:
        records = self.salesforce.cursors[locator]
        end = offset + self.salesforce.page_size
        page: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records)}
        if end < len(records):
            page["nextRecordsUrl"] = f"/services/data/v{self._version}/query/{locator}-{end}"
        self._send(200, page | {"records": records[offset:end]})

    def _selected(self, query: Query, with_deleted: bool) -> list[dict[str, Any]]:
        """The rows of a query, by the user's rights. Raises SoqlError as the vendor does."""
        org = self.salesforce.org
        spelled = {name.lower(): name for name in org.visible_objects()}
        if query.object.lower() not in spelled or spelled[query.object.lower()] in org.unqueryable:
            raise SoqlError("INVALID_TYPE", f"sObject type '{query.object}' is not supported.")
        query.object = spelled[query.object.lower()]
        fields = {name.lower(): name for name in org.visible_fields(query.object)}
        used = [*query.fields, *query.condition_fields, *(name for name, _ in query.order)]
        for name in used:
            if name.lower() not in fields and name != "COUNT()":
                raise SoqlError("INVALID_FIELD", f"No such column '{name}' on entity '{query.object}'.")
        if not query.is_count:
            query.fields = [fields[name.lower()] for name in query.fields]
        return [dict(row) for row in query.rows(org.found(query.object, with_deleted))]

    def _create_job(self) -> None:
        if not self.salesforce.has_bulk:
            raise RefusalError(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
        wanted = json.loads(self._body)
        query = parse(wanted["query"])
        self.salesforce.queries.append(wanted["query"])
        rows = self._selected(query, wanted["operation"] == "queryAll")
        key = record_id("Task", next(self.salesforce.numbers)).replace("00T", "750", 1)
        job = BulkJob(key, wanted["operation"], wanted["query"], query, rows)
        self.salesforce.jobs[key] = job
        self._send(200, self._job(job))

    def _job_info(self, key: str) -> None:
        job = self._found(key)
        if job.state in ("UploadComplete", "InProgress"):
            job.polls += 1
            job.state = "JobComplete" if job.polls >= self.salesforce.polls_until_complete else "InProgress"
            if self.salesforce.failing_jobs and job.state == "JobComplete":
                self.salesforce.failing_jobs -= 1
                job.state = "Failed"
        self._send(200, self._job(job))

    def _delete_job(self, key: str) -> None:
        del self.salesforce.jobs[self._found(key).id]
        self._send(204, None)

    def _job_results(self, key: str) -> None:
        job = self._found(key)
        if job.state != "JobComplete":
            raise RefusalError(400, "INVALIDJOBSTATE", "Results are available when the job is complete")
        start = int(base64.b64decode(self._parameters.get("locator", "MA==")))
        most = self.salesforce.bulk_page_size
        end = start + min(int(self._parameters.get("maxRecords", most)), most)
        page = job.rows[start:end]
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(job.query.fields)
        kinds = OBJECTS[job.query.object]
        writer.writerows([_csv_value(row[name], kinds.get(name, "")) for name in job.query.fields] for row in page)
        locator = base64.b64encode(str(end).encode()).decode() if end < len(job.rows) else "null"
        headers = {"Sforce-NumberOfRecords": str(len(page)), "Sforce-Locator": locator}
        self._send(200, text.getvalue(), {"Content-Type": "text/csv", **headers})

    def _found(self, key: str) -> BulkJob:
        if key not in self.salesforce.jobs:
            raise RefusalError(404, "NOT_FOUND", "The requested resource does not exist")
        return self.salesforce.jobs[key]

    def _job(self, job: BulkJob) -> dict[str, Any]:
        return {
            "id": job.id,
            "operation": job.operation,
            "object": job.query.object,
            "state": job.state,
            "contentType": "CSV",
            "concurrencyMode": "Parallel",
            "apiVersion": float(self._version),
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
            "numberRecordsProcessed": len(job.rows) if job.state == "JobComplete" else 0,
            **({"errorMessage": "Query job failed: retried 15 times"} if job.state == "Failed" else {}),
        }

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        sent = text.encode()
        headers = {"Content-Type": "application/json;charset=UTF-8", **(headers or {})}
        if "gzip" in self.headers.get("Accept-Encoding", "") and sent:
            sent = gzip.compress(sent, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        headers["Sforce-Limit-Info"] = f"api-usage={100_000 - self.salesforce.api_calls_left}/100000"
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


def _csv_value(value: Any, kind: str) -> str:
    """A value as the Bulk API writes it, which is not always how the REST API does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if kind == "datetime":
        return str(value).replace("+0000", "Z")
    return str(value)
