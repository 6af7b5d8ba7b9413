-- Scores that reviewers gave calls with a customer, web conferences included: one row per call, reviewer and
-- question of a scorecard. Questions without a scale and those that did not apply have no score.
with calls as (
    select * from {{ ref('base_gong__calls') }}
),

reviews as (
    select * from {{ source('gong', 'gong__answered_scorecards') }}
),

questions as (
    select * from {{ source('gong', 'gong__scorecard_questions') }}
),

answered as (
    select
        answered_scorecard_id,
        call_id as id,
        reviewer_user_id,
        review_time,
        {{ explode_list(json_list(
            'answers', {'questionId': 'string', 'score': 'string', 'notApplicable': 'string'}
        )) }} as answer
    from reviews
),

answers as (
    select
        *,
        answer['questionId'] as question_id,
        answer['score'] as raw_score,
        answer['notApplicable'] as not_applicable
    from answered
),

scores as (
    select
        answers.answered_scorecard_id,
        coalesce(calls.call_id, {{ source_id('gong', 'answers.id') }}) as call_id,
        -- Gong's own review has no reviewer.
        coalesce({{ source_id('gong', 'answers.reviewer_user_id') }}, 'gong:automatic') as reviewer_id,
        coalesce(nullif(trim(questions.question_text), ''), 'question ' || answers.question_id) as criterion,
        answers.raw_score,
        questions.max_range as raw_max_score,
        try_cast(answers.raw_score as decimal(20, 10)) as score,
        -- Before questions had a scale of their own, all went from 1 to 5.
        coalesce(try_cast(questions.max_range as decimal(20, 10)), 5) as max_score,
        answers.review_time as scored_at
    from answers
    left join calls
        on answers.id = calls.id
    left join questions
        on answers.question_id = questions.question_id
    where
        answers.raw_score is not null
        and answers.not_applicable is distinct from 'true'
        -- The review of a call from before the first that was read is kept.
        and not coalesce(calls.is_internal, false)
)

select
    call_id,
    reviewer_id,
    criterion,
    score,
    cast(max_score as decimal(20, 10)) as max_score,
    false as is_deleted,
    scored_at,
    scored_at as updated_at,
    {{ unreadable({'score': ['raw_score', 'score']}) }} as unreadable
from scores
-- Who reviews a call again, or asks the same in another scorecard, replaces the score.
qualify
    row_number() over (
        partition by call_id, reviewer_id, criterion
        order by scored_at desc, answered_scorecard_id desc
    ) = 1
