# SPDX-License-Identifier: Apache-2.0
"""Rooms: what hangs together when the narrow passages are cut."""

from __future__ import annotations

import math

import networkx as nx

SEED = 0
"""Louvain visits nodes in a random order."""


def rooms(network: nx.DiGraph, narrow: float) -> list[frozenset[str]]:
    """Clusters of places, the largest first.

    Where widths were measured, passages up to ``narrow`` metres are cut, and a place that is left
    alone between them (a doorway) joins the larger room beside it. Without any width, Louvain
    communities of the graph, near places bound more tightly.
    """
    plain = nx.Graph()
    plain.add_nodes_from(sorted(network))
    for a, b, passage in network.edges(data="passage"):
        near = 1.0 / (0.1 + passage.length)
        width = min(passage.width, plain.get_edge_data(a, b, {"width": math.inf})["width"])
        plain.add_edge(a, b, weight=near, width=width)
    if all(math.isinf(width) for *_, width in plain.edges(data="width")):
        if not plain.number_of_edges():
            return [frozenset({place}) for place in plain]
        found = nx.community.louvain_communities(plain, weight="weight", seed=SEED)
        return _ordered(found)
    open_ = nx.Graph(plain)
    open_.remove_edges_from([(a, b) for a, b, w in plain.edges(data="width") if w <= narrow])
    clusters = [set(cluster) for cluster in nx.connected_components(open_)]
    doorways = [c for c in clusters if len(c) == 1]
    proper = [c for c in clusters if len(c) > 1]
    alone = []
    for doorway in doorways:
        beside = set(plain[next(iter(doorway))])
        touching = [room for room in proper if room & beside]
        if touching:
            max(touching, key=lambda room: (len(room), sorted(room))).update(doorway)
        else:
            alone.append(doorway)
    return _ordered(proper + alone)


def _ordered(clusters: list[set[str]]) -> list[frozenset[str]]:
    return [frozenset(c) for c in sorted(clusters, key=lambda c: (-len(c), sorted(c)))]
