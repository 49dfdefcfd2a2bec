# SPDX-License-Identifier: Apache-2.0
"""The memory node: ``LifelongMemory`` behind services, fed by ``memagent/percept``."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup

from memagent.config import read_yaml
from memagent.errors import MemagentError, StoreError
from memagent.memory import LifelongMemory, MemoryConfig
from memagent.memory.store import is_server
from memagent.ros import convert, qos
from memagent.ros.lifecycle import RegionNode, spin
from memagent.site import load_site
from memagent.types import Query, TaskResult, TaskStatus
from memagent_interfaces import msg, srv

MAX_WAIT_S = 30.0
FRESH_S = 3.0
"""Wall-clock age of the newest percept above which beliefs are not called present."""


class MemoryNode(RegionNode):
    def __init__(self) -> None:
        super().__init__("memory")
        self._memory: LifelongMemory | None = None
        self._arrived = threading.Condition()
        self._last_arrival = -math.inf
        self._observe_ms = 0.0
        self._events = self.create_publisher(msg.MemoryEvent, "memagent/memory/event", qos.RELIABLE)
        self.create_subscription(
            msg.Percept,
            "memagent/percept",
            self._on_percept,
            qos.RELIABLE,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        group = ReentrantCallbackGroup()
        for kind, name, answer in (
            (srv.World, "world", self._world),
            (srv.Where, "where", self._where),
            (srv.Recall, "recall", self._recall),
            (srv.Graph, "graph", self._graph),
            (srv.Lessons, "lessons", self._lessons),
            (srv.Timeline, "timeline", self._timeline),
            (srv.Remember, "remember", self._remember),
            (srv.Forget, "forget", self._forget),
            (srv.BeginEpisode, "begin_episode", self._begin_episode),
            (srv.RecordOutcome, "record", self._record),
            (srv.EndEpisode, "end_episode", self._end_episode),
            (srv.Export, "export", self._export),
            (srv.Snapshot, "snapshot", self._snapshot),
        ):
            self.create_service(
                kind, f"memagent/memory/{name}", self._guarded(answer), callback_group=group
            )

    # --- life cycle -------------------------------------------------------------------------

    def configure(self) -> None:
        file = self.text(
            "memory_file",
            "~/.memagent/memory.db",
            "Where memory lives: a file, or postgresql://...",
        )
        where = file if is_server(file) else Path(file).expanduser()
        site = load_site(self.file("site", "configs/sites/flat.yaml", "Surveyed map."))
        config = read_yaml(
            self.file("memory_config", "configs/memory.yaml", "How memory works."), MemoryConfig
        )
        self._memory = LifelongMemory(where, site, config)
        self.get_logger().info(f"memory {self._memory.name}")

    def cleanup(self) -> None:
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def measurements(self) -> dict[str, float]:
        if self._memory is None:
            return {}
        try:
            return {**self._memory.stats(), "observe_ms": self._observe_ms}
        except StoreError as error:  # A server that does not answer just now.
            self.problem = str(error)
            return {}

    # --- percepts ---------------------------------------------------------------------------

    def _on_percept(self, message: msg.Percept) -> None:
        memory = self._memory
        if memory is None or not self.active:
            return
        began = time.perf_counter()
        try:
            events = memory.observe(convert.percept_from_msg(message))
        except MemagentError as error:  # a full disk, say: keep answering, and say so
            self.problem = str(error)
            self.get_logger().error(self.problem, throttle_duration_sec=5.0)
            return
        self.problem = ""
        self._observe_ms = (time.perf_counter() - began) * 1e3
        with self._arrived:
            if memory.latest_stamp == convert.stamp_from_msg(message.header.stamp):
                self._last_arrival = time.monotonic()  # a late one changes nothing
            self._arrived.notify_all()
        for event in events:
            self._events.publish(
                msg.MemoryEvent(stamp=float(event.stamp), kind=event.kind, text=event.text)
            )

    def _await(self, after: float, timeout_s: float) -> None:
        """Wait until beliefs are present, and at least as new as ``after`` on the robot's clock.

        Raises:
            MemagentError: they did not become so in time; the message says what is missing.
        """
        memory = self._ready()
        deadline = time.monotonic() + min(timeout_s, MAX_WAIT_S)
        with self._arrived:
            while missing := self._missing(memory, after):
                left = deadline - time.monotonic()
                if left <= 0 or not self._arrived.wait(left):
                    reason = self.problem or "are the camera and the preprocessor running?"
                    raise MemagentError(f"{missing}: {reason}")

    def _missing(self, memory: LifelongMemory, after: float) -> str:
        """What beliefs lack to be called present: at a restart they are yesterday's."""
        if time.monotonic() - self._last_arrival > FRESH_S:
            return f"no percept was taken in for {FRESH_S:g} s"
        if (memory.latest_stamp or -math.inf) < after:
            return f"no percept as new as {after:.2f} s (newest {memory.latest_stamp})"
        return ""

    # --- services ---------------------------------------------------------------------------

    def _ready(self) -> LifelongMemory:
        if self._memory is None or not self.active:
            raise MemagentError("the memory node is not active")
        return self._memory

    def _guarded(self, answer: Callable[[Any, Any], None]) -> Callable[[Any, Any], Any]:
        """Every response says whether it worked, and if not why."""

        def respond(request: Any, response: Any) -> Any:
            try:
                answer(request, response)
                response.success = True
            except (MemagentError, KeyError, ValueError, OSError) as error:
                response.success = False
                response.message = str(error)
            return response

        return respond

    def _world(self, request: Any, response: Any) -> None:
        memory = self._ready()
        self._await(request.after if request.has_after else -math.inf, request.timeout)
        response.world = convert.world_to_msg(memory.world())

    def _where(self, request: Any, response: Any) -> None:
        belief = self._ready().where(request.name)
        response.belief = convert.belief_to_msg(belief)
        history = self._ready().history(belief.name)
        response.history = [convert.fact_to_msg(f) for f in history if f.valid_to is not None]
        if belief.candidates:
            best = belief.candidates[0]
            response.message = (
                f"{belief.name}: most likely {best.predicate} the {best.place} "
                f"({best.probability:.0%}, {best.evidence})"
            )

    def _recall(self, request: Any, response: Any) -> None:
        query = Query(
            text=request.text,
            kinds=tuple(request.kinds),
            near=convert.point_from_msg(request.near) if request.has_near else None,
            radius=request.radius or 1.0,
            since=None if math.isnan(request.since) else request.since,
            until=None if math.isnan(request.until) else request.until,
            limit=request.limit or 10,
        )
        recall = self._ready().recall(query)
        response.items = [convert.item_to_msg(item) for item in recall.items]
        response.scores = [float(score) for score in recall.scores]

    def _graph(self, request: Any, response: Any) -> None:
        memory = self._ready()
        as_of = request.as_of if request.has_as_of else None
        graph = memory.graph(
            as_of=as_of,
            around=request.around or None,
            hops=request.hops or 2,
            budget=request.budget or 64,
        )
        response.nodes = [str(node) for node in graph.nodes]
        nodes = set(response.nodes)
        response.facts = [
            convert.fact_to_msg(fact)
            for fact in memory.facts(as_of=as_of)
            if fact.relation.subject in nodes and fact.relation.object in nodes
        ]

    def _lessons(self, request: Any, response: Any) -> None:
        lessons = self._ready().lessons(request.skill, request.subject)
        response.lessons = [convert.lesson_to_msg(lesson) for lesson in lessons]

    def _timeline(self, request: Any, response: Any) -> None:
        items = self._ready().timeline(
            since=None if math.isnan(request.since) else request.since,
            until=None if math.isnan(request.until) else request.until,
            limit=request.limit or 100,
        )
        response.items = [convert.item_to_msg(item) for item in items]

    def _remember(self, request: Any, response: Any) -> None:
        memory = self._ready()
        item = memory.remember(
            request.text,
            stamp=memory.latest_stamp or 0.0,
            position=convert.point_from_msg(request.position) if request.has_position else None,
            kind=request.kind or "note",
            confidence=request.confidence or 1.0,
            source=request.source,
        )
        response.id = item.id

    def _forget(self, request: Any, response: Any) -> None:
        if not self._ready().forget(request.id):
            raise MemagentError(f"no memory with id {request.id!r}")

    def _begin_episode(self, request: Any, response: Any) -> None:
        response.id = self._ready().begin_episode(request.instruction)

    def _record(self, request: Any, response: Any) -> None:
        self._ready().record(convert.outcome_from_msg(request.outcome))

    def _end_episode(self, request: Any, response: Any) -> None:
        result = TaskResult(
            status=TaskStatus(request.status),
            reason=request.reason,
            instruction=request.instruction,
            skills=request.skills,
            replans=request.replans,
            duration=request.duration,
            saved=request.saved,
        )
        self._ready().end_episode(result)

    def _export(self, request: Any, response: Any) -> None:
        path = Path(request.path).expanduser()
        text = json.dumps(self._ready().export(), indent=2, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        response.message = f"wrote {path}"

    def _snapshot(self, request: Any, response: Any) -> None:
        path = Path(request.path).expanduser()
        self._ready().snapshot(path)
        response.message = f"wrote {path}"


def main() -> None:
    spin(MemoryNode, threads=6)


if __name__ == "__main__":
    main()
