"""A mapping to start from, proposed for files that nobody described yet: `repline map`.

Belongs here: what is written of each guess, and how several files fit each other. Does not belong here: the guesses
(`ingestion.mapping.guesses`). What is not certain stands in the mapping as a comment that begins with DOUBT; where a
choice has to be made it stands as `?`, which no load accepts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingestion.contract import ENTITIES, ENTITIES_BY_NAME, Column, ColumnType, Entity
from ingestion.mapping.document import BLANK
from ingestion.mapping.guesses import Guess, candidates, guess_by_values, guess_entity, normal
from ingestion.mapping.model import NumberForm
from ingestion.mapping.profiles import ColumnProfile, FileProfile, profiles
from ingestion.mapping.shapes import (
    ISO,
    boolean_words,
    date_formats,
    duration_formats,
    has_time_without_offset,
    number_forms,
)
from ingestion.mapping.stages import stages_of
from ingestion.mapping.synonyms import VALUE_WORDS

CHOOSE = f"'{BLANK}'"
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_€$£%][A-Za-z0-9_ ./()%€$£-]*")
_SHOWN_VALUES = 8
_SHOWN_CANDIDATE_VALUES = 3
# Where an id of one file is a column of another: the entities and columns that name users and accounts.
_REFERENCES = {"users": ("owner_id", "user_id"), "accounts": ("account_id",)}


def propose(paths: Sequence[Path]) -> str:
    """YAML of a mapping for the files. Raises LandingError where one cannot be read."""
    found = [profile for path in paths for profile in profiles(path)]
    guesses: list[Guess] = []
    strangers: list[FileProfile] = []
    for profile in found:
        if guess := guess_entity(profile):
            guesses.append(guess)
        else:
            strangers.append(profile)
    for stranger in strangers[:]:
        held = {guess.entity.name for guess in guesses}
        if guess := guess_by_values(stranger, (entity for entity in ENTITIES if entity.name not in held)):
            guesses.append(guess)
            strangers.remove(stranger)
    _link(guesses)
    lines = [
        "# Proposed by `repline map`. Look at every DOUBT, and fill in each '?': a refresh names the lines that are",
        "# left. Save it as mapping.yml beside the files.",
    ]
    for stranger in strangers:
        names = ", ".join(column.name for column in stranger.columns)
        lines.append(f"# {stranger.name}: no entity of the contract fits its columns {names}")
    lines.append("entities:")
    for entity in ENTITIES:
        of_entity = [guess for guess in guesses if guess.entity is entity]
        if of_entity:
            lines += _entity(entity, of_entity, found)
        elif entity.name == "users":
            lines += _users_from_owners(guesses)
        elif entity.name == "pipeline_stages":
            lines += _stages_from_values(guesses)
        elif entity.is_required:
            lines += _nowhere(entity.name)
    return "\n".join(lines) + "\n"


def _entity(entity: Entity, guesses: list[Guess], found: list[FileProfile]) -> list[str]:
    lines = [f"  {entity.name}:"]
    is_list = len(guesses) > 1
    for guess in guesses:
        part = _part(guess, found)
        first, *rest = part
        lines += [f"    {'- ' if is_list else ''}{first}", *(f"    {'  ' if is_list else ''}{line}" for line in rest)]
    return lines


def _part(guess: Guess, found: list[FileProfile]) -> list[str]:
    lines = _layout(guess.profile)
    if guess.is_by_values:
        name = guess.entity.name
        lines.append(
            f"# DOUBT: the headers do not say what this is. By its values it can be {name}: where it is something"
        )
        lines.append("# else, move it below that name.")
    lines.append("columns:")
    for column in guess.entity.columns:
        if column.name in guess.columns:
            spec, doubts = _spec(guess, column, guess.columns[column.name], found)
            lines += [f"  # DOUBT: {doubt}" for doubt in doubts]
            lines.append(f"  {column.name}: {spec}")
        elif column.must_be_given:
            lines.append(f"  # DOUBT: no column seems to be {column.name}, which is required.")
            lines += [f"  #   {each}" for each in _by_values(guess, column, found)]
            lines.append(f"  {column.name}: {CHOOSE}")
        elif guess.is_by_values and column.type is not ColumnType.TEXT:
            lines += [f"  # {column.name}: {each}" for each in _by_values(guess, column, found)]
    if guess.unused:
        lines.append(f"# Passed over; what you want along goes under keep: {', '.join(guess.unused)}")
    return lines


def _layout(profile: FileProfile) -> list[str]:
    lines = [f"file: {_scalar(profile.file)}"]
    if profile.sheet:
        lines.append(f"sheet: {_scalar(profile.sheet)}")
    if profile.header_row > 1:
        lines.append(f"header_row: {profile.header_row}")
    if profile.delimiter:
        lines.append(f"delimiter: {'tab' if profile.delimiter == chr(9) else _scalar(profile.delimiter)}")
    if profile.encoding:
        lines.append(f"encoding: {profile.encoding}")
    return lines + [f"# DOUBT: {doubt}" for doubt in profile.doubts]


def _by_values(guess: Guess, column: Column, files: list[FileProfile]) -> list[str]:
    """The columns that can be it by their values, each as it would be written, with some of its values."""
    lines = []
    for found in candidates(guess.profile, guess.entity, column)[:_SHOWN_VALUES]:
        spec, _ = _spec(guess, column, found, files)
        few = list(found.values)[:_SHOWN_CANDIDATE_VALUES]
        lines.append(f"{spec}  ({' | '.join(few)}{' | ...' if len(found.values) > len(few) else ''})")
    return lines


def blank_lines(proposal: str) -> list[int]:
    """The numbers of the lines in which something is left to fill in."""
    lines = enumerate(proposal.splitlines(), start=1)
    return [number for number, line in lines if CHOOSE in line and not line.lstrip().startswith("#")]


def _spec(guess: Guess, column: Column, found: ColumnProfile, files: list[FileProfile]) -> tuple[str, list[str]]:
    """What is written for a column, and the doubts about it."""
    doubts = [guess.doubts[column.name]] if column.name in guess.doubts else []
    empty = guess.profile.row_count - found.filled
    if column.must_be_given and empty:
        doubts.append(
            f"{empty:,} of {guess.profile.row_count:,} rows are empty here, which the contract requires: they go to "
            "quarantine, unless first_of names another column or a value for them"
        )
    if column.name == "stage" and guess.entity.name == "opportunities" and (outcomes := _stage_by_outcome(guess)):
        doubts.append("won and lost deals keep their stage there, so that what became of them is their stage here")
        return outcomes, doubts
    keys = _keys(guess.entity, column, found, doubts)
    if column.type is ColumnType.TEXT and not keys and (near := _spelt_otherwise(guess, found, files)):
        other, values = near
        doubts.append(f"{other} spells {'it' if len(values) == 1 else 'them'} so; is it the same?")
        keys = {"values": _flow(values)}
    name = _scalar(found.name)
    if not keys:
        return name, doubts
    return "{" + ", ".join([f"column: {name}", *(f"{key}: {value}" for key, value in keys.items())]) + "}", doubts


def _stage_by_outcome(guess: Guess) -> str | None:
    """Where the stages say nothing of the outcome: the outcome of closed deals, the stage of others."""
    if "stage" not in guess.columns:
        return None
    found = stages_of(guess)
    if found.outcome is None:
        return None
    still_open = ", ".join(f"{_scalar(word)}: null" for word in found.open_words)
    outcome = f"{{column: {_scalar(found.outcome.name)}, values: {{{still_open}}}}}"
    return f"{{first_of: [{outcome}, {_scalar(guess.columns['stage'].name)}]}}"


def _keys(entity: Entity, column: Column, found: ColumnProfile, doubts: list[str]) -> dict[str, str]:
    values = list(found.values)
    if not values:
        doubts.append("the column is empty, so that nothing is known of how it is written")
        return {}
    match column.type:
        case ColumnType.DATE | ColumnType.TIMESTAMP:
            return _date_keys(column, values, doubts)
        case ColumnType.BOOLEAN:
            words = boolean_words(values)
            if words is None or {word.lower() for word in values} <= {"true", "false"}:
                return {}
            true, false = words
            return {"true": _list(true or ["yes"]), "false": _list([*false, ""] if found.filled else false or ["no"])}
        case ColumnType.TEXT:
            return _word_keys(column, values, doubts) if column.accepted_values else {}
        case ColumnType.SECONDS if formats := duration_formats(values):
            return {"format": _chosen(formats, "duration", doubts)}
        case _:
            return _number_keys(column, found, values, doubts)


def _date_keys(column: Column, values: list[str], doubts: list[str]) -> dict[str, str]:
    formats = date_formats(values)
    keys: dict[str, str] = {}
    if formats != [ISO]:
        keys["format"] = _chosen(formats, "date", doubts)
    if column.type is ColumnType.TIMESTAMP and has_time_without_offset(values):
        doubts.append("the moments name no offset: without timezone (such as Europe/Amsterdam) they are UTC")
    return keys


def _number_keys(column: Column, found: ColumnProfile, values: list[str], doubts: list[str]) -> dict[str, str]:
    keys: dict[str, str] = {}
    bare = [value.removesuffix("%") for value in values]
    forms = number_forms(bare)
    if len(forms) > 1:
        fitting = " or ".join(_form_text(form) for form in forms)
        doubts.append(f"{_shown(values)} can be read with {fitting}: choose the decimal sign")
        keys["decimal"] = CHOOSE
    elif forms and forms[0] != NumberForm():
        form = forms[0]
        keys.update(decimal=_scalar(form.decimal) if form.decimal != "." else "'.'")
        if form.thousands:
            keys["thousands"] = _scalar(form.thousands)
        if form.symbols:
            keys["symbols"] = _list(form.symbols)
    if column.type is ColumnType.FRACTION and (bare != values or any(_above_one(value) for value in bare)):
        keys["unit"] = "percent"
        if bare != values:
            keys["symbols"] = _list(["%"])
    if column.type is ColumnType.SECONDS:
        unit = next((unit for unit in ("millisecond", "minute", "hour") if unit[:3] in normal(found.name)), None)
        if unit:
            keys["unit"] = unit + "s"
        elif "second" not in normal(found.name):
            doubts.append("are these seconds? Else add unit: milliseconds, minutes or hours")
    return keys


def _word_keys(column: Column, values: list[str], doubts: list[str]) -> dict[str, str]:
    """The contract's words for an enumerated column's."""
    known = {word: accepted for accepted, words in VALUE_WORDS[column.name].items() for word in words}
    mapped: dict[str, str] = {}
    for value in values[: _SHOWN_VALUES * 4]:
        if value in column.accepted_values:
            continue
        if (meant := known.get(_letters(value))) in column.accepted_values and meant:
            mapped[value] = meant
        else:
            mapped[value] = CHOOSE
    if CHOOSE in mapped.values():
        doubts.append(f"choose one of {', '.join(column.accepted_values)} for each `?`; an unknown word is quarantined")
    return {"values": _flow(mapped)} if mapped else {}


def _spelt_otherwise(guess: Guess, found: ColumnProfile, files: list[FileProfile]) -> tuple[str, dict[str, str]] | None:
    """Values that another file's column of that name has, but with other spaces, signs or capitals."""
    for profile in files:
        if profile is guess.profile:
            continue
        for column in profile.columns:
            if normal(column.name) != normal(found.name) or not column.is_unique:
                continue
            there = {_letters(value): value for value in column.values}
            values = {
                value: there[_letters(value)]
                for value in found.values
                if value not in column.values and _letters(value) in there
            }
            if values:
                return f"{profile.name}", values
    return None


def _link(guesses: list[Guess]) -> None:
    """Let the ids of users and accounts be what the other files call them by, which may be their name."""
    for entity_name, references in _REFERENCES.items():
        used = {
            value
            for guess in guesses
            for name in references
            if guess.entity.name != entity_name and name in guess.columns
            for value in guess.columns[name].values
        }
        for guess in guesses:
            if guess.entity.name != entity_name or not used:
                continue
            key = guess.entity.key[0]
            shares = {
                column.name: len(used & column.values.keys()) for column in guess.profile.columns if column.is_unique
            }
            best = max(shares, key=lambda name: shares[name], default=None)
            if best is None or not shares[best]:
                guess.doubts[key] = f"no column holds what the other files say for {entity_name}: {_shown(used)}"
            elif key not in guess.columns or shares[best] > shares.get(guess.columns[key].name, 0):
                guess.columns[key] = next(column for column in guess.profile.columns if column.name == best)
                guess.doubts[key] = "the other files name them so: two who share it would be one"


def _users_from_owners(guesses: list[Guess]) -> list[str]:
    for guess in guesses:
        if guess.entity.name == "opportunities":
            owner, name = _owner(guess)
            return [
                "  users:",
                "    # DOUBT: no file seems to hold users: they are the owners of opportunities, by the name there.",
                *(f"    {line}" for line in _layout(guess.profile)),
                "    columns:",
                f"      user_id: {owner}",
                f"      full_name: {name}",
            ]
    return _nowhere("users")


def _owner(guess: Guess) -> tuple[str, str]:
    """What deals call their owner, and the owner's name where it stands beside an id."""
    if "owner_id" not in guess.columns:
        return CHOOSE, CHOOSE
    owner = guess.columns["owner_id"].name
    name = normal(owner).removesuffix("id") + "name"
    names = [column.name for column in guess.profile.columns if normal(column.name) == name]
    return _scalar(owner), _scalar(names[0] if names else owner)


def _stages_from_values(guesses: list[Guess]) -> list[str]:
    for guess in guesses:
        if guess.entity.name == "opportunities" and "stage" in guess.columns:
            found = stages_of(guess)
            by = f"the column {' and '.join(found.told_by)} and their words say" if found.told_by else "their words say"
            lines = [
                "  pipeline_stages:",
                "    # DOUBT: in which order does a deal go through these? The order here is that of the file's rows.",
                f"    # What is closed or won is what {by};",
                "    # it is '?' where that is nothing, or not the same for all deals.",
                "    rows:",
            ]
            positions: Counter[str] = Counter()
            for stage in found.stages:
                positions[stage.pipeline] += 1
                within = f"pipeline: {_scalar(stage.pipeline)}, " if stage.pipeline else ""
                meaning = f"is_closed: {_word(stage.is_closed)}, is_won: {_word(stage.is_won)}"
                position = positions[stage.pipeline]
                lines.append(f"      - {{{within}stage: {_scalar(stage.name)}, position: {position}, {meaning}}}")
            return lines
    return [
        "  pipeline_stages:",
        "    # DOUBT: no file seems to hold stages. Write a row for each, in the order in which deals go through them.",
        "    rows:",
        f"      - {{stage: {CHOOSE}, position: 1, is_closed: {CHOOSE}, is_won: {CHOOSE}}}",
    ]


def _nowhere(entity: str) -> list[str]:
    """A required entity that no file seems to hold."""
    columns = ENTITIES_BY_NAME[entity].columns
    return [
        f"  {entity}:",
        f"    # DOUBT: no file seems to hold {entity}, which is required. Name the file and its columns.",
        f"    file: {CHOOSE}",
        "    columns:",
        *(f"      {each.name}: {CHOOSE}" for each in columns if each.must_be_given),
    ]


def _chosen(formats: list[str], what: str, doubts: list[str]) -> str:
    if len(formats) == 1:
        return f"'{formats[0]}'"
    doubts.append(f"every {what} fits each of {' and '.join(formats)}: choose one")
    return CHOOSE


def _form_text(form: NumberForm) -> str:
    return f"decimal {form.decimal}" + (f" and thousands {form.thousands!r}" if form.thousands else "")


def _above_one(value: str) -> bool:
    return re.fullmatch(r"\s*\d+([.,]\d+)?\s*", value) is not None and float(value.replace(",", ".")) > 1


def _letters(value: str) -> str:
    return re.sub(r"[^a-z0-9]", "", value.lower())


def _shown(values: Iterable[str]) -> str:
    some = sorted(values)[:_SHOWN_VALUES]
    return ", ".join(some)


def _word(value: bool | None) -> str:
    return CHOOSE if value is None else "true" if value else "false"


def _flow(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{_scalar(k)}: {v if v == CHOOSE else _scalar(v)}" for k, v in values.items()) + "}"


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_scalar(value) for value in values) + "]"


def _scalar(text: str) -> str:
    """The text as YAML that reads as just that text."""
    if _PLAIN_TEXT.fullmatch(text) and text == text.strip() and text != "null":
        return text
    return "'" + text.replace("'", "''") + "'"
