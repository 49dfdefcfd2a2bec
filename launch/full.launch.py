# SPDX-License-Identifier: Apache-2.0
"""The whole node graph: ``ros2 launch memagent full.launch.py robot:=... memory_file:=...``.

Reads ``configs/graph/full.yaml``, as ``memagent up`` does; ``--show-args`` lists the arguments.
"""

from __future__ import annotations

import os

from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from memagent import resources
from memagent.ros.graph import Graph, load_graph

GRAPH = "configs/graph/full.yaml"
DDS_PROFILE = "configs/fastdds.xml"
RESTART_S = 0.5


def _nodes(context: LaunchContext, graph: Graph) -> list[Node]:
    chosen = {name: LaunchConfiguration(name).perform(context) for name in graph.arguments}
    return [
        Node(
            package=spec.package,
            executable=spec.executable,
            name=spec.name,
            parameters=[dict(spec.parameters)],
            remappings=list(spec.remappings.items()),
            output="screen",
            sigterm_timeout="4",
            sigkill_timeout="4",
            respawn=not spec.required,
            respawn_delay=RESTART_S,
            on_exit=[Shutdown(reason=f"{spec.name} ended")] if spec.required else None,
        )
        for spec in graph.resolve(chosen)
    ]


def generate_launch_description() -> LaunchDescription:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("MUJOCO_GL", "egl")
    os.environ.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(resources.find(DDS_PROFILE)))
    graph = load_graph(resources.find(GRAPH))
    arguments = [
        DeclareLaunchArgument(
            name, default_value=str(argument.default), description=argument.description
        )
        for name, argument in graph.arguments.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_nodes, args=[graph])])
