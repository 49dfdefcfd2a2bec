# SPDX-License-Identifier: Apache-2.0
"""Export for graph viewers."""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from memagent.memory.spatial.topology.graph import TopologyGraph


def write_graphml(graph: TopologyGraph, path: Path) -> None:
    """Places with poses, visits and rooms; passages with their counts and probabilities."""
    room = {place: n for n, cluster in enumerate(graph.rooms()) for place in cluster}
    plain = nx.DiGraph()
    for p in graph.places:
        names = sorted(x.name for x in graph.belongings.landmarks(p.id))
        plain.add_node(
            p.id,
            x=float(p.pose.x),
            y=float(p.pose.y),
            yaw=float(p.pose.yaw),
            label=p.label,
            visits=p.visits,
            room=room[p.id],
            landmarks=", ".join(names),
        )
    for a, b, passage in graph.ways.passages():
        plain.add_edge(
            a,
            b,
            length=float(passage.length),
            seconds=float(graph.ways.seconds(passage)),
            successes=passage.successes,
            failures=passage.failures,
            probability=float(graph.ways.probability(passage)),
        )
    nx.write_graphml(plain, path)
