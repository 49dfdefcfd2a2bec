# SPDX-License-Identifier: Apache-2.0
"""Which parts of a text say what to do, and which tell only how things are.

"Instead of cooking an egg, put the apple on the table. It is a good snack." has one that counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from memagent.planner.grounding.lexicon import English, Name
from memagent.planner.grounding.words import tokens

Level = Literal["main", "circumstance", "contrast", "comment"]
_SENTENCE_END = frozenset(".!?;:")
_ONLY_FIRST = frozenset(
    {"by", "for", "with", "at", "in", "following", "given", "considering", "to", "due", "upon"}
    | {"if", "not", "even"}
)
"""These open a part only where a sentence or a part begins; elsewhere they are prepositions."""
_ONLY_WITH_COMMA = frozenset({"in", "with", "by", "at", "for", "to"})
"""And these only where a comma ends the part: "With a book in hand, turn on the lamp"."""


@dataclass(frozen=True)
class Clause:
    """Words that belong together, without the polite ones."""

    words: tuple[str, ...]
    level: Level


def clauses(text: str, english: English) -> tuple[Clause, ...]:
    """The parts of ``text``, in order."""
    found: list[Clause] = []
    for sentence in _sentences(tokens(text)):
        words = _without(sentence, english.phrases["courtesy"])
        for part, level in _parts(words, english):
            if part:
                found.append(Clause(tuple(part), _level(part, level, english, bool(found))))
    return tuple(found)


def _sentences(words: Sequence[str]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for word in words:
        if word in _SENTENCE_END:
            yield sentence
            sentence = []
        else:
            sentence.append(word)
    yield sentence


def _without(words: Sequence[str], phrases: Sequence[Name]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(words):
        phrase = _match(words, at, phrases)
        following = words[at + 1] if at + 1 < len(words) else ""
        if phrase and not (phrase == ("next",) and following == "to"):
            at += len(phrase)
        else:
            kept.append(words[at])
            at += 1
    return kept


def _match(words: Sequence[str], at: int, phrases: Sequence[Name]) -> Name:
    """The first of ``phrases`` that is in ``words`` from ``at`` on, or ()."""
    return next((p for p in phrases if tuple(words[at : at + len(p)]) == p), ())


def _parts(words: Sequence[str], english: English) -> Iterator[tuple[list[str], Level]]:
    """The parts of one sentence."""
    part: list[str] = []
    level: Level = "main"
    for at, word in enumerate(words):
        opened = _opens(words, at, english)
        back = level == "contrast" and word == "and" and _commands(words, at + 1, english)
        if word == "," or back:
            yield part, level
            part, level = [], "main"
            continue
        if opened is not None and (level != "contrast" or not part):
            if part and opened != level:
                yield part, level
                part = []
            level = opened
        part.append(word)
    yield part, level


def _opens(words: Sequence[str], at: int, english: English) -> Level | None:
    """What the word at ``at`` opens, if anything."""
    word, begins = words[at], at == 0 or words[at - 1] == ","
    if word in _ONLY_FIRST and not begins:
        return None
    if _match(words, at, english.phrases["contrast"]):
        return "contrast"
    if not _match(words, at, english.phrases["circumstance"]):
        return None
    if word in _ONLY_WITH_COMMA and (at > 0 or "," not in words):
        return None
    return "circumstance"


def _commands(words: Sequence[str], at: int, english: English) -> bool:
    """Whether a command begins at ``at``."""
    return at < len(words) and english.actions.get(words[at], ("", False))[1]


def _level(part: Sequence[str], level: Level, english: English, later: bool) -> Level:
    """A main part may be a remark: "it helps ...", "the room is dark"."""
    if level != "main" or any(word in english.obligation for word in part):
        return level
    finite = next((at for at in range(len(part)) if english.is_finite(part, at)), None)
    command = next(
        (
            at
            for at in range(len(part))
            if _commands(part, at, english) and (at == 0 or part[at - 1] in ("and", "to", "me"))
        ),
        None,
    )
    if finite is None or (command is not None and command < finite) or part[0] == "and":
        return level
    # "Preparing a salad will be a breeze"
    remark = part[0] in english.comment or part[0] in english.articles or part[0].endswith("ing")
    return "comment" if remark or later else level
