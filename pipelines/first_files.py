"""The files that `repline init` puts into a new folder: settings, a landing folder with a README, names of secrets.

Belongs here: which files, where, and that none is written over. Does not belong here: the text of the settings
(`pipelines.settings_files`) and of the README (`ingestion.contract_page`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingestion.contract_page import folder_readme
from ingestion.register import SOURCES, Source
from pipelines.settings import SETTINGS_FILE, Settings, SettingsError
from pipelines.settings_files import settings_file

EXAMPLE = ".env.example"
_EXAMPLE_HEAD = """\
# Secrets of sources and receivers, none of which belongs into repline.yml. Copy this file to .env, keep that to
# yourself, and fill in those of the sources that are on. Repline reads the environment, not the file:
#
#     set -a; . ./.env; set +a
#
# Containers and systemd take such a file as it is. The names also work in .dlt/secrets.toml:
# SOURCES__HUBSPOT__ACCESS_TOKEN is access_token below [sources.hubspot].
"""
# Secrets that belong to no source, with what each is.
_FURTHER = (
    ("SOURCES__HASH_KEY", "what hashes of personal columns are made with: long, random, and always the same"),
    ("COPY__PASSWORD", "the password of the database that copy_to names"),
    ("SPARK__PASSWORD", "the password for the cluster that spark_endpoint names"),
    (
        "REPLINE_ALARM_SLACK_URL",
        "the address of a webhook; likewise REPLINE_ALARM_TEAMS_URL and REPLINE_ALARM_JSON_URL",
    ),
    ("REPLINE_SMTP_USER", "who sends the alarms' mails"),
    ("REPLINE_SMTP_PASSWORD", "their password"),
)


def write_first_files(folder: Path, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Write the files of a folder in which Repline is to be started; give a line for each written or left alone.

    Raises SettingsError where one cannot be written, or the settings that are there cannot be used.
    """
    settings = Settings.from_environment(environ, folder)
    yield _write(settings.file or folder / SETTINGS_FILE, settings_file(), "every setting, explained; all are off yet")
    if "landing" in settings.business.sources:
        yield _landing(settings)
    yield _write(folder / EXAMPLE, example(), "the names of all secrets, source by source")


def example() -> str:
    """A file of environment variables without values: the secrets of each source."""
    blocks = [_EXAMPLE_HEAD, *(_secrets(source) for source in SOURCES if source.secrets)]
    further = [f"# {meaning}\n#{name}=" for name, meaning in _FURTHER]
    return "\n".join([*blocks, "\n".join(["# --- beside the sources", *further, ""])])


def _secrets(source: Source) -> str:
    lines = [f"# --- {source.name} ({source.page})"]
    for secret in source.secrets:
        optional = "" if secret.is_required else " (optional)"
        lines += [f"# {secret.meaning}{optional}", f"#{source.variable(secret.name)}="]
    return "\n".join([*lines, ""])


def _landing(settings: Settings) -> str:
    folder = settings.landing
    if folder.is_dir() and any(folder.iterdir()):
        return f"Left alone: {folder}, which has files."
    if settings.home in folder.parents:
        settings.make_home()
    return _write(folder / "README.md", folder_readme(), "which files go there, with their columns")


def _write(file: Path, text: str, what: str) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        return f"Left alone: {file}, which is there already."
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from None
    return f"Wrote {file}: {what}."
