"""`repline map` where it knows little: headers of other CRMs and of none, stages, delimiters, no header."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ingestion.mapping import EXPORTS, MappingError, read_mapping
from ingestion.mapping.propose import propose
from pipelines.cli import main


def proposal(folder: Path, name: str, content: str) -> str:
    """What is proposed for a file; it stands in the folder's mapping.yml."""
    (folder / name).write_text(content, encoding="utf-8")
    text = propose([folder / name])
    (folder / "mapping.yml").write_text(text, encoding="utf-8")
    return text


# Two deals that are open and won, and one that is lost, as each CRM exports them.
CRMS = {
    "Bitrix24": (
        "ID;TITLE;STAGE_ID;STAGE_SEMANTIC_ID;OPPORTUNITY;CURRENCY_ID;ASSIGNED_BY_ID;COMPANY_ID;DATE_CREATE;CLOSEDATE;"
        "CLOSED;OPENED\n"
        "1;A;NEW;P;100.50;EUR;7;3;31.01.2025 10:00:00;28.02.2025;N;Y\n"
        "2;B;WON;S;10;EUR;7;3;31.01.2025 10:00:00;28.02.2025;Y;Y\n"
        "3;C;C1:XJ;F;10;EUR;8;4;30.01.2025 10:00:00;27.02.2025;Y;Y\n",
        ["opportunity_id: ID", "owner_id: ASSIGNED_BY_ID", "amount: OPPORTUNITY", "account_id: COMPANY_ID"],
        ["stage: NEW, position: 1, is_closed: false", "stage: 'C1:XJ', position: 3, is_closed: true, is_won: false"],
    ),
    "Pipedrive": (
        "Deal - ID,Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Owner,Deal - Stage,Deal - Status,"
        "Deal - Deal created,Deal - Expected close date,Deal - Lost reason,Deal - Organization\n"
        "1,A,100,EUR,Ada,Qualified,Open,2025-01-02 10:00:00,2025-03-03,,Acme\n"
        "2,B,100,EUR,Ada,Step 7,Won,2025-01-02 10:00:00,2025-03-03,,Acme\n"
        "3,C,100,EUR,Bo,Step 7,Lost,2025-01-02 10:00:00,2025-03-03,price,Acme\n",
        [
            "name: Deal - Title",
            "loss_reason: Deal - Lost reason",
            # There a won deal keeps its stage.
            "stage: {first_of: [{column: Deal - Status, values: {Open: null}}, Deal - Stage]}",
        ],
        ["stage: Step 7, position: 2, is_closed: false", "stage: Won, position: 3, is_closed: true, is_won: true"],
    ),
    "Zoho": (
        "Record Id,Deal Owner,Deal Name,Account Name,Amount,Closing Date,Stage,Created Time,Modified Time,"
        "Reason For Loss\n"
        "z1,Ada,X,Acme,100,2025-03-01,Negotiation/Review,2025-01-01 10:00:00,2025-01-02 10:00:00,\n"
        "z2,Ada,Y,Acme,100,2025-03-01,Closed Won,2025-01-01 10:00:00,2025-01-02 10:00:00,\n"
        "z3,Bo,Z,Acme,100,2025-03-01,Closed-Lost to Competition,2025-01-01 10:00:00,2025-01-02 10:00:00,price\n",
        ["close_date: Closing Date", "loss_reason: Reason For Loss", "updated_at: Modified Time"],
        ["stage: Negotiation/Review, position: 1, is_closed: false", "position: 3, is_closed: true, is_won: false"],
    ),
    "Dynamics": (
        "(Do Not Modify) Opportunity,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Topic,Potential Customer,"
        "Est. Close Date,Est. Revenue,Owner,Status,Status Reason,Pipeline Phase,Created On\n"
        "g1,x1,2025-01-03 10:00:00,T,Acme,2025-02-01,100,Ada,Open,In Progress,1-Qualify,2025-01-02 10:00:00\n"
        "g2,x2,2025-01-03 10:00:00,T,Acme,2025-02-01,100,Ada,Won,Won,3-Propose,2025-01-02 10:00:00\n"
        "g3,x3,2025-01-03 10:00:00,T,Acme,2025-02-01,100,Bo,Lost,Canceled,3-Propose,2025-01-02 10:00:00\n",
        [
            "opportunity_id: '(Do Not Modify) Opportunity'",
            "account_id: Potential Customer",
            "amount: Est. Revenue",
            "stage: {first_of: [{column: Status, values: {Open: null}}, Pipeline Phase]}",
        ],
        ["stage: 3-Propose, position: 2, is_closed: false", "stage: Lost, position: 4, is_closed: true, is_won: false"],
    ),
    "Close": (
        "id,lead_id,lead_name,status_id,status_label,status_type,pipeline_name,value,value_currency,user_id,user_name,"
        "date_created,date_updated\n"
        "o1,l1,Acme,s1,Step 7,active,Sales,100,USD,u1,Ada,2025-01-01T10:00:00,2025-01-02T10:00:00\n"
        "o2,l2,Bcme,s2,Step 9,won,Sales,200,USD,u1,Ada,2025-01-01T10:00:00,2025-01-02T10:00:00\n"
        "o3,l3,Ccme,s3,No budget,lost,Sales,200,USD,u2,Bo,2025-01-01T10:00:00,2025-01-02T10:00:00\n",
        ["account_id: lead_id", "stage: status_label", "currency: value_currency", "full_name: user_name"],
        ["stage: Step 7, position: 1, is_closed: false", "stage: Step 9, position: 2, is_closed: true, is_won: true"],
    ),
}


@pytest.mark.parametrize(("content", "columns", "stages"), CRMS.values(), ids=CRMS.keys())
def test_the_deals_of_a_crm(tmp_path: Path, content: str, columns: list[str], stages: list[str]) -> None:
    text = proposal(tmp_path, "deals.csv", content)
    for line in (*columns, *stages):
        assert line in text
    # Nothing is left to fill in.
    read_mapping(tmp_path / "mapping.yml", EXPORTS)


def stage_meanings(folder: Path, *deals: str) -> dict[str, str]:
    """What is proposed of each stage, of deals that say their stage and the flag CLOSED."""
    rows = "".join(f"{number},{deal},2025-01-01\n" for number, deal in enumerate(deals))
    text = proposal(folder, "deals.csv", f"Deal ID,Deal Stage,CLOSED,Create Date\n{rows}")
    found = [line.partition("stage: ")[2] for line in text.splitlines() if "- {stage: " in line]
    return {line.partition(", position")[0].strip("'"): line.partition("is_closed: ")[2].rstrip("}") for line in found}


def test_stages_by_their_words(tmp_path: Path) -> None:
    words = {
        **dict.fromkeys(["Deal won", "Cerrado ganado", "Gagné", "Gewonnen"], "true, is_won: true"),
        **dict.fromkeys(["We lose", "Perdida", "Perdu", "Disqualified", "Cancelado"], "true, is_won: false"),
        **dict.fromkeys(["Propuesta", "Qualified to buy"], "false, is_won: false"),
        **dict.fromkeys(["Closed", "Cerrada", "won or lost"], "true, is_won: '?'"),
        **dict.fromkeys(["Step 7"], "'?', is_won: '?'"),
    }
    assert stage_meanings(tmp_path, *(f"{word}," for word in words)) == words


def test_stages_by_a_flag_of_the_deals(tmp_path: Path) -> None:
    assert stage_meanings(
        tmp_path, "Step 7,N", "Step 7,N", "Step 8,Y", "Step 9,Y", "Step 9,N", "Step 10 lose,Y", "Propose,Y", "Won,N"
    ) == {
        "Step 7": "false, is_won: false",
        "Step 8": "true, is_won: '?'",
        # Some of its deals are closed.
        "Step 9": "'?', is_won: '?'",
        "Step 10 lose": "true, is_won: false",
        # The word says another thing than the deals.
        "Propose": "'?', is_won: '?'",
        "Won": "'?', is_won: '?'",
    }


STRANGE = "Nr\tTag\tKunde\tZustand\tSumme\nX1\t31/01/2025\tA, B\tvage\t1.234,50\nX2\t01/02/2025\tC, D, E\tdort\t99,00\n"


def test_unknown_headers_give_a_skeleton_to_fill_in(tmp_path: Path) -> None:
    text = proposal(tmp_path, "strange.txt", STRANGE)
    lines = text.splitlines()
    # Commas stand in most lines, but never as often as tabs.
    assert "    delimiter: tab" in lines
    for blank, candidate in (
        ("      opportunity_id: '?'", "      #   Nr  (X1 | X2)"),
        ("      created_at: '?'", "      #   {column: Tag, format: '%d/%m/%Y'}  (31/01/2025 | 01/02/2025)"),
    ):
        assert candidate in lines[lines.index(blank) - 8 : lines.index(blank)]
    assert "      # amount: {column: Summe, decimal: ',', thousands: '.'}  (1.234,50 | 99,00)" in lines
    left = [number for number, line in enumerate(lines, start=1) if "'?'" in line and "#" not in line]
    with pytest.raises(MappingError) as caught:
        read_mapping(tmp_path / "mapping.yml", EXPORTS)
    assert f"mapping.yml, line {left[0]}, entities.users.columns.user_id: here stands '?'" in str(caught.value)
    assert f"so it does in line {', '.join(map(str, left[1:]))}; nothing" in str(caught.value)
    done = CliRunner().invoke(main, ["map", str(tmp_path / "strange.txt")])
    assert done.stdout == text
    assert f"Fill in what is '?' (line {', '.join(map(str, left))})" in done.stderr
    for key, word in {
        "user_id": "Kunde", "full_name": "Kunde", "opportunity_id": "Nr", "stage": "Zustand", "is_closed": "false",
        "is_won": "false", "created_at": "{column: Tag, format: '%d/%m/%Y'}",
    }.items():  # fmt: skip
        text = text.replace(f"{key}: '?'", f"{key}: {word}")
    (tmp_path / "mapping.yml").write_text(text, encoding="utf-8")
    assert set(read_mapping(tmp_path / "mapping.yml", EXPORTS).parts) == {"users", "pipeline_stages", "opportunities"}


def test_a_record_is_not_taken_for_the_header_without_a_word(tmp_path: Path) -> None:
    text = proposal(tmp_path, "deals.txt", STRANGE.partition("\n")[2])
    assert "DOUBT: line 1 is taken for the header, but reads like a record (X1, 31/01/2025" in text
    # A header with an empty name is one, though the records below are wider.
    text = proposal(tmp_path, "deals.csv", "Deal ID,Deal Stage,,Create Date\n1,Won,x,2025-01-01\n2,Won,y,2025-01-01\n")
    assert "opportunity_id: Deal ID" in text
    assert "reads like a record" not in text
