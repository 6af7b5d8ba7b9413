"""What the outcome of a call means that people wrote in their own words."""

from __future__ import annotations

import duckdb
import jinja2
import pytest

from pipelines.settings import DBT_PROJECT_DIR

LABELS = {
    "connected": (
        "Connected",
        "connected - qualified",
        "Left live message",
        "Answered",
        "Spoke with gatekeeper",
        "Not interested",
        "Call back later",
        "Meeting set",
        "Contestó",
        "Contactado",
        "Respondió",
        "Habló con el gerente",
        "No interesado",
    ),
    "voicemail": (
        "Left voicemail",
        "Connected to voicemail",
        "VOICE MAIL",
        "Left a message",
        "LVM",
        "Answering machine",
        "Buzón de voz",
        "buzon",
        "Dejé mensaje",
        "Contestador automático",
    ),
    "no_answer": (
        "No answer",
        "no-answer",
        "NO_ANSWER",
        "Did not answer",
        "Unanswered",
        "Not connected",
        "Could not reach",
        "No contesta",
        "No contestó",
        "No respondió",
        "Sin respuesta",
        "No contactado",
    ),
    "busy": ("Busy", "Line busy", "Engaged", "Ocupado", "Línea ocupada", "Comunicando"),
    "failed": (
        "Wrong number",
        "Bad number",
        "Disconnected",
        "Call failed",
        "Number not in service",
        "Número equivocado",
        "Numero incorrecto",
        "El número no existe",
        "Llamada fallida",
    ),
    "other": ("Gatekeeper", "custom-3", "Engaged prospect", "Otro"),
    None: ("", "  ", None),
}


@pytest.mark.parametrize("disposition", LABELS)
def test_labels(disposition: str | None) -> None:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(DBT_PROJECT_DIR / "macros"))
    module = environment.get_template("dispositions.sql").module
    expression = module.disposition_of_label("label")  # type: ignore[attr-defined]
    labels = list(LABELS[disposition])
    query = f"SELECT label, {expression} FROM (SELECT unnest(?::VARCHAR[]) AS label)"
    assert duckdb.execute(query, [labels]).fetchall() == [(label, disposition) for label in labels]
