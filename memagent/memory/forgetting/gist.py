# SPDX-License-Identifier: Apache-2.0
"""What is left of forgotten items: one gist for a stretch of time, with counts and names.

A gist tells when, how many items of each kind it stands for, and the objects, places and doings
that it had most of. Gists add up, so that old ones become one where there are too many: coarser the
longer ago, as the span of a gist is weighed against its age.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from memagent.types import MemoryItem

SOURCE = "gist"
_EPOCH = 1e9
"""Stamps from here on are seconds since 1970; smaller ones count from the robot's start."""
_LONGEST = 80
"""Characters of a doing that a gist keeps."""
_KINDS = {
    "step": "steps", "relation": "changes", "object": "first sights", "note": "notes",
    "summary": "summaries", "episode": "tasks", "lesson": "lessons",
}  # fmt: skip

Tally = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Gist:
    """What items from ``start`` to ``end`` (seconds) amounted to."""

    start: float
    end: float
    kinds: Tally
    """Items it stands for, by kind."""
    places: Tally = field(default_factory=dict)
    things: Tally = field(default_factory=dict)
    doings: Tally = field(default_factory=dict)
    item: int = 0
    """The item that tells it; 0 before there is one."""

    @property
    def stands_for(self) -> int:
        return sum(self.kinds.values())

    @property
    def text(self) -> str:
        counts = ", ".join(f"{n} {_KINDS.get(kind, kind)}" for kind, n in self.kinds.items())
        clauses = [counts]
        if self.places:
            clauses[0] += " in " + _listed(self.places)
        if self.things:
            clauses.append("saw " + ", ".join(self.things))
        clauses += [f"{did} ({n} times)" if n > 1 else did for did, n in self.doings.items()]
        return f"{_when(self.start, self.end)}: {'; '.join(clauses)}"

    def data(self) -> dict[str, Any]:
        """What the item keeps beside the words."""
        return {
            "stands_for": self.stands_for, "kinds": dict(self.kinds), "places": dict(self.places),
            "things": dict(self.things), "doings": dict(self.doings),
        }  # fmt: skip

    def without(self, thing: str, clauses: Iterable[str] = ()) -> Gist:
        """The gist with neither an object ("" for none) nor some doings in it."""
        gone = {clause[:_LONGEST] for clause in clauses}
        return replace(
            self,
            things={name: n for name, n in self.things.items() if name != thing},
            doings={
                did: n
                for did, n in self.doings.items()
                if did not in gone and not names(did, thing)
            },
        )


def gist_of(item: MemoryItem) -> Gist:
    """The gist that an item tells."""
    kinds, places, things, doings = (
        _most(Counter(item.data[name]), len(item.data[name]))
        for name in ("kinds", "places", "things", "doings")
    )
    start = item.stamp if item.valid_from is None else item.valid_from
    end = item.stamp if item.valid_to is None else item.valid_to
    return Gist(start, end, kinds, places, things, doings, int(item.id.removeprefix("item-")))


def condense(items: Sequence[MemoryItem], places: Sequence[Sequence[str]], most: int) -> Gist:
    """The gist of items.

    Args:
        items: at least one.
        places: where each of them was, by any names.
        most: names of each sort to keep.
    """
    doings: Counter[str] = Counter()
    for item in items:
        told_otherwise = "object" in item.data or item.source == "temporal"  # By its steps.
        if not told_otherwise:
            doings.update(clause[:_LONGEST] for clause in clauses_of(item.text))
    stamps = [item.stamp for item in items]
    return Gist(
        min(stamps),
        max(stamps),
        _most(Counter(item.kind for item in items), len(_KINDS)),
        _most(Counter(name for named in places for name in dict.fromkeys(named)), most),
        _most(Counter(str(i.data["object"]) for i in items if "object" in i.data), most),
        _most(doings, most),
    )


def merge(a: Gist, b: Gist, most: int) -> Gist:
    """One gist in place of two; ``most`` names of each sort stay. It is told by ``a``'s item."""
    return Gist(
        min(a.start, b.start),
        max(a.end, b.end),
        _most(Counter(a.kinds) + Counter(b.kinds), len(_KINDS)),
        _most(Counter(a.places) + Counter(b.places), most),
        _most(Counter(a.things) + Counter(b.things), most),
        _most(Counter(a.doings) + Counter(b.doings), most),
        a.item,
    )


def closest(gists: Sequence[Gist], now: float) -> int:
    """Where in gists, in order of time, the pair begins that spans the least for its age."""

    def span(i: int) -> float:
        oldest, newest = max(0.0, now - gists[i].start), max(0.0, now - gists[i + 1].end)
        return math.log((oldest + 1.0) / (newest + 1.0))

    return min(range(len(gists) - 1), key=span)


def clauses_of(text: str) -> list[str]:
    """The clauses of what happened in words, each once."""
    return list(dict.fromkeys(c.strip() for c in re.split(r"[.;]\s+|[.;]$", text) if c.strip()))


def names(text: str, thing: str) -> bool:
    """Whether a text names a thing; "" is none."""
    return bool(thing) and re.search(rf"(?<!\w){re.escape(thing)}(?!\w)", text) is not None


def _most(tally: Counter[str], most: int) -> dict[str, int]:
    return dict(tally.most_common(most))  # Equal ones as they came.


def _listed(tally: Tally) -> str:
    words = list(tally)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _when(start: float, end: float) -> str:
    first, last = _moment(start), _moment(end)
    return f"on {first[0]} from {first[1]} to {last[1]}" if first[0] == last[0] else (
        f"from {first[0]} {first[1]} to {last[0]} {last[1]}"
    )  # fmt: skip


def _moment(stamp: float) -> tuple[str, str]:
    """The day and the time of it, in words."""
    if _EPOCH <= stamp < 100 * _EPOCH:
        at = datetime.fromtimestamp(stamp, timezone.utc)
        return f"{at.day} {at:%B %Y}", f"{at:%H:%M}"
    day, seconds = divmod(stamp, 86400.0)
    minutes = int(seconds // 60)
    return f"day {day + 1:.0f}", f"{minutes // 60:02d}:{minutes % 60:02d}"
