# SPDX-License-Identifier: Apache-2.0
"""Questions about the order of events, answered from the log or not at all.

A question's words identify what happened when *all* of those that carry meaning are in its text
(stemmed). Steps and notes come first; relations, first sights and whole episodes are looked at only
if no step or note has the words. Of several matches, those with no other words win, then attempts
that succeeded. Whatever still has several matches is answered only if the answer is the same for
all of them; so a wrong answer needs a wrong memory, at any distance in time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from memagent.memory.episodic.events import NEXT_STARTED
from memagent.memory.recall.recaller import content_words
from memagent.memory.store.tables import Tables
from memagent.types import Answer, Code, MemoryItem, MemoryKind

_TIERS: tuple[tuple[MemoryKind, ...], ...] = (
    ("step", "note"), ("relation", "object"), ("episode",),
)  # fmt: skip
"""Summaries and lessons are no events: they tell of several."""
_SKILLS = {
    "place": "put puts putting",
    "pick": "take takes took taking taken grab grabs grabbed grabbing grasp grasps grasped",
    "navigate": "go goes went going drive drives drove driving driven",
    "close": "shut shuts shutting",
}
_SAME = {word: skill for skill, words in _SKILLS.items() for word in words.split()}
"""Everyday words for the names of skills."""
_PARTICLE = re.compile(r"\b(pick\w*|put\w*|tak\w*|took|set\w*)\s+(?:up|down)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Occurrence:
    item: MemoryItem
    start: float
    end: float


class Chronology:
    """Answers about order and time. Every answer cites the items that it rests on."""

    def __init__(
        self, tables: Tables, lock: AbstractContextManager[object], now: Callable[[], float]
    ) -> None:
        """Answer from a memory's rows, under its lock, by its clock in seconds."""
        self._tables = tables
        self._lock = lock
        self._now = now

    def before(
        self, a: str, b: str, since: float | None = None, until: float | None = None
    ) -> Answer:
        """Whether what ``a`` describes was over before what ``b`` describes began.

        Args:
            a: an event in words.
            b: another one.
            since: leave out what happened before this, seconds.
            until: leave out what happened after this, seconds.

        Returns:
            Yes or no; unknown if one of them is not remembered, if they overlap, or if there are
            several and it depends on which is meant.
        """
        firsts, seconds = self._find(a, since, until), self._find(b, since, until)
        for text, found in ((a, firsts), (b, seconds)):
            if not found:
                return _unknown(f"nothing that is remembered says {text!r}")
        if {o.item.id for o in firsts} & {o.item.id for o in seconds}:
            return _unknown(f"{a!r} and {b!r} may be the same event")
        if _precede(firsts, seconds):
            last, first = max(firsts, key=_end), min(seconds, key=_start)
            return _answer(True, f"yes: {_told(last)} came before {_told(first)}", last, first)
        if _precede(seconds, firsts):
            first, last = min(firsts, key=_start), max(seconds, key=_end)
            return _answer(False, f"no: {_told(first)} came after {_told(last)}", first, last)
        first, last = firsts[0], seconds[0]
        if {(o.start, o.end) for o in (*firsts, *seconds)} == {(first.start, first.start)}:
            return _answer(False, "no: they happened at the same time", first, last)
        if len(firsts) == len(seconds) == 1:
            return _unknown("they overlap", first, last)
        return _unknown(
            f"{len(firsts)} events say {a!r} and {len(seconds)} say {b!r}: it depends on which",
            *firsts[:2], *seconds[:2],
        )  # fmt: skip

    def after(
        self, a: str, b: str, since: float | None = None, until: float | None = None
    ) -> Answer:
        """Whether what ``a`` describes began after what ``b`` describes was over."""
        answer = self.before(b, a, since, until)
        return replace(answer, evidence=answer.evidence[::-1])

    def first(self, *texts: str, since: float | None = None, until: float | None = None) -> Answer:
        """Which of several events happened first, or when one of a kind first did."""
        return self._extreme(texts, since, until, latest=False)

    def last(self, *texts: str, since: float | None = None, until: float | None = None) -> Answer:
        """Which of several events happened last, or when one of a kind last did."""
        return self._extreme(texts, since, until, latest=True)

    def how_long_ago(self, text: str) -> Answer:
        """Seconds since what ``text`` describes was last over."""
        found = self._find(text, None, None)
        if not found:
            return _unknown(f"nothing that is remembered says {text!r}")
        last = max(found, key=_end)
        with self._lock:
            seconds = self._now() - last.end
        return _answer(seconds, f"{seconds:.0f} s ago: {last.item.text}", last)

    def how_long(self, text: str) -> Answer:
        """Seconds that what ``text`` describes took, or has lasted so far; the last time it did."""
        found = self._find(text, None, None)
        if not found:
            return _unknown(f"nothing that is remembered says {text!r}")
        last = max(found, key=_end)
        seconds, so_far = self._duration(last)
        if seconds is None:
            return _unknown(f"only the moment of {_told(last)} is remembered", last)
        return _answer(
            seconds, f"{seconds:.0f} s{' so far' if so_far else ''}: {last.item.text}", last
        )

    # --- inside -------------------------------------------------------------------------------

    def _extreme(
        self, texts: Sequence[str], since: float | None, until: float | None, *, latest: bool
    ) -> Answer:
        found: list[_Occurrence] = []
        for text in texts:
            occurrences = self._find(text, since, until)
            if not occurrences:
                return _unknown(f"nothing that is remembered says {text!r}")
            found += occurrences
        if not found:
            return _unknown("no event was asked for")
        best = max(found, key=_end) if latest else min(found, key=_start)
        at = best.end if latest else best.start
        rivals = [o for o in found if (_end(o) if latest else _start(o)) == at]
        if len({o.item.id for o in rivals}) > 1 and len(texts) > 1:
            return _unknown("they happened at the same time", *rivals)
        return _answer(at, _told(best), best)

    def _duration(self, occurrence: _Occurrence) -> tuple[float | None, bool]:
        """Seconds, and whether it still goes on."""
        item = occurrence.item
        if occurrence.end > occurrence.start:
            return occurrence.end - occurrence.start, False
        with self._lock:
            now = self._now()
            if item.kind == "relation" and item.valid_from is not None:
                if item.valid_to is None:
                    return now - item.valid_from, True
                if item.valid_to > item.valid_from:
                    return item.valid_to - item.valid_from, False
            if item.data.get("boundary"):
                return self._event(item, now)
        return None, False

    def _event(self, item: MemoryItem, now: float) -> tuple[float | None, bool]:
        """How long the event lasted that an item began."""
        rows = self._tables.store.query(
            f"SELECT started, {NEXT_STARTED} FROM event WHERE first_item <= ? "
            "ORDER BY first_item DESC, seq DESC LIMIT 1",
            (int(item.id.split("-")[-1]),),
        )
        if not rows or rows[0][0] != item.stamp:
            return None, False
        started, finished = rows[0]
        return (now if finished is None else finished) - started, finished is None

    def _find(self, text: str, since: float | None, until: float | None) -> list[_Occurrence]:
        """All that a text identifies, oldest first."""
        words = _said(text)
        if not words:
            return []
        said = [(w, _SAME[w]) if w in _SAME else (w,) for w in dict.fromkeys(words)]
        with self._lock:
            found_items = self._tables.items_of(self._tables.store.find_text(said))
        items = [item for _, item in sorted(found_items.items(), key=_in_time)]
        for tier in _TIERS:
            found = [_occurrence(item) for item in items if item.kind in tier]
            found = [
                o for o in found
                if (since is None or o.start >= since) and (until is None or o.end <= until)
            ]  # fmt: skip
            if found:
                return _closest(found, words)
        return []


def _said(text: str) -> list[str]:
    """The words of a text that carry meaning: "picked up the mug" says no more than "picked"."""
    return content_words(_PARTICLE.sub(r"\1", text))


def _closest(found: list[_Occurrence], words: Sequence[str]) -> list[_Occurrence]:
    exact = [o for o in found if set(_said(o.item.text)) == set(words)]
    found = exact or found
    ok = Code.OK.value
    return [o for o in found if o.item.data.get("code", ok) == ok] or found


def _occurrence(item: MemoryItem) -> _Occurrence:
    start = item.stamp if item.valid_from is None else item.valid_from
    if item.kind in ("relation", "object"):  # Its beginning is what happened.
        return _Occurrence(item, start, start)
    return _Occurrence(item, start, item.stamp if item.valid_to is None else item.valid_to)


def _precede(some: Sequence[_Occurrence], others: Sequence[_Occurrence]) -> bool:
    """Whether each of some was over before each of the others began."""
    end, start = max(map(_end, some)), min(map(_start, others))
    if end != start:
        return end < start
    return not (any(o.start == end for o in some) and any(o.end == start for o in others))


def _in_time(entry: tuple[int, MemoryItem]) -> tuple[float, int]:
    return entry[1].stamp, entry[0]


def _start(occurrence: _Occurrence) -> float:
    return occurrence.start


def _end(occurrence: _Occurrence) -> float:
    return occurrence.end


def _told(occurrence: _Occurrence) -> str:
    return f"{occurrence.item.text!r} (at {occurrence.start:.1f} s)"


def _answer(value: bool | float, text: str, *evidence: _Occurrence) -> Answer:
    return Answer(True, text, value, tuple(o.item for o in evidence))


def _unknown(why: str, *evidence: _Occurrence) -> Answer:
    return Answer(False, f"unknown: {why}", None, tuple(o.item for o in evidence))
