# SPDX-License-Identifier: Apache-2.0
"""The household over ROS 2: the node graph as separate processes that talk over real DDS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from memagent import resources
from memagent.ros.graph import load_graph
from memagent.ros.observer import Audience, CameraObserver, Observer
from memagent.ros.recorder import Recorder
from memagent.ros.session import GraphSession
from memagent.types import CameraFrame, Plan, TaskResult

GRAPH = "configs/graph/full.yaml"
DAY_S = 86_400.0


class RosHousehold:
    """Satisfies :class:`memagent.demo.schedule.Household`. A context manager."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        memory_file: Path,
        speed: float,
        audience: Audience | None = None,
        on_task: Callable[[str, str, Plan | None], None] = lambda kind, text, plan: None,
        on_frame: Callable[[CameraFrame], None] | None = None,
        say: Callable[[str], None] = lambda text: None,
        record: bool = False,
    ) -> None:
        chosen = {
            "seed": str(seed),
            "speed": str(speed),
            "start_time": "0",
            "memory_file": str(memory_file),
        }
        nodes = load_graph(resources.find(GRAPH)).resolve(chosen)
        self.recording = folder / "recording"
        self._on_task = on_task
        self._on_frame = on_frame
        self._audience = audience
        self._record = record
        self._recorder: Recorder | None = None
        self.session = GraphSession(nodes, folder / "log", say, self._look_on)

    def _look_on(self, node: object) -> None:
        if self._audience is not None:
            self._observer = Observer(node, self._audience)
        if self._on_frame is not None:
            self._camera = CameraObserver(node, self._on_frame)
        if self._record:
            self._recorder = Recorder(node, self.recording)

    def __enter__(self) -> RosHousehold:
        self.session.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._recorder is not None:
            self._recorder.close()
        self.session.__exit__(*exception)

    def begin_day(self, day: int) -> None:
        self.session.reset_world(day)
        self.session.await_percept((day - 1) * DAY_S)

    def execute(self, instruction: str) -> TaskResult:
        return self.session.execute(instruction, self._on_task)

    def check(self, instruction: str) -> tuple[bool, str]:
        return self.session.check_task(instruction)
