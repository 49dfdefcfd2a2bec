# SPDX-License-Identifier: Apache-2.0
"""Which parts of a text say what to do, and which tell only how things are.

"Instead of cooking an egg, put the apple on the table. It is a good snack." has one that counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from memagent.planner.grounding.lexicon import English
from memagent.planner.grounding.words import tokens

Level = Literal["main", "circumstance", "contrast", "comment"]
_SENTENCE_END = frozenset(".!?;:")
_ONLY_FIRST = frozenset(
    "by for with at in following given considering to due upon if not even".split()
)
"""These begin a circumstance only where a sentence does; elsewhere they are prepositions."""


@dataclass(frozen=True)
class Clause:
    """Words that belong together, without the polite ones."""

    words: tuple[str, ...]
    level: Level


def clauses(text: str, english: English) -> tuple[Clause, ...]:
    """The parts of ``text``, in order."""
    found: list[Clause] = []
    for sentence in _sentences(tokens(text)):
        plain = _without(sentence, english.phrases["courtesy"])
        found += _parts(plain, english, bool(found))
    return tuple(c for c in found if c.words)


def match(words: Sequence[str], at: int, phrases: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first of ``phrases`` that is in ``words`` from ``at`` on, or ()."""
    for phrase in phrases:
        if tuple(words[at : at + len(phrase)]) == phrase:
            return phrase
    return ()


def _sentences(words: Sequence[str]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for word in words:
        if word in _SENTENCE_END:
            yield sentence
            sentence = []
        else:
            sentence.append(word)
    yield sentence


def _without(words: Sequence[str], phrases: Sequence[tuple[str, ...]]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(words):
        phrase = match(words, at, phrases)
        following = words[at + len(phrase)] if at + len(phrase) < len(words) else ""
        if phrase and not (phrase == ("next",) and following == "to"):
            at += len(phrase)
        else:
            kept.append(words[at])
            at += 1
    return kept


def _parts(words: list[str], english: English, later: bool) -> Iterator[Clause]:
    """The parts of one sentence; ``later`` where others went before it."""
    contrast, circumstance = english.phrases["contrast"], english.phrases["circumstance"]
    part: list[str] = []
    level: Level = "main"
    for at, word in enumerate(words):
        begins = at == 0 or words[at - 1] == ","
        if word == ",":
            yield Clause(tuple(part), _level(part, level, english, later))
            part, level = [], "main"
            continue
        if level == "contrast" and word == "and" and _commands(words, at + 1, english):
            yield Clause(tuple(part), level)
            part, level = [], "main"
            continue
        opens: Level | None = None
        if match(words, at, contrast) and not (word in _ONLY_FIRST and not begins):
            opens = "contrast"
        elif match(words, at, circumstance) and (begins or word not in _ONLY_FIRST):
            opens = "circumstance"
            if begins and word in ("in", "with", "by", "at", "for", "to") and at == 0:
                opens = "circumstance" if "," in words[at:] else None
            elif word in ("in", "at", "to") and at:
                opens = None
            elif word in ("after", "before", "as", "that", "so", "until", "where") and not begins:
                opens = "circumstance"
        if opens is not None and not (level == "contrast" and not begins):
            if opens != level or not part:
                if part:
                    yield Clause(tuple(part), _level(part, level, english, later))
                part, level = [], opens
        part.append(word)
    yield Clause(tuple(part), _level(part, level, english, later))


def _commands(words: Sequence[str], at: int, english: English) -> bool:
    """Whether a command begins at ``at``."""
    return at < len(words) and english.actions.get(words[at], ("", False))[1]


def _level(part: Sequence[str], level: Level, english: English, later: bool) -> Level:
    """A main clause may be a remark: "it helps ...", "the room is dark"."""
    if level != "main" or not part:
        return level
    finite = [at for at, word in enumerate(part) if word in english.finite]
    commands = [
        at
        for at, word in enumerate(part)
        if english.actions.get(word, ("", False))[1]
        and (at == 0 or part[at - 1] in ("and", "to", "me", "then", ","))
    ]
    if part[0] in english.comment and finite and not (commands and commands[0] < finite[0]):
        return "comment"
    if finite and (not commands or finite[0] < commands[0]) and part[0] not in ("and", "then"):
        # "Preparing a salad will be a breeze", "the room is dark"; but "make what is on it clean".
        gerund = part[0].endswith("ing")
        if part[0] in english.articles or gerund or later:
            return "comment"
    return level
