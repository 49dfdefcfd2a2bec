# SPDX-License-Identifier: Apache-2.0
"""What can be understood of written directions through a city, by rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBERS = {
    **dict.fromkeys(("first", "1st", "one", "1"), 1),
    **dict.fromkeys(("second", "2nd", "two", "2", "both", "couple"), 2),
    **dict.fromkeys(("third", "3rd", "three", "3"), 3),
    **dict.fromkeys(("fourth", "4th", "four", "4"), 4),
    **dict.fromkeys(("fifth", "5th", "five", "5"), 5),
    **dict.fromkeys(("sixth", "6th", "six", "6"), 6),
}
NUMBER = "|".join(sorted(NUMBERS, key=len, reverse=True))
CROSSING = (
    r"(?:set of |sets of |traffic |stop ?|t-|double )*"
    r"(?:lights?|stoplights?|intersections?|corners?|crossings?|crosswalks?|blocks?)"
)
TURN = re.compile(
    r"\b(?:turn|make|take|making|taking|turning|hang|hook|veer|bear|go)\b"
    r"(?:(?! on | to | at | you)[^.]){0,30}?\b(left|right)\b(?! side| corner)"
    r"|^\W*(left|right) (?:at|on|turn)"
)
PASS = re.compile(
    rf"\b(?:through|past|pass|passing|cross|crossing|straight for|walk|continue for|down)\b"
    rf"(?: straight)?(?: the| a| another| an)?(?: (?:next|following|first|set of))*"
    rf"(?: ({NUMBER}))?(?: more)?(?: (?:next|following))* {CROSSING}"
)
ORDINAL = re.compile(rf"\b({NUMBER})\b(?: (?:set|sets) of)?[ a-z-]{{0,12}}? ?{CROSSING}")
DEAD_END = re.compile(
    r"\bt[- ]intersection|no longer go straight|can only (?:turn|go)|forced|the t\b"
)
NAME = re.compile(r"(?:[A-Z0-9][\w'&.-]*[\w'](?: (?:&|of|and the|the|de|del|in) )?[ ]?)+")
FILLERS = frozenset(
    re.findall(
        r"\S+",
        "the stop go turn at walk pass head continue make take you your on in a an and it if this "
        "there straight left right next after follow keep end then when just proceed cross move "
        "once begin starting with to light lights t t-intersection t-intersections intersection",
    )
)
"""Words that begin a sentence and are no names."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn off at a crossing."""

    side: str
    crossing: int
    """Counted from the last turn, from 1."""
    at_dead_end: bool
    landmarks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stop:
    """Where to end, after the last turn."""

    passed: int
    """Crossings gone through."""
    where: str
    """"before", "at", "steps" or "fraction"."""
    amount: float
    landmarks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Instruction:
    turns: tuple[Turn, ...]
    stop: Stop


def parse(text: str) -> Instruction:
    """What can be understood of an instruction by rules."""
    turns: list[Turn] = []
    passed, ordinal, dead_end = 0, 0, False
    names: set[str] = set()
    stop, stop_names = "", set[str]()
    for sentence in re.split(r"(?<=[.!])\s+", re.sub(r"\b\d-way\b", "", text)):
        low = sentence.lower()
        if re.search(r"too far|if you (?:reach|get|see|hit|come)", low):
            continue
        for clause in re.split(r",? (?:and then|then|and|before) (?=\w+)|, |; ", sentence):
            words = clause.lower()
            dead_end |= bool(DEAD_END.search(words))
            names |= landmarks(clause)
            turn, stops = TURN.search(words), re.search(r"\bstop|\bend\b(?! of)|destination", words)
            count = ORDINAL.search(words)
            crossed = PASS.search(words)
            if turn:
                number = NUMBERS[count[1]] if count else ordinal
                target = max(number, passed + 1)
                turns.append(Turn(turn[1] or turn[2], target, dead_end, frozenset(names)))
                passed, ordinal, dead_end, names = 0, 0, False, set()
                after = words[turn.end() :]
                crossed = PASS.search(after)
                if not crossed:
                    continue
            if crossed:
                passed += NUMBERS.get(crossed[1] or "one", 1)
            elif count:
                ordinal = NUMBERS[count[1]]
            if stops:
                stop_names |= landmarks(sentence)
                stop += " " + low
        if turns and not TURN.search(low) and stop and low not in stop:
            stop += " " + low
    return Instruction(tuple(turns), _stop(stop, passed, frozenset(stop_names or names)))


def _stop(text: str, passed: int, names: frozenset[str]) -> Stop:
    fractions = {
        r"1/4|quarter": 0.25, r"1/3|third of": 0.33, r"2/3": 0.67, r"3/4|three[- ]quarters": 0.75,
        r"half|mid|middle of the block": 0.5,
    }  # fmt: skip
    steps = re.search(
        rf"\b({NUMBER}|few|a|immediately|right after turning|just after)\b[^.]{{0,12}}step", text
    )
    if steps and not re.search(r"before|short of", text):
        return Stop(passed, "steps", float(NUMBERS.get(steps[1], 2)), names)
    if re.search(
        r"(?:before|short of|reach|reaching)[^.]{0,25}(?:light|intersection|corner|street)", text
    ):
        return Stop(passed, "before", 2, names)
    for pattern, share in fractions.items():
        if re.search(pattern, text):
            return Stop(passed, "fraction", share, names)
    if re.search(r"end of the (?:block|street)", text):
        return Stop(passed, "before", 2, names)
    if re.search(r"(?:at|in|under)[^.]{0,30}(?:intersection|lights?|corner)", text):
        return Stop(passed, "at", 0, names)
    if re.search(r"immediately|after (?:you turn|turning|the turn)", text):
        return Stop(passed, "steps", 2, names)
    return Stop(passed, "fraction", 0.5, names)


def landmarks(text: str) -> frozenset[str]:
    """Names with capitals, without the words that begin sentences.

    Kinds ("a bus stop", "the bank") are left out: they are on every other block.
    """
    found = set()
    for match in NAME.finditer(text):
        words = re.split(r"\s+", match[0].strip(" .'").lower())
        while words and (words[0] in FILLERS or words[0] in NUMBERS):
            words.pop(0)
        name = " ".join(words).removesuffix("'s")
        if len(name) > 2 and not name[0].isdigit() and name not in FILLERS:
            found.add(name)
    return frozenset(found)
