"""Which fields of Gong's objects are read into which raw column.

Belongs here: tables and how a page becomes their rows. Does not belong here: requests (`ingestion.gong.source`).

Of the people in a call, only who they are to the company is read, and their place in the CRM: no name, no address,
no number. Lists are kept as JSON in a fixed order, because nothing says that Gong keeps one, and a row that only
looks changed would be loaded again.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ingestion.api.tables import ApiTable, Field, FieldType, read_json

USERS = ApiTable(
    source="gong",
    name="users",
    description="People of the company who have, or had, an account.",
    key=("id",),
    fields=(
        Field("id"),
        Field("email_address", "emailAddress", is_personal=True),
        Field("first_name", "firstName", is_personal=True),
        Field("last_name", "lastName", is_personal=True),
        Field("title"),
        Field("manager_id", "managerId"),
        Field("active"),
        Field("created"),
    ),
    is_listed_whole=True,
    entity="users",
    custom_path="",
)

CALLS = ApiTable(
    source="gong",
    name="calls",
    description="Recorded calls and web conferences.",
    key=("id",),
    fields=(
        Field("id", "metaData.id"),
        Field("started", "metaData.started", FieldType.ISO),
        Field("duration", "metaData.duration"),
        Field("primary_user_id", "metaData.primaryUserId"),
        Field("direction", "metaData.direction"),
        Field("scope", "metaData.scope"),
        Field("system", "metaData.system"),
        Field("client_unique_id", "metaData.clientUniqueId"),
        Field("sdr_disposition", "metaData.sdrDisposition"),
        Field("outcome_category", "content.callOutcome.category"),
        Field("outcome_name", "content.callOutcome.name"),
        Field("context"),
        Field("parties"),
        Field("trackers", "content.trackers"),
        Field("speakers", "interaction.speakers"),
        Field("interaction_stats", "interaction.interactionStats"),
        Field("company_question_count", "interaction.questions.companyCount"),
        Field("other_question_count", "interaction.questions.nonCompanyCount"),
    ),
    cursor="started",
    entity="calls",
    custom_path="metaData",
)

CALL_TRANSCRIPTS = ApiTable(
    source="gong",
    name="call_transcripts",
    description="Who spoke when in a call, and, in a column that can be dropped by itself, what was said.",
    key=("call_id",),
    fields=(Field("call_id"), Field("speech"), Field("sentences", is_personal=True)),
)

SCORECARD_QUESTIONS = ApiTable(
    source="gong",
    name="scorecard_questions",
    description="The questions of scorecards; one that was removed keeps its text for the answers to it.",
    key=("question_id",),
    fields=(
        Field("question_id"),
        Field("question_text"),
        Field("question_type"),
        Field("min_range"),
        Field("max_range"),
        Field("scorecard_id"),
        Field("scorecard_name"),
    ),
    is_listed_whole=True,
)

KEYWORD_TRACKERS = ApiTable(
    source="gong",
    name="keyword_trackers",
    description="The phrases that keyword trackers listen for; those that were removed are kept and marked.",
    key=("tracker_id", "phrase"),
    fields=(Field("tracker_id"), Field("phrase"), Field("tracker_name")),
    is_listed_whole=True,
    entity="trackers",
)

ANSWERED_SCORECARDS = ApiTable(
    source="gong",
    name="answered_scorecards",
    description="Reviews of calls by scorecards: the scores, without the reviewer's words.",
    key=("answered_scorecard_id",),
    fields=(
        Field("answered_scorecard_id", "answeredScorecardId"),
        Field("scorecard_id", "scorecardId"),
        Field("call_id", "callId"),
        Field("reviewed_user_id", "reviewedUserId"),
        Field("reviewer_user_id", "reviewerUserId"),
        Field("review_method", "reviewMethod"),
        Field("review_time", "reviewTime", FieldType.ISO),
        Field("answers"),
    ),
    cursor="review_time",
)

TABLES: tuple[ApiTable, ...] = (
    USERS,
    CALLS,
    CALL_TRANSCRIPTS,
    SCORECARD_QUESTIONS,
    KEYWORD_TRACKERS,
    ANSWERED_SCORECARDS,
)

_LINKS = [{"system": "VARCHAR", "objects": [{"objectType": "VARCHAR", "objectId": "VARCHAR"}]}]


def read_calls(table: ApiTable, bodies: Sequence[bytes]) -> pa.Table:
    """Calls of the pages of /v2/calls/extensive.

    `speakers` have their talk time in seconds; `interaction_stats` are Gong's own figures of the call's host, by name.
    """
    party = {"userId": "VARCHAR", "speakerId": "VARCHAR", "affiliation": "VARCHAR", "context": _LINKS}
    call = table.structure | {"context": _LINKS, "parties": [party]}
    call["content"]["trackers"] = [dict.fromkeys(("id", "name", "type", "count"), "VARCHAR")]
    call["interaction"]["speakers"] = [dict.fromkeys(("id", "userId", "talkTime"), "VARCHAR")]
    call["interaction"]["interactionStats"] = [dict.fromkeys(("name", "value"), "VARCHAR")]
    return read_json(
        bodies,
        {"calls": [call]},
        f"""
        SELECT * REPLACE (
            {", ".join(map(_sorted_list, ("trackers", "speakers", "interaction_stats")))},
            to_json({_sorted_links("context")})::VARCHAR AS context,
            to_json(list_sort(list_transform(coalesce(parties, []), lambda party: {{
                'userId': party."userId", 'speakerId': party."speakerId", 'affiliation': party.affiliation,
                'context': {_sorted_links("party.context")}
            }})))::VARCHAR AS parties
        )
        FROM (SELECT {table.select_list()} FROM (SELECT unnest(body.calls) AS record FROM pages))
        """,
    )


def _sorted_list(column: str) -> str:
    return f"to_json(list_sort(coalesce({column}, [])))::VARCHAR AS {column}"


def _sorted_links(links: str) -> str:
    sorted_objects = "lambda link: {'system': link.system, 'objects': list_sort(link.objects)}"
    return f"list_sort(list_transform(coalesce({links}, []), {sorted_objects}))"


def read_transcripts(bodies: Sequence[bytes]) -> pa.Table:
    """Transcripts of the pages of /v2/calls/transcript: a call that has none yet has no row.

    `speech` lists monologues with their speaker and the milliseconds from the start of the call at which each
    sentence starts and ends; `sentences` lists the same monologues' sentences as texts.
    """
    sentence = {"start": "VARCHAR", "end": "VARCHAR", "text": "VARCHAR"}
    monologue = {"speakerId": "VARCHAR", "sentences": [sentence]}
    return read_json(
        bodies,
        {"callTranscripts": [{"callId": "VARCHAR", "transcript": [monologue]}]},
        """
        SELECT
            record."callId" AS call_id,
            to_json(list_transform(record.transcript, lambda monologue: {
                'speakerId': monologue."speakerId",
                'sentences': list_transform(
                    monologue.sentences, lambda sentence: {'start': sentence.start, 'end': sentence."end"}
                )
            }))::VARCHAR AS speech,
            to_json(list_transform(
                record.transcript,
                lambda monologue: list_transform(monologue.sentences, lambda sentence: sentence.text)
            ))::VARCHAR AS sentences
        FROM (SELECT unnest(body."callTranscripts") AS record FROM pages)
        WHERE len(record.transcript) > 0
        """,
    )


def read_questions(bodies: Sequence[bytes]) -> pa.Table:
    """Questions of the scorecards of /v2/settings/scorecards."""
    question = dict.fromkeys(("questionId", "questionText", "questionType", "minRange", "maxRange"), "VARCHAR")
    return read_json(
        bodies,
        {"scorecards": [{"scorecardId": "VARCHAR", "scorecardName": "VARCHAR", "questions": [question]}]},
        """
        SELECT
            question."questionId" AS question_id, question."questionText" AS question_text,
            question."questionType" AS question_type, question."minRange" AS min_range,
            question."maxRange" AS max_range, scorecard."scorecardId" AS scorecard_id,
            scorecard."scorecardName" AS scorecard_name
        FROM (
            SELECT scorecard, unnest(scorecard.questions) AS question
            FROM (SELECT unnest(body.scorecards) AS scorecard FROM pages)
        )
        """,
    )


def read_trackers(bodies: Sequence[bytes]) -> pa.Table:
    """Phrases of the keyword trackers of /v2/settings/trackers, each once, whatever languages list it."""
    in_language = {"language": "VARCHAR", "keywords": ["VARCHAR"]}
    tracker = {"trackerId": "VARCHAR", "trackerName": "VARCHAR", "languageKeywords": [in_language]}
    return read_json(
        bodies,
        {"keywordTrackers": [tracker]},
        """
        SELECT DISTINCT tracker."trackerId" AS tracker_id, phrase, tracker."trackerName" AS tracker_name
        FROM (
            SELECT tracker, unnest(in_language.keywords) AS phrase
            FROM (
                SELECT tracker, unnest(tracker."languageKeywords") AS in_language
                FROM (SELECT unnest(body."keywordTrackers") AS tracker FROM pages)
            )
        )
        """,
    )


def read_answered(bodies: Sequence[bytes]) -> pa.Table:
    """Reviews of the pages of /v2/stats/activity/scorecards."""
    table = ANSWERED_SCORECARDS
    answer = {"questionId": "VARCHAR", "score": "VARCHAR", "notApplicable": "VARCHAR"}
    return read_json(
        bodies,
        {"answeredScorecards": [{**table.structure, "answers": [answer]}]},
        f"""
        SELECT * REPLACE (to_json(list_sort(coalesce(answers, [])))::VARCHAR AS answers)
        FROM (SELECT {table.select_list()} FROM (SELECT unnest(body."answeredScorecards") AS record FROM pages))
        """,
    )
