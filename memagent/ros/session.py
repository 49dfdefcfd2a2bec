# SPDX-License-Identifier: Apache-2.0
"""A node graph started from a program, and the program's own seat in it.

Used by the demonstration, the benchmarks and the graph tests.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from memagent.errors import MemagentError
from memagent.ros.bringup import ActiveWatch, GraphProcesses, Spinning, wait_until_active
from memagent.ros.calls import NoAnswerError, call
from memagent.ros.graph import NodeSpec
from memagent.ros.task_client import OnFeedback, TaskClient
from memagent.types import TaskResult
from memagent_interfaces import srv

ANSWER_S = 30.0
POLL_S = 0.2


class GraphSession:
    """Starts ``nodes``, waits until all are active, and stops them at the end.

    A context manager. While it is open a thread looks after the processes: one that dies is
    started again or, if it is required, ends the session: see ``failure``.

    Args:
        nodes: what to start.
        folder: for logs and parameter files.
        on_event: told in words what happens to processes.
        on_node: called with the node that watches, before the graph starts, to add subscriptions.
    """

    def __init__(
        self,
        nodes: Sequence[NodeSpec],
        folder: Path,
        on_event: Callable[[str], None] = lambda text: None,
        on_node: Callable[[Node], None] | None = None,
    ) -> None:
        # Only this machine: a demonstration must not drive a robot that happens to be on the net.
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        self.processes = GraphProcesses(nodes, folder, on_event)
        self._on_node = on_node
        self._closing = threading.Event()
        self._spinning: Spinning | None = None
        self._watch: ActiveWatch | None = None
        self.start_to_active_s = 0.0
        self.shutdown_s = 0.0

    @property
    def watch(self) -> ActiveWatch:
        """Which nodes are active; only while the session is open."""
        assert self._watch is not None, "the session is not open"
        return self._watch

    @property
    def failure(self) -> str:
        """Why the graph ended by itself, "" while it runs."""
        return self.processes.failure

    def __enter__(self) -> GraphSession:
        began = time.monotonic()
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        try:
            self.node = rclpy.create_node(f"memagent_session_{os.getpid()}")
            if self._on_node is not None:
                self._on_node(self.node)
            self.tasks = TaskClient(self.node)
            self._spinning = Spinning(MultiThreadedExecutor(num_threads=3), self.node)
            self._watch = ActiveWatch()
            self.processes.start()
            wait_until_active(self.processes, self.watch)
        except BaseException:
            self._close()
            raise
        self.start_to_active_s = time.monotonic() - began
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._keeper.join(timeout=5.0)
        self._close()

    def _close(self) -> None:
        began = time.monotonic()
        self.processes.stop()
        self.shutdown_s = time.monotonic() - began
        if self._watch is not None:
            self._watch.close()
        if self._spinning is not None:
            self._spinning.stop()
        rclpy.try_shutdown()

    def _alive(self) -> bool:
        return not self.failure and not self._closing.is_set()

    def _keep(self) -> None:
        while not self._closing.wait(POLL_S):
            if not self.processes.poll():
                return

    # --- talking to the graph -----------------------------------------------------------------

    def client(self, kind: Any, name: str) -> Any:
        return self.node.create_client(kind, name, callback_group=ReentrantCallbackGroup())

    def ask(self, kind: Any, service: str, timeout_s: float = ANSWER_S, /, **fields: Any) -> Any:
        """Call a service once and return its response.

        Raises:
            MemagentError: no answer in time, or an answer that says it failed.
        """
        client = self.client(kind, service)
        try:
            return call(client, kind.Request(**fields), timeout_s)
        finally:
            self.node.destroy_client(client)

    def reset_world(self, day: int) -> None:
        self.ask(srv.ResetWorld, "simulated_robot/reset_world", keyframe=f"day_{day}")

    def await_percept(self, stamp: float, timeout_s: float = ANSWER_S) -> None:
        """Wait until memory holds a percept from after ``stamp`` (robot clock).

        Raises:
            MemagentError: none came in time.
        """
        request = {"has_after": True, "after": float(stamp), "timeout": timeout_s}
        self.ask(srv.World, "memagent/memory/world", timeout_s + 1.0, **request)

    def check_task(self, instruction: str) -> tuple[bool, str]:
        """Ground truth of the simulation, for scoring."""
        answer = self.ask(srv.CheckTask, "simulated_robot/check_task", instruction=instruction)
        return bool(answer.satisfied), str(answer.message)

    def emergency_stop(self) -> None:
        self.ask(Trigger, "memagent/estop")

    def execute(
        self, instruction: str, on_feedback: OnFeedback = lambda kind, text, plan: None
    ) -> TaskResult:
        """Give an instruction; once more if the planner was lost on the way.

        Raises:
            MemagentError: the graph ended, or the planner stayed lost.
        """
        for attempt in (1, 2):
            try:
                return self.tasks.execute(instruction, on_feedback, alive=self._alive)
            except NoAnswerError:
                if not self._alive():
                    raise MemagentError(self.failure or "the session is closed") from None
                if attempt == 2:
                    raise
                wait_until_active(self.processes, self.watch)
        raise AssertionError("unreachable")
