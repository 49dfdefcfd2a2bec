# SPDX-License-Identifier: Apache-2.0
"""What the memory node answers: one function per service, from a memory and a request.

Each fills the response, or raises a MemagentError that says why there is no answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx

from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, facts_in
from memagent.ros import convert
from memagent.types import Query, TaskResult, TaskStatus
from memagent_interfaces import srv

Answer = Callable[[LifelongMemory, Any, Any], None]


# --- asking -----------------------------------------------------------------------------------


def where(memory: LifelongMemory, request: Any, response: Any) -> None:
    belief = memory.where(request.name)
    response.belief = convert.belief_to_msg(belief)
    history = memory.history(belief.name)
    response.history = [convert.fact_to_msg(f) for f in history if f.valid_to is not None]
    if belief.candidates:
        best = belief.candidates[0]
        odds = "most likely" if best.probability > belief.elsewhere else "unknown, perhaps"
        response.message = (
            f"{belief.name}: {odds} {best.predicate} the {best.place} "
            f"({best.probability:.0%}, {best.evidence})"
        )


def recall(memory: LifelongMemory, request: Any, response: Any) -> None:
    found = memory.recall(
        Query(
            text=request.text,
            kinds=tuple(request.kinds),
            near=convert.point_from_msg(request.near) if request.has_near else None,
            radius=request.radius or 1.0,
            since=_optional(request.since),
            until=_optional(request.until),
            limit=request.limit or 10,
        )
    )
    response.items = [convert.item_to_msg(item) for item in found.items]
    response.scores = [float(score) for score in found.scores]


def retrieve(memory: LifelongMemory, request: Any, response: Any) -> None:
    query = Query(text=request.text, limit=request.limit or 10)
    found = memory.retrieve(query, request.hops or 2, request.budget or 64)
    response.stamp = float(found.stamp)
    response.temporal = list(found.temporal)
    _put_graph(response, found.spatial)
    response.items = [convert.item_to_msg(item) for item in found.episodic.items]
    response.scores = [float(score) for score in found.episodic.scores]
    response.lessons = [convert.lesson_to_msg(lesson) for lesson in found.semantic]


def graph(memory: LifelongMemory, request: Any, response: Any) -> None:
    as_of = request.as_of if request.has_as_of else None
    found = memory.graph(
        as_of=as_of,
        around=request.around or None,
        hops=request.hops or 2,
        budget=request.budget or 64,
    )
    _put_graph(response, found)


def lessons(memory: LifelongMemory, request: Any, response: Any) -> None:
    found = memory.lessons(request.skill, request.subject)
    response.lessons = [convert.lesson_to_msg(lesson) for lesson in found]


def habits(memory: LifelongMemory, request: Any, response: Any) -> None:
    response.habits = [convert.habit_to_msg(habit) for habit in memory.habits(request.name)]


def timeline(memory: LifelongMemory, request: Any, response: Any) -> None:
    items = memory.timeline(
        since=_optional(request.since),
        until=_optional(request.until),
        limit=request.limit or 100,
    )
    response.items = [convert.item_to_msg(item) for item in items]


def chronology(memory: LifelongMemory, request: Any, response: Any) -> None:
    ask, texts = memory.chronology, tuple(request.texts)
    wanted = {"before": 2, "after": 2, "how_long_ago": 1, "how_long": 1}.get(request.question)
    if wanted is None and request.question not in ("first", "last"):
        raise MemagentError(
            f"question {request.question!r} must be one of before, after, first, last, "
            "how_long_ago, how_long"
        )
    if len(texts) != wanted and (wanted is not None or len(texts) < 2):
        need = "two or more" if wanted is None else str(wanted)
        raise MemagentError(f"question {request.question!r} needs {need} texts, not {len(texts)}")
    window = {"since": _optional(request.since), "until": _optional(request.until)}
    timeless = request.question.startswith("how_long")
    answer = getattr(ask, request.question)(*texts, **({} if timeless else window))
    response.message, response.known = answer.text, answer.known
    response.yes = answer.value is True
    response.seconds = float(answer.value) if timeless and answer.known else math.nan
    response.evidence = [convert.item_to_msg(item) for item in answer.evidence]


# --- writing ----------------------------------------------------------------------------------


def remember(memory: LifelongMemory, request: Any, response: Any) -> None:
    item = memory.remember(
        request.text,
        stamp=memory.latest_stamp or 0.0,
        position=convert.point_from_msg(request.position) if request.has_position else None,
        kind=request.kind or "note",
        confidence=request.confidence or 1.0,
        source=request.source,
    )
    response.id = item.id


def forget(memory: LifelongMemory, request: Any, response: Any) -> None:
    if not memory.forget(request.id):
        raise MemagentError(f"no memory with id {request.id!r}")


def begin_episode(memory: LifelongMemory, request: Any, response: Any) -> None:
    response.id = memory.begin_episode(request.instruction)


def record(memory: LifelongMemory, request: Any, response: Any) -> None:
    memory.record(convert.outcome_from_msg(request.outcome))


def end_episode(memory: LifelongMemory, request: Any, response: Any) -> None:
    memory.end_episode(
        TaskResult(
            status=TaskStatus(request.status),
            reason=request.reason,
            instruction=request.instruction,
            skills=request.skills,
            replans=request.replans,
            duration=request.duration,
            saved=request.saved,
        )
    )


# --- setting right ----------------------------------------------------------------------------


def correct(memory: LifelongMemory, request: Any, response: Any) -> None:
    _put_operation(response, memory.correct(request.what, request.place))


def merge(memory: LifelongMemory, request: Any, response: Any) -> None:
    _put_operation(response, memory.merge(request.kept, request.other))


def split(memory: LifelongMemory, request: Any, response: Any) -> None:
    since = request.since if request.has_since else None
    operation = memory.split(request.name, since=since, places=tuple(request.places))
    _put_operation(response, operation)
    response.new_name = operation.names[-1]


def undo(memory: LifelongMemory, request: Any, response: Any) -> None:
    _put_operation(response, memory.undo(request.operation or None))


# --- the memory as a whole --------------------------------------------------------------------


def export(memory: LifelongMemory, request: Any, response: Any) -> None:
    path = Path(request.path).expanduser()
    text = json.dumps(memory.export(), indent=2, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    response.message = f"wrote {path}"


def import_(memory: LifelongMemory, request: Any, response: Any) -> None:
    added = memory.import_(Path(request.path).expanduser())
    told = ", ".join(f"{count} {name}s" for name, count in added.items() if count)
    response.message = f"took in {told or 'nothing'}"


def snapshot(memory: LifelongMemory, request: Any, response: Any) -> None:
    path = Path(request.path).expanduser()
    memory.snapshot(path)
    response.message = f"wrote {path}"


SERVICES: tuple[tuple[type, str, Answer], ...] = (
    (srv.Where, "where", where),
    (srv.Recall, "recall", recall),
    (srv.Retrieve, "retrieve", retrieve),
    (srv.Graph, "graph", graph),
    (srv.Lessons, "lessons", lessons),
    (srv.Habits, "habits", habits),
    (srv.Timeline, "timeline", timeline),
    (srv.Chronology, "chronology", chronology),
    (srv.Remember, "remember", remember),
    (srv.Forget, "forget", forget),
    (srv.BeginEpisode, "begin_episode", begin_episode),
    (srv.RecordOutcome, "record", record),
    (srv.EndEpisode, "end_episode", end_episode),
    (srv.Correct, "correct", correct),
    (srv.Merge, "merge", merge),
    (srv.Split, "split", split),
    (srv.Undo, "undo", undo),
    (srv.Export, "export", export),
    (srv.Import, "import", import_),
    (srv.Snapshot, "snapshot", snapshot),
)
"""Type, name below ``memagent/memory/``, and what answers; ``world`` is the node's own."""


def _optional(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _put_graph(response: Any, found: nx.MultiDiGraph) -> None:
    """Fill ``nodes`` and ``facts``."""
    response.nodes = [str(node) for node in found.nodes]
    response.facts = [convert.fact_to_msg(fact) for fact in facts_in(found)]


def _put_operation(response: Any, operation: Any) -> None:
    response.operation, response.message = operation.id, operation.text
