# SPDX-License-Identifier: Apache-2.0
"""How fast and how light is the node graph? Start-up, real-time factor, latencies, CPU, shutdown.

Starts the full graph (one process per node, real DDS) and lets the robot do a household task while
it measures. All latencies are wall-clock: an image from its publication to a subscriber's callback;
a percept from the publication of its image to a subscriber's callback; ``recall`` and ``where``
from the call to the answer, at ten calls a second each.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import psutil
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rich.console import Console
from rich.table import Table
from sensor_msgs.msg import Image

import report
from memagent import resources
from memagent.demo.over_ros import GRAPH
from memagent.errors import MemagentError
from memagent.ros import qos
from memagent.ros.calls import call
from memagent.ros.convert import stamp_from_msg
from memagent.ros.graph import load_graph
from memagent.ros.session import GraphSession
from memagent_interfaces import msg, srv

INSTRUCTION = "put everything that is on the counter into the fridge"
WARM_UP_S = 3.0
UNPACED = 10.0
CALL_PERIOD_S = 0.1
ANSWER_S = 5.0


class Onlooker:
    """Notes when images and percepts were published and when they arrive."""

    def __init__(self, node: Any) -> None:
        self.published: dict[float, float] = {}
        self.image_ms: list[float] = []
        self.percept_ms: list[float] = []
        self.stamps: list[tuple[float, float]] = []
        """Simulated and wall-clock time of each image."""
        for kind, topic, callback, profile in (
            (Image, "head_camera/color", self._on_image, qos.SENSOR),
            (msg.Percept, "memagent/percept", self._on_percept, qos.RELIABLE),
        ):
            node.create_subscription(
                kind, topic, callback, profile, callback_group=MutuallyExclusiveCallbackGroup()
            )

    def forget(self) -> None:
        """Drop what the warm-up brought."""
        for values in (self.image_ms, self.percept_ms, self.stamps):
            values.clear()

    def _on_image(self, message: Image, info: dict[str, int]) -> None:
        published = info["source_timestamp"] * 1e-9
        stamp = stamp_from_msg(message.header.stamp)
        self.published[stamp] = published
        self.stamps.append((stamp, published))
        self.image_ms.append((time.time() - published) * 1e3)

    def _on_percept(self, message: msg.Percept) -> None:
        published = self.published.get(stamp_from_msg(message.header.stamp))
        if published is not None:
            self.percept_ms.append((time.time() - published) * 1e3)

    def real_time_factor(self) -> float:
        """Simulated seconds per second, from the first image to the last."""
        (simulated, wall), (simulated_end, wall_end) = self.stamps[0], self.stamps[-1]
        return (simulated_end - simulated) / (wall_end - wall)


class Caller(threading.Thread):
    """Calls one service at a steady rate and keeps how long each answer took."""

    def __init__(self, session: GraphSession, kind: Any, service: str, **fields: Any) -> None:
        super().__init__(daemon=True)
        self._client = session.client(kind, service)
        self._request = kind.Request(**fields)
        self._done = threading.Event()
        self.answer_ms: list[float] = []

    def run(self) -> None:
        while not self._done.wait(CALL_PERIOD_S):
            began = time.perf_counter()
            call(self._client, self._request, ANSWER_S)
            self.answer_ms.append((time.perf_counter() - began) * 1e3)

    def finish(self) -> list[float]:
        self._done.set()
        self.join(2 * ANSWER_S)
        return self.answer_ms


def measure(seed: int, seconds: float, speed: float = 1.0) -> dict[str, Any]:
    """Run one graph and return its measurements over about ``seconds``."""
    onlookers: list[Onlooker] = []
    with tempfile.TemporaryDirectory() as name:
        memory = str(Path(name) / "memory.db")
        chosen = {"seed": str(seed), "memory_file": memory, "speed": str(speed), "start_time": "0"}
        session = GraphSession(
            load_graph(resources.find(GRAPH)).resolve(chosen),
            Path(name) / "log",
            on_node=lambda node: onlookers.append(Onlooker(node)),
        )
        with session:
            session.await_percept(0.0)
            threading.Thread(target=_keep_busy, args=(session,), daemon=True).start()
            time.sleep(WARM_UP_S)
            row = _observe(session, onlookers[0], seconds)
    row |= {"seed": seed, "start_to_active_s": session.start_to_active_s}
    return row | {"shutdown_s": session.shutdown_s, "speed": speed}


def _keep_busy(session: GraphSession) -> None:
    """Give the robot a task; the measurement ends before it does."""
    with contextlib.suppress(MemagentError):
        session.execute(INSTRUCTION)


def _observe(session: GraphSession, onlooker: Onlooker, seconds: float) -> dict[str, Any]:
    processes = {name: psutil.Process(pid) for name, pid in session.processes.pids.items()}
    nan = float("nan")
    callers = {
        "recall": Caller(
            session, srv.Recall, "memagent/memory/recall", text="mug", since=nan, until=nan
        ),
        "where": Caller(session, srv.Where, "memagent/memory/where", name="red mug"),
    }
    for caller in callers.values():
        caller.start()
    onlooker.forget()
    busy = {name: sum(p.cpu_times()[:2]) for name, p in processes.items()}
    began = time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    cpu = {name: (sum(p.cpu_times()[:2]) - busy[name]) / elapsed for name, p in processes.items()}
    latencies = {
        "image": list(onlooker.image_ms),
        "percept": list(onlooker.percept_ms),
        **{name: caller.finish() for name, caller in callers.items()},
    }
    return {
        "real_time_factor": onlooker.real_time_factor(),
        "image_rate_hz": len(latencies["image"]) / elapsed,
        "percept_rate_hz": len(latencies["percept"]) / elapsed,
        "latencies_ms": latencies,
        "cpu_share": cpu,
        "rss_mb": {name: p.memory_info().rss / 1e6 for name, p in processes.items()},
    }


def run(out: Path, seeds: Sequence[int], seconds: float = 60.0) -> dict[str, Any]:
    """Measure, print and write ``out/graph.json``.

    Each seed is run twice: paced to real time, for everything but ``real_time_factor``; and asked
    for :data:`UNPACED` times real time, which gives the factor that the machine can sustain.
    """
    rows = [measure(seed, seconds) for seed in seeds]
    unpaced = [measure(seed, seconds / 2, UNPACED) for seed in seeds]
    figures: dict[str, float] = {
        "real_time_factor": _median(unpaced, "real_time_factor"),
        "real_time_factor_paced": _median(rows, "real_time_factor"),
    }
    for key in ("start_to_active_s", "shutdown_s", "image_rate_hz", "percept_rate_hz"):
        figures[key] = _median(rows, key)
    for name in ("image", "percept", "recall", "where"):
        values = np.concatenate([row["latencies_ms"][name] for row in rows])
        figures[f"{name}_latency_p50_ms"] = float(np.percentile(values, 50))
        figures[f"{name}_latency_p99_ms"] = float(np.percentile(values, 99))
        figures[f"{name}_n"] = len(values)
    for node in rows[0]["cpu_share"]:
        figures[f"cpu_share_{node}"] = float(np.median([row["cpu_share"][node] for row in rows]))
    _show(figures)
    config = {"seconds": seconds, "instruction": INSTRUCTION, "calls_per_second": 1 / CALL_PERIOD_S}
    return report.write(out, "graph", figures, [*rows, *unpaced], config, seeds)


def _median(rows: Sequence[dict[str, Any]], key: str) -> float:
    return float(np.median([row[key] for row in rows]))


def _show(figures: dict[str, float]) -> None:
    table = Table(title="The node graph")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:.4g}")
    Console(highlight=False).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="graph", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for graph.json")
    parser.add_argument("--seeds", type=int, default=3, help="how many starts of the graph")
    parser.add_argument("--seconds", type=float, default=60.0, help="to measure, for each")
    parser.add_argument("--quick", action="store_true", help="one start, 20 seconds")
    o = parser.parse_args(arguments)
    run(o.out, [0] if o.quick else list(range(o.seeds)), 20.0 if o.quick else o.seconds)


if __name__ == "__main__":
    main()
