"""What was said in recorded calls, as SQL: turns with their words, what is listened for, and scores of reviewers.

Does not belong here: the calls (`activity`), and the coaching that changes how reps talk (`learning`).

Who is good at listening (the trait of this name) talks less, who is good at discovery asks more; reviewers see both.
"""

from __future__ import annotations

from ingestion.demo.deals import PRODUCTS
from ingestion.demo.learning import COACHED, COACHED_DAYS, CRITERIA

# By how much the rep's share of the talk falls in the COACHED_DAYS days after a session on listening. The habit then
# returns. It is all that coaching changes, so that its effect can be looked for.
COACHED_TALK_RATIO = -0.10

_COMPETITORS = ["Northpeak", "Valora", "Clearbase"]
_EDITIONS = 90

# The parts of a talk, in their order; of each what a rep asks, what a rep tells and what a customer says, in English
# and Spanish.
_LINES: list[tuple[dict[str, list[str]], dict[str, list[str]]]] = [
    (
        {
            "asks": [
                "Hello, I am calling about {product}, is this a good moment?",
                "Thanks for taking the call, did you find a minute to read what I sent?",
                "Good to talk again, what has happened since last week?",
            ],
            "tells": [
                "Thanks for making the time today.",
                "I promised to come back to you, so here I am.",
                "I have three points and we will be done in half an hour.",
            ],
            "customer": [
                "Yes, now is fine.",
                "We have a few minutes before my next meeting.",
                "Good to hear from you, I only skimmed the mail.",
            ],
        },
        {
            "asks": [
                "Hola, le llamo por {product}, ¿es buen momento?",
                "Gracias por atenderme, ¿pudo leer lo que le envié?",
                "Qué gusto hablar de nuevo, ¿qué ha pasado desde la semana pasada?",
            ],
            "tells": [
                "Gracias por su tiempo hoy.",
                "Quedé en volver a llamarle, y aquí estoy.",
                "Tengo tres puntos y en media hora terminamos.",
            ],
            "customer": [
                "Sí, ahora está bien.",
                "Tenemos unos minutos antes de mi próxima reunión.",
                "Un gusto, solo vi el correo por encima.",
            ],
        },
    ),
    (
        {
            "asks": [
                "How do you run this today?",
                "Who works with it every day?",
                "What happens when a request comes in?",
            ],
            "tells": [
                "We work with a few companies of your size.",
                "I looked at your site and saw that you are hiring.",
                "Let me tell you where others stood before they began.",
            ],
            "customer": [
                "Most of it lives in spreadsheets.",
                "We have used {competitor} for two years.",
                "About {seats} people would work with it.",
            ],
        },
        {
            "asks": [
                "¿Cómo lo gestionan hoy?",
                "¿Quién trabaja con esto cada día?",
                "¿Qué pasa cuando llega una solicitud?",
            ],
            "tells": [
                "Trabajamos con varias empresas de su tamaño.",
                "Vi en su página que están contratando.",
                "Le cuento dónde estaban otros antes de empezar.",
            ],
            "customer": [
                "Casi todo está en hojas de cálculo.",
                "Usamos {competitor} desde hace dos años.",
                "Lo usarían unas {seats} personas.",
            ],
        },
    ),
    (
        {
            "asks": [
                "What does that cost you in a month?",
                "What would change if it simply worked?",
                "Why is this on the table now?",
            ],
            "tells": [
                "Many teams tell us the same.",
                "That is a day each week for everybody in the team.",
                "It only gets worse when you grow.",
            ],
            "customer": [
                "We lose a day each week on it.",
                "The figures never agree at the end of the month.",
                "The board wants it solved this quarter.",
            ],
        },
        {
            "asks": [
                "¿Cuánto les cuesta eso al mes?",
                "¿Qué cambiaría si simplemente funcionara?",
                "¿Por qué lo ven justo ahora?",
            ],
            "tells": [
                "Muchos equipos nos dicen lo mismo.",
                "Eso es un día por semana para todo el equipo.",
                "Cuando crezcan, solo será peor.",
            ],
            "customer": [
                "Perdemos un día por semana con esto.",
                "A fin de mes las cifras nunca cuadran.",
                "La dirección lo quiere resuelto este trimestre.",
            ],
        },
    ),
    (
        {
            "asks": [
                "Would that help your team?",
                "Shall I show you how it looks?",
                "Which of these matters most to you?",
            ],
            "tells": [
                "{product} takes that work off their hands.",
                "It connects to what you have within a week.",
                "Everybody sees the same figures, on the phone too.",
            ],
            "customer": [
                "That looks simpler than what we have.",
                "How does it handle our approvals?",
                "We would need a trial first.",
            ],
        },
        {
            "asks": [
                "¿Eso ayudaría a su equipo?",
                "¿Le muestro cómo se ve?",
                "¿Qué es lo más importante para ustedes?",
            ],
            "tells": [
                "{product} les quita ese trabajo.",
                "Se conecta con lo que ya tienen en una semana.",
                "Todos ven las mismas cifras, también en el teléfono.",
            ],
            "customer": [
                "Parece más sencillo que lo que tenemos.",
                "¿Cómo maneja nuestras aprobaciones?",
                "Primero necesitaríamos una prueba.",
            ],
        },
    ),
    (
        {
            "asks": [
                "What budget did you set aside?",
                "How does our price compare with {competitor}?",
                "Who else has to agree?",
            ],
            "tells": [
                "The price is per seat and year.",
                "For {seats} seats there is a discount.",
                "Unlike {competitor} we do not charge for the setup.",
            ],
            "customer": [
                "That is above our budget.",
                "{competitor} made us a better price.",
                "What discount can you give?",
            ],
        },
        {
            "asks": [
                "¿Qué presupuesto tienen previsto?",
                "¿Cómo está nuestro precio frente a {competitor}?",
                "¿Quién más tiene que aprobarlo?",
            ],
            "tells": [
                "El precio es por usuario y año.",
                "Con {seats} usuarios hay un descuento.",
                "A diferencia de {competitor}, no cobramos la instalación.",
            ],
            "customer": [
                "Eso supera nuestro presupuesto.",
                "{competitor} nos dio mejor precio.",
                "¿Qué descuento nos puede dar?",
            ],
        },
    ),
    (
        {
            "asks": [
                "What should our next step be?",
                "Does Tuesday work for a demo with the others?",
                "Shall I send the proposal to you?",
            ],
            "tells": [
                "I will send you a summary and the proposal.",
                "The next step is a trial with five people.",
                "I will put it in your calendar.",
            ],
            "customer": [
                "Send me the proposal and I will take it to legal.",
                "Let us speak again next week.",
                "I have to think about it.",
            ],
        },
        {
            "asks": [
                "¿Cuál sería nuestro próximo paso?",
                "¿Le va bien el martes para una demostración con los demás?",
                "¿Le envío la propuesta a usted?",
            ],
            "tells": [
                "Le enviaré un resumen y la propuesta.",
                "El próximo paso es una prueba con cinco personas.",
                "Lo pongo en su calendario.",
            ],
            "customer": [
                "Envíeme la propuesta y la llevo al área legal.",
                "Hablemos otra vez la próxima semana.",
                "Tengo que pensarlo.",
            ],
        },
    ),
]

_PHRASES = {
    "competitor": _COMPETITORS,
    "next step": ["next step", "proposal", "calendar", "próximo paso", "propuesta", "calendario"],
    "objection": ["above our budget", "have to think", "better price", "supera nuestro presupuesto", "pensarlo"],
    "pricing": ["price", "budget", "discount", "precio", "presupuesto", "descuento"],
}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: list[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


_BOOK = ",\n    ".join(
    f"({part}, {is_spanish}, '{voice}', {_list(lines)})"
    for part, languages in enumerate(_LINES)
    for is_spanish, voices in zip((False, True), languages, strict=True)
    for voice, lines in voices.items()
)

# An edition for each product, competitor and number of seats: to fill its words in once is less work than to do so in
# each turn.
BOOK = f"""
CREATE TABLE book AS
WITH edition AS (
    SELECT
        {_list(list(PRODUCTS))}[1 + edition % 3] AS product,
        {_list(_COMPETITORS)}[1 + edition // 3 % 3] AS competitor,
        (15 * (1 + edition // 9))::VARCHAR AS seats,
        edition
    FROM range({_EDITIONS}) AS editions(edition)
)
SELECT
    part, is_spanish, voice, edition,
    list_transform(lines, lambda line: replace(replace(replace(
        line, '{{product}}', product), '{{competitor}}', competitor), '{{seats}}', seats
    )) AS lines
FROM (VALUES
    {_BOOK}
) AS lines(part, is_spanish, voice, lines)
CROSS JOIN edition
"""

# A share of the calls that were answered and lasted a minute, `recorded`, was recorded: about one per rep and week. One
# customer in six speaks Spanish. What is on offer is the product of the deal.
CONVERSATIONS = f"""
CREATE OR REPLACE TEMP TABLE conversation AS
SELECT
    substr(call_id, 6)::BIGINT AS call, call_id, calls.user_id, started_at, duration_seconds, direction,
    least(started_at + to_seconds(duration_seconds + 600), getvariable('until')) AS updated_at,
    draw(hash(coalesce(account_id, lead_id, call_id)), 'language') < 0.16 AS is_spanish,
    below(3, coalesce(substr(opportunity_id, 5)::BIGINT, call), 'product') + 3 * below({_EDITIONS // 3}, call, 'words')
        AS edition,
    least(16, 3 + duration_seconds // 60) AS turns,
    coalesce(len(list_filter(coached.days, lambda day: started_at::DATE - day BETWEEN 1 AND {COACHED_DAYS})) > 0, false)
        AS is_coached,
    greatest(0.15, least(0.88,
        0.70 - 0.26 * trait(calls.user_id, 'listening') + IF(is_coached, {COACHED_TALK_RATIO}, 0)
        + 0.06 * greatest(-2, least(2, normal(call, 'talk ratio')))
    )) AS talk_ratio,
    floor(9 * duration_seconds * talk_ratio)::BIGINT AS rep_tenths,
    2 + floor(7 * trait(calls.user_id, 'patience'))::BIGINT AS rep_pause,
    0.2 + 0.6 * trait(calls.user_id, 'discovery') AS asking
FROM calls
LEFT JOIN ({COACHED}) AS coached ON coached.user_id = calls.user_id
WHERE disposition = 'connected' AND NOT is_deleted AND duration_seconds BETWEEN 60 AND 7000
    AND draw(call, 'recorded') < getvariable('recorded')
"""

# Lengths are whole tenths of a second: nine tenths of a call are speech, shared out among the turns of each side by
# weight, the rest is pauses. The longer a turn, the more sentences. Windows hold numbers only; words come last.
CALL_TURNS = f"""
WITH turn_plan AS (
    SELECT
        call, edition, is_spanish, rep_pause, asking, rep_tenths, 9 * duration_seconds - rep_tenths AS customer_tenths,
        turns, direction = 'outbound' AS is_rep_first, unnest(range(1, turns + 1)) AS turn
    FROM conversation
),
weighed AS (
    SELECT
        call, turn, edition, is_spanish, hash(call, turn) AS line, (turn % 2 = 1) = is_rep_first AS is_rep,
        IF(is_rep, rep_tenths, customer_tenths) AS side_tenths,
        50 + below(100, line, 'length') AS weight,
        IF(is_rep, rep_pause, 1 + below(6, line, 'pause')) AS pause,
        (turn - 1) * {len(_LINES)} // turns AS part,
        CASE WHEN NOT is_rep THEN 'customer' WHEN draw(line, 'asks') < asking THEN 'asks' ELSE 'tells' END AS voice
    FROM turn_plan
),
shared AS (
    SELECT
        * EXCLUDE (side_tenths, weight),
        side_tenths * weight // sum(weight) OVER (PARTITION BY call, is_rep)::BIGINT AS tenths
    FROM weighed
),
placed AS (
    SELECT *, sum(pause + tenths) OVER (PARTITION BY call ORDER BY turn)::BIGINT AS ended FROM shared
),
worded AS (
    SELECT
        placed.*, talk.call_id, talk.user_id, talk.updated_at, book.lines, below(3, line, 'line') AS nth
    FROM placed
    JOIN conversation AS talk ON talk.call = placed.call
    JOIN book ON book.edition = placed.edition AND book.part = placed.part AND book.voice = placed.voice
        AND book.is_spanish = placed.is_spanish
)
SELECT
    call_id, turn,
    IF(is_rep, 'rep', 'customer') AS speaker,
    IF(is_rep, user_id, NULL) AS speaker_id,
    ((ended - tenths) / 10)::DECIMAL(9, 1) AS started_seconds,
    (ended / 10)::DECIMAL(9, 1) AS ended_seconds,
    lines[1 + nth] || IF(tenths < 100, '', ' ' || lines[1 + (nth + 1) % 3])
        || IF(tenths < 200, '', ' ' || lines[1 + (nth + 2) % 3]) AS text,
    updated_at, false AS is_deleted
FROM worded
ORDER BY call, turn
"""

TRACKERS = f"""
SELECT tracker, phrase, getvariable('first_day') + TIME '09:00:00' AS updated_at, false AS is_deleted
FROM (VALUES
    {", ".join(f"({_text(name)}, {_text(phrase)})" for name, phrases in _PHRASES.items() for phrase in phrases)}
) AS trackers(tracker, phrase)
"""

# Three recorded calls in ten are reviewed by the rep's manager, within three days.
CALL_SCORES = f"""
WITH reviewed AS (
    SELECT conversation.*, standing.manager_id, unnest({_list(list(CRITERIA))}) AS criterion
    FROM conversation
    JOIN standing ON standing.user_id = conversation.user_id
        AND started_at::DATE BETWEEN standing.valid_from AND standing.valid_to
    WHERE draw(call, 'reviewed') < 0.3 AND standing.manager_id IS NOT NULL
)
SELECT
    call_id, manager_id AS reviewer_id, criterion,
    greatest(1, least(5, round(
        1.8 + 2.4 * trait(user_id, criterion) + IF(is_coached AND criterion = 'listening', 0.7, 0)
        + 0.6 * normal(call, criterion)
    )))::INTEGER AS score,
    5 AS max_score,
    least(started_at + to_minutes(60 + below(4000, call, 'reviewed after')), getvariable('until')) AS scored_at,
    scored_at AS updated_at, false AS is_deleted
FROM reviewed
ORDER BY call_id, criterion
"""
