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

_START = "the node graph must be running; start it with: memagent up"
_EVENTS = 20
_CANCEL_S = 10.0
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
    """Who carries instructions out: :class:`memagent.ros.task_client.TaskClient`."""

    def execute(
        self,
        instruction: str,
        on_feedback: Callable[..., None] = ...,
        alive: Callable[[], bool] = ...,
    ) -> TaskResult: ...


class _Task:
    """One instruction on its way; a thread of its own follows it."""

    def __init__(self, planner: Planner, instruction: str) -> None:
        self.instruction = instruction
        self.ended = threading.Event()
        self.called_off = threading.Event()
        self.failure = ""
        """Why nobody could be asked to carry it out to its end."""
        self._events: deque[str] = deque(maxlen=_EVENTS)
        self._result: Answer = {}
        self._thread = threading.Thread(target=self._follow, args=(planner,), daemon=True)
        self._thread.start()

    def told(self) -> Answer:
        told: Answer = {"instruction": self.instruction, "status": "RUNNING"}
        return told | self._result | {"events": list(self._events)}

    def _follow(self, planner: Planner) -> None:
        try:
            result = planner.execute(
                self.instruction,
                lambda kind, text, plan: self._events.append(f"{kind}: {text}"),
                lambda: not self.called_off.is_set(),
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
            if self.called_off.is_set():
                self._result = {"status": "CANCELED", "reason": "called off"}
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
        self._lock = threading.Lock()

    def start(self, instruction: str) -> None:
        """Begin.

        Raises:
            DependencyError: ROS is not installed.
            ToolError: another task is running.
        """
        with self._lock:
            if self._task is not None and not self._task.ended.is_set():
                raise ToolError(
                    f"{self._task.instruction!r} is still running; see task_progress, or call "
                    "cancel_task first"
                )
            if self._planner is None:
                self._connection = _Connection()
                self._planner = self._connection.planner
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
        task.called_off.set()
        return self.progress(_CANCEL_S)

    def close(self) -> None:
        """Call off what is running, and leave the graph."""
        with self._lock:
            task = self._task
            if task is not None:
                task.called_off.set()
                task.ended.wait(_CANCEL_S)
            if self._connection is not None:
                self._connection.close()
                self._connection, self._planner = None, None

    def __enter__(self) -> TaskRunner:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Connection:
    """A node in the running graph, with a thread that spins it."""

    def __init__(self) -> None:
        try:
            import rclpy
            from rclpy.executors import MultiThreadedExecutor

            from memagent.ros.bringup import Spinning
            from memagent.ros.task_client import TaskClient
        except ImportError as error:
            raise DependencyError(
                f"tasks need ROS 2 and memagent_interfaces ({error}): source your distribution "
                f"and workspace, or run make setup; and {_START}"
            ) from error
        self._context = rclpy.Context()
        self._context.init()
        self.node = rclpy.create_node("memagent_tools", context=self._context)
        executor = MultiThreadedExecutor(num_threads=2, context=self._context)
        self.planner: Planner = TaskClient(self.node)
        self._spinning = Spinning(executor, self.node)

    def close(self) -> None:
        self._spinning.stop()
        self.node.destroy_node()
        self._context.try_shutdown()
