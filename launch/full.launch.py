# SPDX-License-Identifier: Apache-2.0
"""The whole node graph: ``ros2 launch memagent full.launch.py robot:=... memory_file:=...``.

Reads ``configs/graph/full.yaml``, as ``memagent up`` does; ``--show-args`` lists the arguments.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from memagent import resources
from memagent.ros.bringup import DDS_PROFILE, EXIT_MISCONFIGURED, RESTART_PAUSE_S
from memagent.ros.graph import Graph, NodeSpec, load_graph

GRAPH = "configs/graph/full.yaml"
# Together below the 5 s within which Ctrl-C ends everything. Nodes end by themselves in 2 s.
SIGTERM_AFTER_S = "3"
SIGKILL_AFTER_S = "1"


def describe(only: Collection[str] = ()) -> LaunchDescription:
    """The nodes called ``only`` (all if empty), with the arguments that concern them."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("MUJOCO_GL", "egl")
    os.environ.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(resources.find(DDS_PROFILE)))
    graph = load_graph(resources.find(GRAPH))
    if only:
        graph = _part(graph, only)
    arguments = [
        DeclareLaunchArgument(
            name, default_value=str(argument.default), description=argument.description
        )
        for name, argument in graph.arguments.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_nodes, args=[graph])])


def _part(graph: Graph, only: Collection[str]) -> Graph:
    nodes = tuple(node.model_copy(update={"when": ""}) for node in graph.nodes if node.name in only)
    values = " ".join(str(value) for node in nodes for value in node.parameters.values())
    arguments = {name: a for name, a in graph.arguments.items() if f"$({name})" in values}
    return Graph(arguments=arguments, nodes=nodes)


def _nodes(context: LaunchContext, graph: Graph) -> list[Node]:
    chosen = {name: LaunchConfiguration(name).perform(context) for name in graph.arguments}
    return [_node(spec) for spec in graph.resolve(chosen)]


def _node(spec: NodeSpec) -> Node:
    def on_exit(event: ProcessExited, context: LaunchContext) -> Shutdown | None:
        if event.returncode == EXIT_MISCONFIGURED:
            return Shutdown(reason=f"{spec.name} cannot start")
        return Shutdown(reason=f"{spec.name} ended") if spec.required else None

    return Node(
        package=spec.package,
        executable=spec.executable,
        name=spec.name,
        parameters=[dict(spec.parameters)],
        remappings=list(spec.remappings.items()),
        output="screen",
        sigterm_timeout=SIGTERM_AFTER_S,
        sigkill_timeout=SIGKILL_AFTER_S,
        respawn=not spec.required,
        respawn_delay=RESTART_PAUSE_S,
        on_exit=on_exit,
    )


def generate_launch_description() -> LaunchDescription:
    return describe()
