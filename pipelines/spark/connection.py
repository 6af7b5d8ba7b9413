"""How dbt reaches Spark: by a session of this process, or by the Thrift server of a cluster.

Belongs here: starting the session, the server's address and password, what is missing. Does not belong here: tables
(`pipelines.spark.lake`).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import dlt

from ingestion.text import one_line
from pipelines.settings import Settings

# Its name, as dlt reads it: SPARK__PASSWORD, or [spark] in secrets.toml.
PASSWORD = "spark.password"  # noqa: S105
# What has to be said before Java starts; what holds of each statement stands in dbt's profile. Where nothing else is
# said (PYSPARK_SUBMIT_ARGS, spark-defaults.conf), the master is this machine with all its cores.
SESSION = {
    "spark.driver.memory": "2g",
    # The tables of a build are declared by the build.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
LEAST_JAVA = 17
NO_JAVA = f"Spark needs Java {LEAST_JAVA} or newer; install it, or set JAVA_HOME to where it is"


class SparkError(RuntimeError):
    """Spark cannot be used; the message is one line that says what is missing."""


@dataclass(frozen=True)
class Endpoint:
    """A Thrift server of Spark. `options` are dbt-spark's: auth, kerberos_service_name, use_ssl."""

    host: str
    port: int
    user: str
    password: str | None = field(repr=False)
    options: dict[str, str]

    @classmethod
    def of(cls, settings: Settings) -> Endpoint | None:
        """The server that the settings name, with its password from the environment or dlt's secrets."""
        if settings.spark_endpoint is None:
            return None
        parts = urlsplit(settings.spark_endpoint)
        password: object = dlt.secrets.get(PASSWORD)
        options = dict(parse_qsl(parts.query))
        if password is not None:
            # The way of signing in that has one.
            options.setdefault("auth", "LDAP")
        return cls(
            parts.hostname or "",
            parts.port or 10000,
            unquote(parts.username or "repline"),
            None if password is None else str(password),
            options,
        )

    def profile(self) -> dict[str, str]:
        """The variables of the environment from which dbt's profile takes the server."""
        named = {"method": "thrift", "host": self.host, "port": str(self.port), "user": self.user, **self.options}
        # dbt keeps what is called so out of its logs.
        secret = {} if self.password is None else {"DBT_ENV_SECRET_REPLINE_SPARK_PASSWORD": self.password}
        return {f"REPLINE_SPARK_{name.upper()}": value for name, value in named.items()} | secret


@contextmanager
def connection(settings: Settings) -> Iterator[None]:
    """What dbt-spark needs to run statements; it ends with the block. Raises SparkError where Spark does not start."""
    require(settings)
    endpoint = Endpoint.of(settings)
    # The macros find the tables by it.
    variables = {"REPLINE_LAKE": settings.lake} | (endpoint.profile() if endpoint else {})
    with _heard_settings(), _environment(variables), _session(settings) if endpoint is None else nullcontext():
        yield


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Let the process have these variables within the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _heard_settings() -> Iterator[None]:
    """Let Spark hear what the profile says of statements, and keep ANSI mode on.

    dbt-spark switches ANSI off, whatever a profile says: what does not fit would be null unseen. And a Thrift server
    passes over what is not named in Hive's way.
    """
    from dbt.adapters.spark.connections import SparkCredentials

    after_init = SparkCredentials.__post_init__

    def changed(self: SparkCredentials) -> None:
        after_init(self)
        parameters = {**self.server_side_parameters, "spark.sql.ansi.enabled": "true"}
        prefix = "set:hiveconf:" if self.method == "thrift" else ""
        self.server_side_parameters = {f"{prefix}{name}": value for name, value in parameters.items()}

    SparkCredentials.__post_init__ = changed
    try:
        yield
    finally:
        SparkCredentials.__post_init__ = after_init


@contextmanager
def _session(settings: Settings) -> Iterator[None]:
    """A session of Spark on this machine or the cluster of its configuration, which dbt takes up."""
    from py4j.protocol import Py4JError
    from pyspark import SparkConf
    from pyspark.errors import PySparkException
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession

    log = settings.home / "spark.log"
    conf = SparkConf().setAppName("repline").setAll([*SESSION.items()])
    conf.set("spark.sql.warehouse.dir", f"{settings.lake}/_spark")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    # It writes each failed statement with Java's stack to the terminal; dbt says the same in one line.
    PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    try:
        context = _context(conf, log)
    except (PySparkException, Py4JError, OSError) as error:
        raise SparkError(f"Spark does not start: {one_line(said(str(error)))}; {log} holds what it said") from error
    context.setLogLevel("ERROR")
    session = SparkSession(context)
    try:
        yield
    finally:
        session.stop()


def _context(conf: Any, log: Path) -> Any:
    """A context of Spark whose Java, one per process, speaks to the log and not to the terminal."""
    from pyspark import SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway is not None:
        return SparkContext(conf=conf)
    with log.open("wb") as file:
        return SparkContext(conf=conf, gateway=launch_gateway(conf, {"stdout": file, "stderr": file}))


def said(message: str) -> str:
    """What Spark says of an error, without the statement and Java's stack behind it."""
    return re.split(r"\s*(?:SQLSTATE: \w+|== SQL|JVM stacktrace|\n\s+at )", message)[0]


def require(settings: Settings) -> None:
    """Raise SparkError where a package or Java is missing. A cluster needs no Java here."""
    for module in ("dbt.adapters.spark", "pyspark" if settings.spark_endpoint is None else "pyhive"):
        if find_spec(module) is None:
            raise SparkError(f"{module} is missing; run `pip install 'repline[spark]'`")
    if settings.spark_endpoint is None and java() is None:
        raise SparkError(NO_JAVA)


def java() -> str | None:
    """The Java that Spark would start; None where there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
