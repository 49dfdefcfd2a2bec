# SPDX-License-Identifier: Apache-2.0
"""A memory's tools: questions, answered beside a running robot, and changes, by its one writer.

Where the memory node has a service for the same, the tool has the service's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from memagent.agent_tools.declaration import Answer, Scope, Tool, ToolError, plain
from memagent.moments import read_moment, tell_ago, tell_moment
from memagent.types import MemoryItem, MemoryKind, ObjectBelief, Query, Vector3

if TYPE_CHECKING:
    from memagent.memory.asking import Asking
    from memagent.memory.keeping import Keeping
    from memagent.memory.lifelong import LifelongMemory

_WORTH_TELLING = 0.005
"""Probability below which no agent need read of a place."""
_FORMS = "2h, 3d or 1w (ago), 2026-11-28T09:30, or seconds of the robot's clock; empty for any time"

Thing = Annotated[str, Field(min_length=1, description="An object's name or kind, as in: red mug")]
Moment = Annotated[str, Field(description=f"A time: {_FORMS}")]
Position = Annotated[
    list[FiniteFloat],
    Field(min_length=2, max_length=3, description="[x, y] or [x, y, z] in the map, metres"),
]
Radius = Annotated[float, Field(gt=0, le=1000, description="metres")]
Limit = Annotated[int, Field(ge=1, le=100, description="the most to return")]


# --- questions ------------------------------------------------------------------------------------


class Recall(Tool):
    """Search everything that the robot remembers, by meaning, place and time; best match first."""

    text: Annotated[str, Field(description="what it is about, in words")] = ""
    near: Position | None = None
    radius: Radius = 1.0
    since: Moment = ""
    until: Moment = ""
    kinds: Annotated[tuple[MemoryKind, ...], Field(description="empty for all")] = ()
    limit: Limit = 10

    def carry_out(self, memory: Asking) -> Answer:
        now = _now(memory)
        query = Query(
            self.text,
            self.kinds,
            _vector(self.near) if self.near else None,
            self.radius,
            _moment(self.since, now),
            _moment(self.until, now),
            self.limit,
        )
        return _items(memory.recall(query).items, now)


class Where(Tool):
    """Say where an object is, how sure that is, when it was last seen, and where it was before."""

    thing: Thing

    def carry_out(self, memory: Asking) -> Answer:
        now, belief = _now(memory), memory.where(self.thing)
        candidates = [
            plain(c)
            | ({} if c.last_seen is None else {"last_seen_ago": tell_ago(c.last_seen, now)})
            for c in belief.candidates
            if c.probability >= _WORTH_TELLING
        ]
        earlier = [fact for fact in memory.history(belief.name) if fact.valid_to is not None]
        return {
            "answer": _whereabouts(belief, now),
            "name": belief.name,
            "candidates": candidates,
            "elsewhere": belief.elsewhere,
            "earlier": earlier[:10],
        }


class Near(Tool):
    """List what was remembered near a position in the map, nearest first."""

    position: Position
    radius: Radius = 1.0
    limit: Limit = 10

    def carry_out(self, memory: Asking) -> Answer:
        found = memory.near(_vector(self.position), self.radius, self.limit)
        return _items(found, _now(memory))


class Timeline(Tool):
    """Tell what happened in an interval, oldest first; of a long one, the newest part."""

    since: Moment = ""
    until: Moment = ""
    limit: Limit = 50

    def carry_out(self, memory: Asking) -> Answer:
        now = _now(memory)
        found = memory.timeline(_moment(self.since, now), _moment(self.until, now), self.limit)
        return _items(found, now)


class Facts(Tool):
    """List what is believed of an object or a place now, or was believed at a time."""

    thing: Thing
    as_of: Moment = ""

    def carry_out(self, memory: Asking) -> Answer:
        as_of = _moment(self.as_of, _now(memory))
        found = memory.facts(self.thing, as_of)
        return {"facts": found or memory.facts(memory.where(self.thing).name, as_of)}


class Graph(Tool):
    """Show the knowledge graph around an object, a place or a room, now or as it was at a time."""

    around: Annotated[str, Field(min_length=1, description="an object, a place or a room")]
    hops: Annotated[int, Field(ge=0, le=6, description="how far from it, in edges")] = 2
    as_of: Moment = ""

    def carry_out(self, memory: Asking) -> Answer:
        as_of = _moment(self.as_of, _now(memory))
        both = (self.around, memory.where(self.around).name)
        known = memory.graph(as_of, both, self.hops)
        return {
            "nodes": [{"name": name} | data for name, data in known.nodes(data=True)],
            "edges": [{"from": a, "to": b} | data for a, b, data in known.edges(data=True)],
        }


class Habits(Tool):
    """Say where people usually keep an object, with the visits that say so."""

    thing: Thing

    def carry_out(self, memory: Asking) -> Answer:
        return {"habits": memory.habits(self.thing)}


class Lessons(Tool):
    """Tell what the outcomes of a skill, or of work with an object or place, have taught."""

    skill: Annotated[str, Field(description="such as pick; empty for any")] = ""
    subject: Annotated[str, Field(description="an object or place; empty for any")] = ""

    def carry_out(self, memory: Asking) -> Answer:
        return {"lessons": memory.lessons(self.skill, self.subject)}


class Episodes(Tool):
    """List the newest tasks that the robot attempted and how they ended, newest first."""

    limit: Limit = 10

    def carry_out(self, memory: Asking) -> Answer:
        now, found = _now(memory), memory.episodes(self.limit)
        return {"episodes": [plain(e) | {"started_ago": tell_ago(e.started, now)} for e in found]}


class Chronology(Tool):
    """Answer whether an event was before or after another, which was first or last, and how long.

    What memory does not know, it says to be unknown.
    """

    question: Literal["before", "after", "first", "last", "how_long_ago", "how_long"]
    texts: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        Field(min_length=1, max_length=20, description="events in words: two for before and after"),
    ]
    since: Annotated[Moment, Field(description=f"for before to last. {_FORMS}")] = ""
    until: Annotated[Moment, Field(description=f"for before to last. {_FORMS}")] = ""

    def carry_out(self, memory: Asking) -> Answer:
        ask, texts, now = memory.chronology, self.texts, _now(memory)
        wanted = {"before": 2, "after": 2, "how_long_ago": 1, "how_long": 1}.get(self.question)
        if wanted is not None and len(texts) != wanted:
            raise ToolError(f"{self.question!r} needs {wanted} texts, not {len(texts)}")
        if self.question in ("how_long_ago", "how_long"):
            if self.since or self.until:
                raise ToolError(f"{self.question!r} takes neither since nor until")
            answer = getattr(ask, self.question)(texts[0])
        else:
            window = {"since": _moment(self.since, now), "until": _moment(self.until, now)}
            answer = getattr(ask, self.question)(*texts, **window)
        told: Answer = plain(answer)
        return told


# --- changes --------------------------------------------------------------------------------------


class _Change(Tool):
    scope: ClassVar[Scope] = "write"


class Remember(_Change):
    """Have the robot remember something in words, maybe with a place and a time."""

    text: Annotated[str, Field(min_length=1)]
    position: Position | None = None
    when: Annotated[str, Field(description=f"when it was: {_FORMS[: _FORMS.rindex(';')]}")] = ""
    source: Annotated[str, Field(description="who says so")] = "another agent"

    def carry_out(self, memory: LifelongMemory) -> Answer:
        now = _now(memory)
        item = memory.remember(
            self.text,
            stamp=now if not self.when else read_moment(self.when, now),
            position=_vector(self.position) if self.position else None,
            source=self.source,
        )
        return {"remembered": item}


class Correct(_Change):
    """Say where an object really is: the wrong fact ends, and the right one begins."""

    thing: Annotated[str, Field(min_length=1, description="an object, or a fact's id")]
    place: Annotated[str, Field(min_length=1, description="a place, a room or another object")]

    def carry_out(self, memory: Keeping) -> Answer:
        return {"corrected": memory.correct(self.thing, self.place)}


class Forget(_Change):
    """Forget one remembered item for good, with all that follows from it; there is no way back."""

    id: Annotated[str, Field(min_length=1, description="the item's, as recall tells it: item-12")]

    def carry_out(self, memory: Keeping) -> Answer:
        if not memory.forget(self.id):
            raise ToolError(f"there is no memory {self.id!r}; recall tells the ids")
        return {"forgotten": self.id}


class Undo(_Change):
    """Take back a correction, by default the newest; what came later stays."""

    operation: Annotated[str, Field(description="its id; empty for the newest")] = ""

    def carry_out(self, memory: Keeping) -> Answer:
        return {"undone": memory.undo(self.operation or None)}


MEMORY_TOOLS: tuple[type[Tool], ...] = (
    Recall, Where, Near, Timeline, Facts, Graph, Habits, Lessons, Episodes, Chronology,
    Remember, Correct, Forget, Undo,
)  # fmt: skip
"""For a :class:`memagent.memory.MemoryReader`; to change it, a ``LifelongMemory``."""


# --- inside ---------------------------------------------------------------------------------------


def _now(memory: Asking) -> float:
    newest = memory.latest_stamp
    return memory.world().stamp if newest is None else newest


def _moment(text: str, now: float) -> float | None:
    return read_moment(text, now) if text else None


def _vector(numbers: list[float]) -> Vector3:
    x, y, z = [*numbers, 0.0][:3]
    return x, y, z


def _items(found: tuple[MemoryItem, ...], now: float) -> dict[str, Any]:
    return {"items": [plain(item) | {"ago": tell_ago(item.stamp, now)} for item in found]}


def _whereabouts(belief: ObjectBelief, now: float) -> str:
    """In words: what is known, and not what is merely possible."""
    seen = [c for c in belief.candidates if c.last_seen is not None]
    likely = belief.candidates[0] if belief.candidates else None
    if not seen:
        guess = f"; perhaps {likely.predicate} the {likely.place}" if likely else ""
        return f"no {belief.name} was seen{guess}"
    last = max(seen, key=lambda c: c.last_seen or 0.0)
    when = last.last_seen or 0.0
    told = (
        f"{belief.name}: last seen {last.predicate} the {last.place}, "
        f"{tell_ago(when, now)} ({tell_moment(when)})"
    )
    if likely is None or likely.probability < belief.elsewhere:
        return f"{told}; most likely elsewhere by now"
    place = "still there" if likely is last else f"{likely.predicate} the {likely.place}"
    return f"{told}; most likely {place} ({likely.probability:.0%})"
