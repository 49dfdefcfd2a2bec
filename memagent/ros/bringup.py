# SPDX-License-Identifier: Apache-2.0
"""Bring-up of the node graph without ``ros2 launch``: processes, their health, their end.

Each node runs in a process and a process group of its own. A node that dies is started again,
unless it is required or says that it is misconfigured: then the graph ends. ``stop`` first asks
politely, then kills; no process outlives it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from memagent import resources
from memagent.errors import MemagentError
from memagent.ros.graph import NodeSpec

STOP_S = 4.0
"""Time for all nodes to end by themselves after SIGTERM before they are killed."""
USER_STOP_S = 2.0
"""So long the nodes that it uses are kept for a node that ends."""

DDS_PROFILE = "configs/fastdds.xml"
EXIT_MISCONFIGURED = 2
MAX_RESTARTS = 5
RESTART_PAUSE_S = 0.5


@dataclass
class NodeProcess:
    spec: NodeSpec
    process: subprocess.Popen[bytes]
    log: Path
    restarts: int = 0
    started: float = field(default_factory=time.monotonic)


class GraphProcesses:
    """The processes of one node graph.

    ``poll`` must be called regularly (``run`` does); it notices deaths and restarts. Use as a
    context manager: leaving it stops every process.

    Args:
        nodes: what to start.
        folder: where logs and parameter files go; it is created.
        on_event: told in words what happens to processes.
        environment: added to this process's environment, e.g. ROS_DOMAIN_ID.
    """

    def __init__(
        self,
        nodes: Sequence[NodeSpec],
        folder: Path,
        on_event: Callable[[str], None] = lambda text: None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._nodes = tuple(nodes)
        self._folder = folder
        self._on_event = on_event
        self._environment = {**os.environ, **(environment or {})}
        # One BLAS thread per node: more only fight over the cores.
        self._environment.setdefault("OMP_NUM_THREADS", "1")
        self._environment.setdefault("MUJOCO_GL", "egl")
        # Read by every participant that starts after this, ours included.
        os.environ.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(resources.find(DDS_PROFILE)))
        self._environment.setdefault(
            "FASTDDS_DEFAULT_PROFILES_FILE", os.environ["FASTDDS_DEFAULT_PROFILES_FILE"]
        )
        self._running: dict[str, NodeProcess] = {}
        self.failure = ""
        """Why the graph ended by itself, "" while it runs."""

    def __enter__(self) -> GraphProcesses:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(node.name for node in self._nodes)

    @property
    def pids(self) -> dict[str, int]:
        return {name: node.process.pid for name, node in self._running.items()}

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for spec in self._nodes:
            self._running[spec.name] = self._spawn(spec)

    def _spawn(self, spec: NodeSpec) -> NodeProcess:
        parameters = self._folder / f"{spec.name}.yaml"
        parameters.write_text(
            yaml.safe_dump({spec.name: {"ros__parameters": dict(spec.parameters)}})
        )
        log = self._folder / f"{spec.name}.log"
        command = [sys.executable, "-m", spec.module, "--ros-args", "-r", f"__node:={spec.name}"]
        command += ["--params-file", str(parameters)]
        for old, new in spec.remappings.items():
            command += ["-r", f"{old}:={new}"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches only us; we take the nodes down in order
            )
        return NodeProcess(spec, process, log)

    def poll(self) -> bool:
        """Notice and repair deaths; False once the graph has to end (see ``failure``)."""
        for name, node in list(self._running.items()):
            code = node.process.poll()
            if code is None:
                continue
            if code == EXIT_MISCONFIGURED:
                self.failure = f"{name} cannot start: {_last_error(node.log)}"
            elif node.spec.required:
                self.failure = f"{name} ended ({_explain(code)}) and the graph needs it"
            elif node.restarts >= MAX_RESTARTS:
                self.failure = f"{name} ended {MAX_RESTARTS + 1} times; see {node.log}"
            if self.failure:
                return False
            self._on_event(f"{name} ended ({_explain(code)}); starting it again")
            time.sleep(RESTART_PAUSE_S)
            fresh = self._spawn(node.spec)
            fresh.restarts = node.restarts + 1
            self._running[name] = fresh
        return True

    def stop(self) -> None:
        """End every process, those that use others first, within :data:`STOP_S` and a little."""
        deadline = time.monotonic() + STOP_S
        running = list(self._running.values())
        for node in reversed(running):
            if node.process.poll() is None:
                node.process.send_signal(signal.SIGTERM)
                _wait(node, min(USER_STOP_S, deadline - time.monotonic()))
        for node in running:
            if not _wait(node, deadline - time.monotonic()):
                self._on_event(f"{node.spec.name} did not end by itself; killing it")
                os.killpg(node.process.pid, signal.SIGKILL)
                node.process.wait(1.0)
        self._running.clear()


def _wait(node: NodeProcess, timeout_s: float) -> bool:
    try:
        node.process.wait(max(0.0, timeout_s))
    except subprocess.TimeoutExpired:
        return False
    return True


def _explain(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def _last_error(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "[ERROR]" in line or "Error" in line]
    return (errors or lines or ["it said nothing"])[-1]


class Spinning:
    """Spins an executor on a thread of its own until :meth:`stop`.

    A node must not be destroyed while a thread still waits on it: that ends the process.
    """

    def __init__(self, executor: Any, node: Any) -> None:
        executor.add_node(node)
        self._executor = executor
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2.0)


class ActiveWatch:
    """Knows which nodes are active, from ``memagent/status``.

    Runs a small node of its own on a thread, so that a plain program can ask.
    """

    def __init__(self, context: object | None = None) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        from memagent.ros import qos
        from memagent_interfaces.msg import Status

        self.statuses: dict[str, tuple[float, Status]] = {}
        self._node = rclpy.create_node("memagent_watch", context=context)
        self._node.create_subscription(Status, "memagent/status", self._on_status, qos.RELIABLE)
        self._spinning = Spinning(SingleThreadedExecutor(context=context), self._node)

    def close(self) -> None:
        self._spinning.stop()
        self._node.destroy_node()

    def _on_status(self, message: object) -> None:
        self.statuses[message.node] = (time.monotonic(), message)  # type: ignore[attr-defined]

    def inactive(self, names: Sequence[str], since: float = 0.0) -> list[str]:
        """Those of ``names`` that have not been heard to be active since ``since`` (monotonic)."""
        return [
            name
            for name in names
            if name not in self.statuses
            or self.statuses[name][0] < since
            or self.statuses[name][1].message == "inactive"
        ]


def wait_until_active(
    graph: GraphProcesses,
    watch: ActiveWatch,
    timeout_s: float = 60.0,
    given_up: Callable[[], bool] = lambda: False,
) -> None:
    """Wait until every node of ``graph`` is active, or ``given_up`` says not to.

    Raises:
        MemagentError: one could not start, or the time is over; the message says which.
    """
    deadline = time.monotonic() + timeout_s
    while (waiting := watch.inactive(graph.names)) and not given_up():
        if not graph.poll():
            raise MemagentError(graph.failure)
        if time.monotonic() > deadline:
            raise MemagentError(f"not active within {timeout_s:g} s: {', '.join(waiting)}")
        time.sleep(0.1)


def run(nodes: Sequence[NodeSpec], folder: Path, say: Callable[[str], None]) -> None:
    """Start ``nodes`` and keep them running until SIGINT or SIGTERM.

    Raises:
        MemagentError: the graph could not start, or ended by itself.
    """
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    watch = ActiveWatch()
    say(f"logs in {folder}")
    try:
        with GraphProcesses(nodes, folder, on_event=say) as graph:
            began = time.monotonic()
            wait_until_active(graph, watch, given_up=stop.is_set)
            if not stop.is_set():
                say(f"all active after {time.monotonic() - began:.1f} s; Ctrl-C ends the graph")
            while not stop.wait(0.2):
                if not graph.poll():
                    raise MemagentError(graph.failure)
            say("shutting down")
    finally:
        watch.close()
        rclpy.try_shutdown()
