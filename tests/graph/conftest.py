# SPDX-License-Identifier: Apache-2.0
"""Real nodes in real processes over real DDS, apart from any other graph on this machine."""

import os

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("memagent_interfaces")

# Before any participant exists: a domain of our own, and nothing beyond this machine.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

from memagent import resources
from memagent.ros.graph import load_graph
from memagent.ros.session import GraphSession

SPEED = 2.0


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """The full graph with a simulated robot, active, its first percept in memory."""
    folder = tmp_path_factory.mktemp("graph")
    chosen = {"memory_file": str(folder / "memory.db"), "speed": str(SPEED), "start_time": "0"}
    nodes = load_graph(resources.find("configs/graph/full.yaml")).resolve(chosen)
    with GraphSession(nodes, folder / "log") as session:
        session.await_percept(0.0)
        session.folder = folder
        yield session
