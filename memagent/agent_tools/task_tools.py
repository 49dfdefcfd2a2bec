# SPDX-License-Identifier: Apache-2.0
"""Tasks as tools: an instruction for a running robot, how it gets on, and calling it off.

A task takes minutes, and agents wait for an answer less long than that: ``execute_task`` returns
after a while with what has happened so far, and ``task_progress`` goes on from there. One task at a
time, as the planner has it.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from pydantic import Field

from memagent.agent_tools.declaration import Answer, Scope, Tool, ToolError
from memagent.errors import DependencyError, MemagentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from memagent.types import TaskResult

_START = "is the robot's node graph running? memagent up starts it"
_CALLED_OFF = "called off; the robot comes to a stop, and takes no other task until then"
_EVENTS = 20
_PRESENCE_S = 20.0
"""How long a graph that is starting up is waited for."""
_CANCEL_S = 12.0
"""Longer than the planner has to accept a task."""
_MOST_WAIT_S = 100.0

Wait = Annotated[
    float, Field(ge=0, le=_MOST_WAIT_S, description="seconds to wait for the end at most")
]


class _Act(Tool):
    scope: ClassVar[Scope] = "act"


class ExecuteTask(_Act):
    """Have the robot carry out an instruction in plain English: bring the mug to the table.

    A status of RUNNING means that it is still at it.
    """

    instruction: Annotated[str, Field(min_length=1)]
    wait: Wait = 50.0

    def carry_out(self, tasks: TaskRunner) -> Answer:
        tasks.start(self.instruction)
        return tasks.progress(self.wait)


class TaskProgress(_Act):
    """Say how the newest task is getting on, or how it ended."""

    wait: Wait = 0.0

    def carry_out(self, tasks: TaskRunner) -> Answer:
        return tasks.progress(self.wait)


class CancelTask(_Act):
    """Call off the running task; the robot stops safely where it is."""

    def carry_out(self, tasks: TaskRunner) -> Answer:
        return tasks.cancel()


TASK_TOOLS: tuple[type[Tool], ...] = (ExecuteTask, TaskProgress, CancelTask)
"""For a :class:`TaskRunner`."""


class Planner(Protocol):
    """Who carries instructions out, like :class:`memagent.ros.task_client.TaskClient`."""

    def execute(
        self, instruction: str, on_feedback: Callable[..., None], alive: Callable[[], bool]
    ) -> TaskResult: ...


class _Task:
    """One instruction on its way; a thread of its own follows it."""

    def __init__(self, planner: Planner, instruction: str) -> None:
        self.instruction = instruction
        self.ended = threading.Event()
        self._called_off = threading.Event()
        self.failure = ""
        """Why nobody could be asked to carry it out to its end."""
        self._events: deque[str] = deque(maxlen=_EVENTS)
        self._result: Answer = {}
        self._thread = threading.Thread(target=self._follow, args=(planner,), daemon=True)
        self._thread.start()

    def call_off(self, wait: float) -> bool:
        """Have it end; returns whether it did within ``wait`` seconds."""
        self._called_off.set()
        return self.ended.wait(wait)

    def told(self) -> Answer:
        told: Answer = {"instruction": self.instruction, "status": "RUNNING"}
        return told | self._result | {"events": list(self._events)}

    def _hear(self, kind: str, text: str, plan: object) -> None:
        if kind != "progress":  # The plan once more, every second.
            self._events.append(f"{kind}: {text.strip()}")

    def _follow(self, planner: Planner) -> None:
        try:
            result = planner.execute(
                self.instruction,
                self._hear,
                lambda: not self._called_off.is_set(),
            )
            self._result = {
                "status": result.status.value,
                "reason": result.reason,
                "skills": result.skills,
                "replans": result.replans,
                "duration": result.duration,
                "saved": result.saved,
            }
        except MemagentError as error:
            if self._called_off.is_set():
                self._result = {"status": "CANCELED", "reason": _CALLED_OFF}
            else:
                self.failure = f"{error}; {_START}"
        except Exception as error:  # A thread's end: whoever waits must hear of it.
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self.ended.set()


class TaskRunner:
    """Gives one instruction at a time to the planner. Connects to ROS when the first one comes."""

    def __init__(self, planner: Planner | None = None) -> None:
        """Nothing is connected yet.

        Args:
            planner: yours, instead of the one of the node graph.
        """
        self._planner = planner
        self._connection: _Connection | None = None
        self._task: _Task | None = None
        self._closed = False
        self._lock = threading.Lock()

    def start(self, instruction: str) -> None:
        """Begin.

        Raises:
            DependencyError: ROS is not installed.
            ToolError: another task is running, or this is closed.
        """
        with self._lock:
            if self._closed:
                raise ToolError("no more tasks are taken: this server is ending")
            if self._task is not None and not self._task.ended.is_set():
                raise ToolError(
                    f"{self._task.instruction!r} is still running; see task_progress, or call "
                    "cancel_task first"
                )
            if self._planner is None:
                self._planner = self._connection = _Connection()
            self._task = _Task(self._planner, instruction)

    def progress(self, wait: float) -> Answer:
        """How the newest task is getting on after ``wait`` seconds, or when it ended.

        Raises:
            ToolError: there was none, or the planner was not there to the end of it.
        """
        task = self._task
        if task is None:
            raise ToolError("no task was given yet; execute_task gives one")
        task.ended.wait(wait)
        if task.failure:
            raise ToolError(f"{task.instruction!r}: {task.failure}")
        return task.told()

    def cancel(self) -> Answer:
        """Call off the running task, and wait a moment for its end.

        Raises:
            ToolError: none is running.
        """
        task = self._task
        if task is None or task.ended.is_set():
            raise ToolError("no task is running")
        task.call_off(_CANCEL_S)
        return self.progress(0.0)

    def close(self) -> None:
        """Call off what is running, and leave the graph."""
        with self._lock:
            self._closed = True
            if self._task is not None:
                self._task.call_off(_CANCEL_S)
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> TaskRunner:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Connection:
    """A node in the running graph, with threads that spin it."""

    def __init__(self) -> None:
        try:
            import rclpy
            from rclpy.action import ActionClient
            from rclpy.executors import MultiThreadedExecutor

            from memagent.ros.bringup import Spinning
            from memagent.ros.task_client import TaskClient
            from memagent_interfaces.action import ExecuteTask as Action
        except ImportError as error:
            raise DependencyError(
                f"tasks need ROS 2 and memagent_interfaces ({error}): source your distribution "
                "and workspace, or run make setup; then: memagent up"
            ) from error
        self._context = rclpy.Context()
        self._context.init()
        self._node = rclpy.create_node("memagent_tools", context=self._context)
        self._tasks = TaskClient(self._node)
        self._presence = ActionClient(self._node, Action, "memagent/execute_task")
        executor = MultiThreadedExecutor(num_threads=2, context=self._context)
        self._spinning = Spinning(executor, self._node)

    def execute(
        self, instruction: str, on_feedback: Callable[..., None], alive: Callable[[], bool]
    ) -> TaskResult:
        """As the task client does, but nobody needs to wait for a planner once called off."""
        from memagent.ros.calls import wait_until

        wait_until(lambda: self._presence.server_is_ready() or not alive(), _PRESENCE_S)
        if not alive():
            raise MemagentError("called off before there was a planner")
        if not self._presence.server_is_ready():
            raise MemagentError(f"no planner within {_PRESENCE_S:g} s")
        return self._tasks.execute(instruction, on_feedback, alive)

    def close(self) -> None:
        self._spinning.stop()
        self._node.destroy_node()
        self._context.try_shutdown()
