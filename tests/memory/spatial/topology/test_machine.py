# SPDX-License-Identifier: Apache-2.0
"""The graph against plain dictionaries, through any story of adding, driving, merging, removing."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from memagent.memory.spatial.topology import (
    TopologyConfig,
    TopologyError,
    TopologyGraph,
    graph_from_state,
    graph_state,
)
from memagent.types import Pose2D

from .looks import look

pytestmark = pytest.mark.unit

PICK = st.integers(0, 10**6)


class GraphMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.graph = TopologyGraph(TopologyConfig(directed=True))
        self.visits: dict[str, int] = {}
        self.counts: dict[tuple[str, str], tuple[int, int]] = {}
        self.marks: dict[str, set[str]] = {}
        self.gone: dict[str, str | None] = {}

    def pick(self, n: int) -> str:
        ids = list(self.visits)
        return ids[n % len(ids)]

    @rule(x=st.integers(-5, 5), y=st.integers(-5, 5), visits=st.integers(0, 3))
    def add(self, x: int, y: int, visits: int) -> None:
        id = self.graph.add_place(Pose2D(x, y), look(len(self.visits)), visits=visits)
        assert id not in self.visits
        assert id not in self.gone
        self.visits[id] = visits
        self.marks[id] = set()

    @precondition(lambda self: len(self.visits) > 1)
    @rule(a=PICK, b=PICK, success=st.booleans())
    def drive(self, a: int, b: int, success: bool) -> None:
        start, end = self.pick(a), self.pick(b)
        if start == end:
            with pytest.raises(TopologyError, match="to itself"):
                self.graph.traverse(start, end, success=success)
            return
        self.graph.traverse(start, end, success=success, seconds=2.0)
        won, lost = self.counts.get((start, end), (0, 0))
        self.counts[start, end] = (won + success, lost + (not success))

    @precondition(lambda self: self.visits)
    @rule(a=PICK, name=st.sampled_from("abc"))
    def attach(self, a: int, name: str) -> None:
        self.graph.attach(name, self.pick(a))
        self.marks[self.pick(a)].add(name)

    @precondition(lambda self: len(self.visits) > 1)
    @rule(a=PICK, b=PICK)
    def merge(self, a: int, b: int) -> None:
        keep, gone = self.pick(a), self.pick(b)
        if keep == gone:
            with pytest.raises(TopologyError, match="one place already"):
                self.graph.merge(keep, gone)
            return
        self.graph.merge(keep, gone)
        self.visits[keep] += self.visits.pop(gone)
        self.marks[keep] |= self.marks.pop(gone)
        moved: dict[tuple[str, str], tuple[int, int]] = {}
        for (u, v), (won, lost) in self.counts.items():
            u, v = (keep if end == gone else end for end in (u, v))
            if u != v:
                before = moved.get((u, v), (0, 0))
                moved[u, v] = before[0] + won, before[1] + lost
        self.counts = moved
        self.gone = {old: keep if new == gone else new for old, new in self.gone.items()}
        self.gone[gone] = keep

    @precondition(lambda self: self.visits)
    @rule(a=PICK, bridge=st.booleans())
    def remove(self, a: int, bridge: bool) -> None:
        id = self.pick(a)
        self.graph.remove(id, bridge=bridge)
        del self.visits[id], self.marks[id]
        into = {u: c for (u, v), c in self.counts.items() if v == id}
        out = {v: c for (u, v), c in self.counts.items() if u == id}
        self.counts = {way: c for way, c in self.counts.items() if id not in way}
        if bridge:
            for u, first in into.items():
                for v, second in out.items():
                    if u != v and (u, v) not in self.counts:
                        chained = min(first[0], second[0]), max(first[1], second[1])
                        self.counts[u, v] = chained
        self.gone = {old: None if new == id else new for old, new in self.gone.items()}
        self.gone[id] = None

    @rule()
    def reload(self) -> None:
        state = graph_state(self.graph)
        self.graph = graph_from_state(state)
        assert graph_state(self.graph) == state

    @invariant()
    def is_the_same(self) -> None:
        graph = self.graph
        assert {p.id: p.visits for p in graph.places} == self.visits
        counts = {(a, b): (p.successes, p.failures) for a, b, p in graph.ways.passages()}
        assert counts == self.counts
        assert set(graph.ways.network) == set(self.visits)
        for id, names in self.marks.items():
            assert {mark.name for mark in graph.belongings.landmarks(id)} == names
        for old, new in self.gone.items():
            if new is None:
                with pytest.raises(TopologyError, match="unknown place"):
                    graph.resolve(old)
            else:
                assert graph.resolve(old) == new
        for row, id in enumerate(graph.places.ids):
            pose = graph.places[id].pose
            assert tuple(graph.places.positions[row]) == (pose.x, pose.y)
        for *_, passage in graph.ways.passages():
            assert math.isnan(passage.seconds) == (passage.successes == 0) or passage.seconds > 0


GraphMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True
)
test_graph_machine = GraphMachine.TestCase
