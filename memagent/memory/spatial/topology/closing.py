# SPDX-License-Identifier: Apache-2.0
"""Closing a loop: places become one, poses are corrected, and what hangs on them moves along."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from memagent.memory.spatial.topology.places import same_place
from memagent.memory.spatial.topology.recognition import Hypothesis
from memagent.memory.spatial.topology.se2 import distance
from memagent.memory.spatial.topology.values import Closure
from memagent.types import Pose2D

if TYPE_CHECKING:
    from memagent.memory.spatial.topology.graph import TopologyGraph


def close(graph: TopologyGraph, hypotheses: tuple[Hypothesis, ...]) -> Closure | None:
    """Correct all poses as if the hypotheses were true; keep that only if odometry bears it."""
    anchors = graph.trajectory.anchors()
    pairs = [(anchors[h.new], anchors[h.old]) for h in hypotheses if h.old in anchors]
    poses, strain = graph.trajectory.correct(extra=pairs)
    if strain > graph.config.closure.misfit:
        graph.recogniser.drop(hypotheses)
        return None
    before = {place.id: place.pose for place in graph.places}
    move(graph, poses)
    merged = {h.new: h.old for h in hypotheses}
    for new, old in merged.items():
        graph.merge(old, new)
    merged |= _fold(graph, [place.id for place in graph.places])
    poses, _ = graph.trajectory.correct()
    move(graph, poses)
    graph.recogniser.drop()
    moved = {
        place.id: (before[place.id], place.pose)
        for place in graph.places
        if place.pose != before[place.id]
    }
    surprise = max(distance(before[new], before[old]) for new, old in merged.items())
    return Closure({new: graph.resolve(new) for new in merged}, moved, surprise)


def move(graph: TopologyGraph, poses: list[Pose2D]) -> None:
    """Give keyframes these poses, and places those of their anchors."""
    graph.trajectory.move(poses)
    for id, index in graph.trajectory.anchors().items():
        place = graph.places[id]
        if place.pose != poses[index]:
            graph.places.put(replace(place, pose=poses[index]))


def settle(graph: TopologyGraph) -> None:
    """Bring the last poses in line with the known places around them; merge what became one."""
    window = graph.config.pose_graph.window
    poses, _ = graph.trajectory.correct(window=window)
    move(graph, poses)
    recent = {frame.place for frame in graph.trajectory.keyframes[-window:] if frame.anchor}
    if recent:
        _fold(graph, recent)


def _fold(graph: TopologyGraph, among: Collection[str]) -> dict[str, str]:
    """Merge places with older ones that, poses corrected, they turn out to be."""
    merged: dict[str, str] = {}
    age = {place.id: n for n, place in enumerate(graph.places)}
    for new in [place for place in graph.places if place.id in among]:
        old = same_place(
            graph.places, graph.config, new.pose, new.descriptor, new.label, other_than=new.id
        )
        if old is not None and age[old] < age[new.id]:
            graph.merge(old, new.id)
            merged[new.id] = old
    return merged
