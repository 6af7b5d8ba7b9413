"""What was said in recorded calls, as SQL: turns with their words, what is listened for, and scores of reviewers.

Does not belong here: the calls (`activity`), and the coaching that changes how reps talk (`learning`).

Who is good at listening (the trait of this name) talks less, who is good at discovery asks more; reviewers see both.
"""

from __future__ import annotations

from ingestion.demo.learning import COACHED, COACHED_DAYS, CRITERIA

# By how much the rep's share of the talk falls in the COACHED_DAYS days after a session on listening. The habit then
# returns. It is all that coaching changes, so that its effect can be looked for.
COACHED_TALK_RATIO = -0.10

_COMPETITORS = ["Northpeak", "Valora", "Clearbase"]

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

BOOK = f"""
CREATE TABLE book AS
SELECT * FROM (VALUES
    {_BOOK}
) AS book(part, is_spanish, voice, lines)
"""

# A share of the calls that were answered and lasted a minute, `recorded`, was recorded: about one per rep and week. One
# customer in six speaks Spanish.
CONVERSATIONS = f"""
CREATE OR REPLACE TEMP TABLE conversation AS
SELECT
    call_id, calls.user_id, started_at, duration_seconds, direction, hash(call_id) AS number,
    draw(hash(coalesce(account_id, lead_id, call_id)), 'language') < 0.16 AS is_spanish,
    pick(['Essentials', 'Professional', 'Suite'], coalesce(substr(opportunity_id, 5)::UBIGINT, number), 'product')
        AS product,
    least(24, 4 + duration_seconds // 45) AS turns,
    coalesce(len(list_filter(coached.days, lambda day: started_at::DATE - day BETWEEN 1 AND {COACHED_DAYS})) > 0, false)
        AS is_coached,
    greatest(0.15, least(0.88,
        0.70 - 0.26 * trait(calls.user_id, 'listening') + IF(is_coached, {COACHED_TALK_RATIO}, 0)
        + 0.06 * greatest(-2, least(2, normal(number, 'talk ratio')))
    )) AS talk_ratio
FROM calls
LEFT JOIN ({COACHED}) AS coached ON coached.user_id = calls.user_id
WHERE disposition = 'connected' AND NOT is_deleted AND duration_seconds BETWEEN 60 AND 7000
    AND draw(number, 'recorded') < getvariable('recorded')
"""

# Lengths are whole tenths of a second: nine tenths of a call are speech, shared out among the turns of each side by
# weight, the rest is pauses. The longer a turn, the more sentences.
CALL_TURNS = f"""
WITH turn_plan AS (
    SELECT *, unnest(range(1, turns + 1)) AS turn FROM conversation
),
voiced AS (
    SELECT
        *, hash(number, turn) AS line, (turn % 2 = 1) = (direction = 'outbound') AS is_rep,
        50 + below(100, line, 'length') AS weight,
        CASE
            WHEN NOT is_rep THEN 'customer'
            WHEN draw(line, 'asks') < 0.2 + 0.6 * trait(user_id, 'discovery') THEN 'asks'
            ELSE 'tells'
        END AS voice,
        ((turn - 1) * {len(_LINES)} // turns) AS part
    FROM turn_plan
),
shared AS (
    SELECT
        *,
        floor(9 * duration_seconds * IF(is_rep, talk_ratio, 1 - talk_ratio))::BIGINT * weight
        // sum(weight) OVER (PARTITION BY number, is_rep)::BIGINT AS tenths,
        IF(is_rep, 2 + floor(7 * trait(user_id, 'patience'))::BIGINT, 1 + below(6, line, 'pause')) AS pause
    FROM voiced
),
placed AS (
    SELECT *, sum(pause + tenths) OVER (PARTITION BY number ORDER BY turn)::BIGINT AS ended FROM shared
)
SELECT
    call_id, turn,
    IF(is_rep, 'rep', 'customer') AS speaker,
    IF(is_rep, user_id, NULL) AS speaker_id,
    ((ended - tenths) / 10)::DECIMAL(9, 1) AS started_seconds,
    (ended / 10)::DECIMAL(9, 1) AS ended_seconds,
    replace(replace(replace(
        list_aggregate(list_transform(
            range(least(3, 1 + tenths // 100)),
            lambda nth: book.lines[1 + (below(len(book.lines), line, 'line') + nth) % len(book.lines)]
        ), 'string_agg', ' '),
        '{{product}}', product),
        '{{competitor}}', pick({_list(_COMPETITORS)}, number, 'competitor')),
        '{{seats}}', (5 * (2 + below(30, number, 'seats')))::VARCHAR
    ) AS text,
    least(started_at + to_seconds(duration_seconds + 600), getvariable('until')) AS updated_at, false AS is_deleted
FROM placed
JOIN book ON book.part = placed.part AND book.is_spanish = placed.is_spanish AND book.voice = placed.voice
ORDER BY call_id, turn
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
    WHERE draw(number, 'reviewed') < 0.3 AND standing.manager_id IS NOT NULL
)
SELECT
    call_id, manager_id AS reviewer_id, criterion,
    greatest(1, least(5, round(
        1.8 + 2.4 * trait(user_id, criterion) + IF(is_coached AND criterion = 'listening', 0.7, 0)
        + 0.6 * normal(number, criterion)
    )))::INTEGER AS score,
    5 AS max_score,
    least(started_at + to_minutes(60 + below(4000, number, 'reviewed after')), getvariable('until')) AS scored_at,
    scored_at AS updated_at, false AS is_deleted
FROM reviewed
ORDER BY call_id, criterion
"""
