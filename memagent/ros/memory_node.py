# SPDX-License-Identifier: Apache-2.0
"""The memory node: ``LifelongMemory`` behind services, fed by ``memagent/percept``."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup

from memagent.config import read_yaml
from memagent.errors import MemagentError, StoreError
from memagent.memory import LifelongMemory, MemoryConfig, MemoryEvent, WriteQueue
from memagent.memory.spatial import SpatialConfig
from memagent.memory.store import is_server
from memagent.ros import convert, memory_services, qos, spatial_services
from memagent.ros.lifecycle import RegionNode, spin
from memagent.ros.memory_services import SERVICES, Answer
from memagent.ros.space import Space
from memagent.site import load_site
from memagent_interfaces import msg, srv

MAX_WAIT_S = 30.0
FRESH_S = 3.0
"""Wall-clock age of the newest percept above which beliefs are not called present."""


class MemoryNode(RegionNode):
    def __init__(self) -> None:
        super().__init__("memory")
        self._memory: LifelongMemory | None = None
        self._queue: WriteQueue | None = None
        self._space: Space | None = None
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
        self.create_service(
            srv.World, "memagent/memory/world", self._guarded(self._world), callback_group=group
        )
        for kind, name, answer in SERVICES:
            self.create_service(
                kind,
                f"memagent/memory/{name}",
                self._guarded(partial(self._answer, answer)),
                callback_group=group,
            )
        for kind, name, spatial in spatial_services.SERVICES:
            self.create_service(
                kind,
                f"memagent/memory/{name}",
                self._guarded(partial(self._answer_spatial, spatial)),
                callback_group=group,
            )

    # --- life cycle -------------------------------------------------------------------------

    def configure(self) -> None:
        file = self.text(
            "memory_file",
            "~/.memagent/memory.db",
            "Where memory lives: a file, or postgresql://...",
        )
        where = Path(file).expanduser()
        site = load_site(self.file("site", "configs/sites/flat.yaml", "Surveyed map."))
        config = read_yaml(
            self.file("memory_config", "configs/memory.yaml", "How memory works."), MemoryConfig
        )
        self._memory = LifelongMemory(file if is_server(file) else where, site, config)
        self._queue = WriteQueue(self._memory)
        if self.flag("spatial", True, "Keep occupied space, places and where things were seen."):
            beside = where.with_name(f"{where.name}.space")
            if is_server(file):  # Space is this robot's own, also where its memory is on a server.
                beside = Path("~/.memagent", f"{config.store.namespace}.space").expanduser()
            given = self.text("spatial_folder", "", "Where space is kept, if not beside memory.")
            folder = Path(given).expanduser() if given else beside
            space = read_yaml(
                self.file("spatial_config", "configs/spatial.yaml", "How space is remembered."),
                SpatialConfig,
            )
            self._space = Space(self, self._memory, site, folder, space)
        self.get_logger().info(f"memory {self._memory.name}")

    def deactivate(self) -> None:
        if self._memory is not None:
            self._memory.save()

    def cleanup(self) -> None:
        if self._space is not None:
            self._space.close()
            self._space = None
        if self._queue is not None:
            self._queue.close()
            self._queue = None
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def measurements(self) -> dict[str, float]:
        if self._memory is None:
            return {}
        waiting = float(self._queue.waiting) if self._queue else 0.0
        try:
            space = self._space.measurements() if self._space else {}
            found = {**self._memory.stats(), **space}
            return {**found, "observe_ms": self._observe_ms, "waiting": waiting}
        except StoreError as error:  # A server that does not answer just now.
            self.problem = str(error)
            return {}

    # --- percepts ---------------------------------------------------------------------------

    def _on_percept(self, message: msg.Percept) -> None:
        """Let a percept be written; whoever asks memory meanwhile does not hold up the next one."""
        memory, queue = self._memory, self._queue
        if memory is None or queue is None or not self.active:
            return
        began = time.perf_counter()
        percept = convert.percept_from_msg(message)
        if self._space is not None:
            self._space.on_percept(percept)
        try:
            written = queue.submit(memory.observe, percept)
        except MemagentError as error:
            self._report(str(error))
            return
        written.add_done_callback(lambda done: self._written(percept.stamp, began, done))

    def _written(self, stamp: float, began: float, done: Future[tuple[MemoryEvent, ...]]) -> None:
        """Tell what a percept changed, once that is durable."""
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:  # A full disk, say: keep answering, and say so.
            self._report(str(error))
            return
        self.problem = ""
        self._observe_ms = (time.perf_counter() - began) * 1e3
        memory = self._memory
        with self._arrived:
            if memory is not None and memory.latest_stamp == stamp:
                self._last_arrival = time.monotonic()  # A late one changes nothing.
            self._arrived.notify_all()
        for event in done.result():
            self._events.publish(
                msg.MemoryEvent(stamp=float(event.stamp), kind=event.kind, text=event.text)
            )

    def _report(self, problem: str) -> None:
        self.problem = problem
        self.get_logger().error(problem, throttle_duration_sec=5.0)

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

    def _answer(self, answer: Answer, request: Any, response: Any) -> None:
        answer(self._ready(), request, response)
        if answer is memory_services.where and self._space is not None:
            spatial_services.measured(self._space.memory, request, response)

    def _answer_spatial(self, answer: spatial_services.Answer, request: Any, response: Any) -> None:
        self._ready()
        if self._space is None:
            raise MemagentError("this memory keeps no space: start it with spatial:=true")
        answer(self._space.memory, request, response)

    def _world(self, request: Any, response: Any) -> None:
        memory = self._ready()
        self._await(request.after if request.has_after else -math.inf, request.timeout)
        response.world = convert.world_to_msg(memory.world())


def main() -> None:
    spin(MemoryNode, threads=6)


if __name__ == "__main__":
    main()
