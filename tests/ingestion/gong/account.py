"""A Gong account in memory: users, calls, transcripts, scorecards.

Belongs here: what Gong keeps, in the fields that its API documents. Does not belong here: HTTP (`server`), or what
a test expects.

Field names and types are those of https://help.gong.io/apidocs (calls: retrieve-detailed-call-data; transcripts:
retrieve-transcripts-of-calls; scorecards: retrieve-scorecards-details and retrieve-answered-scorecards; trackers:
retrieve-tracker-details-v2settingstrackers-1). Ids of scorecards are JSON numbers of 64 bits there, all other ids are
text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

FIRST_ID = 7_782_342_274_025_937_895
WORKSPACE_ID = "623457276584334"


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def said(start: float, end: float, text: str) -> Json:
    """A sentence; `start` and `end` in seconds from the start of the call."""
    return {"start": round(start * 1000), "end": round(end * 1000), "text": text}


def monologue(speaker_id: str, *sentences: Json, topic: str | None = None) -> Json:
    return {"speakerId": speaker_id, "topic": topic, "sentences": list(sentences)}


def linked(system: str, **ids: str) -> list[Json]:
    """Links to records of a CRM: linked("Salesforce", Opportunity="006...")."""
    objects = [
        {
            "objectType": object_type,
            "objectId": object_id,
            "fields": [{"name": "Name", "value": f"Name of {object_id}"}],
            "timing": "Now",
        }
        for object_type, object_id in ids.items()
    ]
    return [{"system": system, "objects": objects}]


@dataclass
class Account:
    """What one Gong account holds. Tests change it between loads, as people do."""

    users: dict[str, Json] = field(default_factory=dict)
    calls: dict[str, Json] = field(default_factory=dict)
    transcripts: dict[str, list[Json]] = field(default_factory=dict)
    scorecards: dict[int, Json] = field(default_factory=dict)
    trackers: list[Json] = field(default_factory=list)
    answered: dict[int, Json] = field(default_factory=dict)
    # The company's time zone, in hours from UTC: review dates are days of it.
    utc_offset_hours: float = 0
    _last_id: int = FIRST_ID

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add_user(self, email: str, first_name: str = "", last_name: str = "", **fields: Any) -> str:
        user_id = str(self.new_id())
        self.users[user_id] = {
            "id": user_id,
            "emailAddress": email,
            "created": "2020-02-17T10:30:00Z",
            "active": True,
            "emailAliases": [],
            "trustedEmailAddress": None,
            "firstName": first_name,
            "lastName": last_name,
            "title": None,
            "phoneNumber": "+1 123-567-8989",
            "extension": None,
            "personalMeetingUrls": [],
            "settings": {"webConferencesRecorded": True, "telephonyCallsImported": True},
            "managerId": None,
            "meetingConsentPageUrl": None,
            "spokenLanguages": [{"language": "en-US", "primary": True}],
            **fields,
        }
        return user_id

    def add_call(
        self,
        user_id: str | None,
        started: datetime,
        duration: int | None = 460,
        direction: str = "Outbound",
        context: Sequence[Json] = (),
        lead: Sequence[Json] = (),
        parties: Sequence[Json] | None = None,
        outcome: Json | None = None,
        trackers: Sequence[Json] = (),
        interaction: Json | None = None,
        **fields: Any,
    ) -> str:
        """A call of a user with one customer unless `parties` say otherwise; `lead` links the customer."""
        call_id = str(self.new_id())
        scheduled = started.replace(minute=0, second=0, microsecond=0) if direction == "Conference" else None
        self.calls[call_id] = {
            "metaData": {
                "id": call_id,
                "url": f"https://app.gong.io/call?id={call_id}",
                "title": "Example call",
                "scheduled": iso(scheduled) if scheduled else None,
                "started": iso(started),
                "duration": duration,
                "primaryUserId": user_id,
                "direction": direction,
                "system": "Zoom" if direction == "Conference" else "Outreach",
                "scope": "External",
                "media": "Video" if direction == "Conference" else "Audio",
                "language": "eng",
                "workspaceId": WORKSPACE_ID,
                "sdrDisposition": None,
                "clientUniqueId": None,
                "customData": None,
                "purpose": None,
                "meetingUrl": None,
                "isPrivate": False,
                "calendarEventId": None,
                **fields,
            },
            "context": list(context),
            "parties": list(parties) if parties is not None else [self.rep(user_id), self.customer(lead)],
            "content": {"callOutcome": outcome, "trackers": list(trackers)},
            "interaction": interaction,
        }
        return call_id

    def rep(self, user_id: str | None, speaker_id: str | None = "rep", **fields: Any) -> Json:
        return self._party(speaker_id, affiliation="Internal", userId=user_id, **fields)

    def customer(self, context: Sequence[Json] = (), speaker_id: str | None = "customer", **fields: Any) -> Json:
        return self._party(speaker_id, context=list(context), **fields)

    def _party(self, speaker_id: str | None, **fields: Any) -> Json:
        number = self.new_id()
        return {
            "id": str(number),
            "emailAddress": f"someone.{number}@example.com",
            "name": f"Someone {number}",
            "title": "Head of something",
            "userId": None,
            "speakerId": speaker_id,
            "context": [],
            "affiliation": "External",
            "phoneNumber": "+1 555 0100",
            "methods": ["Attendee"],
            **fields,
        }

    def add_tracker(self, name: str, workspace_id: str = WORKSPACE_ID, **phrases: Sequence[str]) -> Json:
        """A keyword tracker with its phrases by language (ISO 639-2/B)."""
        tracker = {
            "trackerId": str(self.new_id()),
            "trackerName": name,
            "workspaceId": workspace_id,
            "languageKeywords": [
                {"language": language, "keywords": list(listed), "includeRelatedForms": True}
                for language, listed in phrases.items()
            ],
            "affiliation": "Anyone",
            "partOfQuestion": False,
            "saidAt": "Anytime",
            "saidAtInterval": None,
            "saidAtUnit": None,
            "saidInTopics": [],
            "filterQuery": "",
            "created": "2024-01-17T16:20:05-03:00",
            "updated": "2024-02-01T12:34:56.834+05:30",
        }
        self.trackers.append(tracker)
        return tracker

    def add_scorecard(self, name: str, *questions: Json) -> int:
        scorecard_id = self.new_id()
        self.scorecards[scorecard_id] = {
            "scorecardId": scorecard_id,
            "scorecardName": name,
            "workspaceId": int(WORKSPACE_ID),
            "enabled": True,
            "updaterUserId": 234599484848423,
            "created": "2024-01-17T16:20:05-03:00",
            "updated": "2024-02-01T12:34:56.834+05:30",
            "reviewMethod": "MANUAL",
            "questions": list(questions),
        }
        return scorecard_id

    def question(
        self, text: str, question_type: str = "RANGE", scale: tuple[int, int] | None = (1, 5), **fields: Any
    ) -> Json:
        return {
            "questionId": self.new_id(),
            "questionRevisionId": self.new_id(),
            "questionText": text,
            "questionType": question_type,
            "isRequired": True,
            "isOverall": False,
            "updaterUserId": 234599484848423,
            "answerGuide": "Look for the customer's own words.",
            "minRange": scale[0] if scale else None,
            "maxRange": scale[1] if scale else None,
            "created": "2024-01-17T16:20:05-03:00",
            "updated": "2024-02-01T12:34:56.834+05:30",
            "answerOptions": [],
            **fields,
        }

    def review(
        self,
        call_id: str,
        reviewer_id: str | None,
        scorecard_id: int,
        answers: Sequence[tuple[Json, int | None]],
        reviewed_at: datetime,
        method: str = "MANUAL",
    ) -> int:
        """A reviewer's scores, by question; no score is a question that does not apply."""
        answered_id = self.new_id()
        call = self.calls[call_id]["metaData"]
        self.answered[answered_id] = {
            "answeredScorecardId": answered_id,
            "scorecardId": scorecard_id,
            "scorecardName": self.scorecards[scorecard_id]["scorecardName"],
            "callId": int(call_id),
            "callStartTime": call["started"],
            "reviewedUserId": int(call["primaryUserId"]),
            "reviewerUserId": int(reviewer_id) if reviewer_id else None,
            "reviewMethod": method,
            "editorUserId": None,
            "reviewTime": iso(reviewed_at),
            "visibilityType": "PUBLIC",
            "answers": [
                {
                    "questionId": question["questionId"],
                    "questionRevisionId": question["questionRevisionId"],
                    "isOverall": question["isOverall"],
                    "score": score,
                    "answerText": "Done a great job." if score else None,
                    "notApplicable": score is None,
                }
                for question, score in answers
            ],
        }
        return answered_id

    def filter_time(self, call_id: str) -> datetime:
        """The moment by which a call is found: a web conference by when it was scheduled."""
        call = self.calls[call_id]["metaData"]
        return datetime.fromisoformat(call["scheduled"] or call["started"])

    def review_date(self, answered_id: int) -> str:
        """The day of a review in the company's time zone."""
        moment = datetime.fromisoformat(self.answered[answered_id]["reviewTime"]).astimezone(UTC)
        return (moment + timedelta(hours=self.utc_offset_hours)).date().isoformat()
