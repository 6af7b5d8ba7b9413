"""How dbt reaches Spark, without a Spark; with one, `tests/spark` does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.doctor import machine
from pipelines.runs.dbt_runs import prepare_manifest
from pipelines.settings import Settings, SettingsError
from pipelines.spark import connection
from tests.pipelines.small_warehouse import make_settings


def test_an_error_is_what_spark_says_of_it() -> None:
    message = (
        "Runtime Error\n  [INVALID_IDENTIFIER] The name a-b is invalid. SQLSTATE: 42602 (line 1)\n\n== SQL ==\nselect"
    )
    assert connection.said(message) == "Runtime Error\n  [INVALID_IDENTIFIER] The name a-b is invalid."
    stack = "Error while calling sql.\n  : java.lang.InternalError: no method\n  \tat java.base/java.lang.X(X.java:1)"
    assert connection.said(stack) == "Error while calling sql.\n  : java.lang.InternalError: no method"
    assert connection.said("Got 3 results, configured to fail if != 0") == "Got 3 results, configured to fail if != 0"


def test_a_missing_spark_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(make_settings(tmp_path / "home"), target="spark")
    monkeypatch.setattr(connection, "find_spec", lambda name: None)
    with pytest.raises(
        connection.SparkError, match=r"dbt.adapters.spark is missing; run `pip install 'repline\[spark\]'`"
    ):
        prepare_manifest(settings)
    monkeypatch.setattr(connection, "find_spec", lambda name: object())
    monkeypatch.setattr(connection, "java", lambda: None)
    with pytest.raises(connection.SparkError, match="needs Java 17 or newer"):
        prepare_manifest(settings)


@pytest.mark.parametrize(
    ("said", "state"),
    [('openjdk version "17.0.15" 2025-04-15', "ok"), ('java version "1.8.0_392"', "fault"), ("", "fault")],
)
def test_the_doctor_looks_at_java(said: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(tmp_path / "home")
    monkeypatch.setattr(machine, "java", lambda: "/usr/bin/java")
    answer = subprocess.CompletedProcess(["java"], 0, "", said)
    monkeypatch.setattr("pipelines.doctor.machine.subprocess.run", lambda *_, **__: answer)
    assert list(machine.spark(settings)) == []
    *_, found = machine.spark(replace(settings, target="spark"))
    assert (found.about, str(found.state)) == ("java", state)


def test_the_doctor_writes_and_reads_the_lake(tmp_path: Path) -> None:
    settings = replace(make_settings(tmp_path / "home"), target="spark")
    settings.make_home()
    lake, *_ = machine.spark(settings)
    assert (lake.about, str(lake.state), lake.text) == ("lake", "ok", f"repline reads and writes {settings.lake}")
    assert list(Path(settings.lake).iterdir()) == []
    (settings.home / "repline.yml").touch()
    lake, *_ = machine.spark(replace(settings, lake_place=f"{settings.home}/repline.yml/lake"))
    assert str(lake.state) == "fault"
    assert "Not a directory" in lake.text


def test_a_bucket_without_its_package_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("s3fs", "botocore", "botocore.session"):
        monkeypatch.setitem(sys.modules, package, None)
    settings = replace(make_settings(tmp_path / "home"), target="spark", lake_place="s3://sales/repline")
    lake, *_ = machine.spark(settings)
    assert "the lake s3://sales/repline cannot be opened" in lake.text
    assert "dlt[s3]" in lake.text
    assert "\n" not in lake.text


@pytest.mark.parametrize("place", ["s3://key:secret@bucket/repline", "s3://secret@bucket", "ftp://secret", "s3:///x"])
def test_what_is_no_lake_is_refused(place: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^REPLINE_LAKE (holds a key|is neither a folder nor a URL)") as caught:
        Settings.from_environment({"REPLINE_HOME": str(tmp_path), "REPLINE_LAKE": place}, tmp_path)
    assert "secret" not in str(caught.value)


def test_a_lake_is_a_folder_or_a_bucket(tmp_path: Path) -> None:
    def lake(**environ: str) -> str:
        return Settings.from_environment({"REPLINE_HOME": str(tmp_path), **environ}, tmp_path).lake

    assert lake() == str(tmp_path / "lake")
    assert lake(REPLINE_LAKE="elsewhere") == str(tmp_path / "elsewhere")
    assert lake(REPLINE_LAKE="s3://sales/repline/") == "s3://sales/repline"


def test_a_cluster_needs_no_java_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(make_settings(tmp_path / "home"), target="spark", spark_endpoint="thrift://spark.example.com")
    monkeypatch.setattr(connection, "find_spec", lambda name: None if name == "pyspark" else object())
    monkeypatch.setattr(connection, "java", lambda: None)
    connection.require(settings)


def test_dbt_takes_the_server_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK__PASSWORD", "pa:ss@word")
    url = "thrift://ana%40lytics@spark.example.com:10001?use_ssl=true"
    settings = replace(make_settings(tmp_path / "home"), spark_endpoint=url)
    endpoint = connection.Endpoint.of(settings)
    assert endpoint is not None
    assert "pa:ss" not in repr(endpoint)
    assert endpoint.profile() == {
        "REPLINE_SPARK_METHOD": "thrift",
        "REPLINE_SPARK_HOST": "spark.example.com",
        "REPLINE_SPARK_PORT": "10001",
        "REPLINE_SPARK_USER": "ana@lytics",
        "REPLINE_SPARK_AUTH": "LDAP",
        "REPLINE_SPARK_USE_SSL": "true",
        "DBT_ENV_SECRET_REPLINE_SPARK_PASSWORD": "pa:ss@word",
    }


@pytest.mark.parametrize(
    "url",
    ["spark.example.com", "https://spark.example.com", "thrift://", "thrift://host:port", "thrift://host?token=abc"],
)
def test_what_is_no_endpoint_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^REPLINE_SPARK_ENDPOINT is no URL of a Thrift server such as"):
        Settings.from_environment({"REPLINE_HOME": str(tmp_path), "REPLINE_SPARK_ENDPOINT": url}, tmp_path)


def test_a_password_in_the_endpoint_is_not_repeated(tmp_path: Path) -> None:
    url = "thrift://me:secret@spark.example.com"
    with pytest.raises(SettingsError, match="set SPARK__PASSWORD") as caught:
        Settings.from_environment({"REPLINE_HOME": str(tmp_path), "REPLINE_SPARK_ENDPOINT": url}, tmp_path)
    assert "secret@" not in str(caught.value)
