"""Entities of the landing contract: how people learn and are found. Conversations, coaching, courses, feedback, hiring.

Belongs here: what is known of a rep's skill and growth. Does not belong here: the calls themselves
(`ingestion.contract.sales`).
"""

from __future__ import annotations

from ingestion.contract.model import VERSION, Column, ColumnType, Entity, RowRule, key, required

_T = ColumnType

CALL_TURNS = Entity(
    "call_turns",
    (
        key("call_id"),
        key("turn", _T.INTEGER, "Number of the turn in its call, from 1."),
        required("speaker", accepted=("rep", "customer"), description="Whose side speaks."),
        Column("speaker_id", is_personal=True, description="Who speaks, as the recording system calls them."),
        required("started_seconds", _T.SECONDS, description="From the start of the call."),
        required("ended_seconds", _T.SECONDS, description="From the start of the call."),
        Column("text", is_personal=True, description="What was said."),
        *VERSION,
    ),
    description="What one speaker of a call says until another one speaks",
    grain="call and turn",
    rules=(
        RowRule("turn", "turn >= 1", "turn is below 1"),
        RowRule("started_seconds", "started_seconds >= 0", "started_seconds is negative"),
        RowRule("ended_seconds", "ended_seconds >= started_seconds", "ended_seconds is before started_seconds"),
    ),
)

TRACKERS = Entity(
    "trackers",
    (
        key("tracker", description="What is listened for, such as pricing."),
        key("phrase", description="Words that count as a hit, in this order."),
        *VERSION,
    ),
    description="Phrases to listen for in calls",
    grain="tracker and phrase",
)

CALL_SCORES = Entity(
    "call_scores",
    (
        key("call_id"),
        key("reviewer_id", description="user_id of who reviewed the call.", names_user=True),
        key("criterion", description="What was scored, such as a question of a scorecard."),
        required("score", _T.RATE, description="Points given."),
        required("max_score", _T.RATE, description="Points that could be given."),
        required("scored_at", _T.TIMESTAMP),
        *VERSION,
    ),
    description="Scores that reviewers gave calls",
    grain="call, reviewer and criterion",
    rules=(
        RowRule("max_score", "max_score > 0", "max_score is not above 0"),
        RowRule("score", "score BETWEEN 0 AND max_score", "score is not between 0 and max_score"),
    ),
)

COACHING_SESSIONS = Entity(
    "coaching_sessions",
    (
        key("session_id"),
        required("user_id", description="user_id of who was coached.", names_user=True),
        Column("coach_id", names_user=True, description="user_id of the coach."),
        required("held_at", _T.TIMESTAMP),
        Column("kind", accepted_values=("one_on_one", "role_play", "call_review")),
        Column("criterion", description="What it was about, as call_scores name it."),
        *VERSION,
    ),
    description="Coaching sessions with a rep",
    grain="session",
)

COURSES = Entity(
    "courses",
    (
        key("course_id"),
        Column("name"),
        Column("program", description="The programme that it belongs to."),
        Column("criterion", description="What it trains, as call_scores name it."),
        Column("is_onboarding", _T.BOOLEAN),
        *VERSION,
    ),
    description="Courses that people take",
    grain="course",
)

TRAINING_RECORDS = Entity(
    "training_records",
    (
        key("user_id", names_user=True),
        key("course_id"),
        required("assigned_at", _T.TIMESTAMP),
        Column("due_on", _T.DATE),
        Column("completed_at", _T.TIMESTAMP),
        Column("score", _T.FRACTION, description="Result, 0 to 1."),
        *VERSION,
    ),
    description="Courses assigned to people, and what became of it",
    grain="user and course",
    rules=(
        RowRule("completed_at", "completed_at >= assigned_at", "completed_at is before assigned_at"),
        RowRule("score", "score between 0 and 1", "score is not between 0 and 1"),
    ),
)

FEEDBACK = Entity(
    "feedback",
    (
        key("feedback_id"),
        required("user_id", description="user_id of who was given feedback.", names_user=True),
        Column("manager_id", names_user=True, description="user_id of who gave it."),
        required("given_at", _T.TIMESTAMP),
        required("kind", accepted=("recognition", "improvement", "review")),
        Column("is_specific", _T.BOOLEAN, description="Whether it names what was seen."),
        Column("is_actionable", _T.BOOLEAN, description="Whether it says what to do."),
        *VERSION,
    ),
    description="Feedback given to people; its words are not kept",
    grain="feedback",
)

CANDIDATES = Entity(
    "candidates",
    (
        key("candidate_id"),
        Column("role"),
        Column("team"),
        Column("source", description="Where the candidate came from, such as an agency."),
        required("applied_at", _T.TIMESTAMP),
        Column("screened_at", _T.TIMESTAMP),
        Column("interviewed_at", _T.TIMESTAMP),
        Column("offered_at", _T.TIMESTAMP),
        Column("hired_at", _T.TIMESTAMP),
        Column("closed_at", _T.TIMESTAMP),
        Column("outcome", accepted_values=("rejected", "withdrawn")),
        Column("user_id", names_user=True, description="user_id of who was hired."),
        *VERSION,
    ),
    description="Candidates for jobs in sales",
    grain="candidate",
    rules=tuple(
        RowRule(column, f"{column} >= applied_at", f"{column} is before applied_at")
        for column in ("screened_at", "interviewed_at", "offered_at", "hired_at", "closed_at")
    ),
)
