# SPDX-License-Identifier: Apache-2.0
"""The graph against a plain dictionary, through any story of telling, seeing, ending, reopening."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from memagent.memory.knowledge.knowledge_graph import GraphConfig, KnowledgeGraph
from memagent.memory.records import ROBOT, whereabouts_of
from memagent.memory.store import SQLiteStore, StoreConfig
from memagent.memory.store.tables import Tables
from memagent.types import Relation

pytestmark = pytest.mark.unit

Triple = tuple[str, str, str]
THINGS = st.sampled_from(["mug", "banana", "block"])
PLACES = st.sampled_from(["desk", "fridge", "shelf", "mug"])
CONFIG = GraphConfig(independent=2.0)


@dataclass
class Known:
    """What the reference holds of one open fact."""

    since: float
    last_seen: float
    confidence: float
    evidence: int = 1
    counted: float = 0.0


class GraphMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "robot.memory"
        self._now = 0.0
        self.known: dict[Triple, Known] = {}
        self.story: list[tuple[float, frozenset[Triple]]] = []
        self._open()

    def _open(self) -> None:
        self.store = SQLiteStore(self._path, StoreConfig(durability="normal"))
        self.tables = Tables(self.store)
        self.graph = KnowledgeGraph(self.tables, None, CONFIG)

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()

    # --- what happens -------------------------------------------------------------------------

    @rule(pause=st.sampled_from([0.0, 0.5, 3.0]))
    def wait(self, pause: float) -> None:
        self._now += pause

    @rule(thing=THINGS, predicate=st.sampled_from(["on", "in", "at"]), place=PLACES)
    def put(self, thing: str, predicate: str, place: str) -> None:
        if thing != place:
            self._leave(thing)
            self._tell((thing, predicate, place))

    @rule(thing=THINGS)
    def take(self, thing: str) -> None:
        self._leave(thing)
        self._forget_where(lambda triple: triple[1] == "holding")
        self._tell((ROBOT, "holding", thing))

    @rule(a=THINGS, b=THINGS)
    def approach(self, a: str, b: str) -> None:
        if a != b:
            self.known.pop((a, "near", b), None)
            self._tell((a, "near", b))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        triple = data.draw(st.sampled_from(sorted(self.known)))
        fact = self.graph.find(*triple)  # type: ignore[arg-type]
        assert fact is not None, triple
        with self.store.transaction():
            self.graph.end(fact, self._now, self._now)
        del self.known[triple]
        self._note()

    @precondition(lambda self: self.known)
    @rule(data=st.data(), confidence=st.sampled_from([0.3, 0.8]))
    def see(self, data: st.DataObject, confidence: float) -> None:
        triple = data.draw(st.sampled_from(sorted(self.known)))
        fact = self.graph.find(*triple)  # type: ignore[arg-type]
        assert fact is not None, triple
        self.graph.see(fact, self._now, None, confidence)
        known = self.known[triple]
        if self._now - known.counted >= CONFIG.independent:
            known.counted = self._now
            known.evidence += 1
        known.last_seen = self._now
        known.confidence = max(known.confidence, confidence)

    @rule()
    def reopen(self) -> None:
        with self.store.transaction():
            self.graph.persist()
        self.store.close()
        self._open()
        for known in self.known.values():
            known.counted = known.last_seen

    # --- what must hold -----------------------------------------------------------------------

    @invariant()
    def open_facts_are_the_reference(self) -> None:
        found = {
            (f.relation.subject, f.relation.predicate, f.relation.object): f
            for f in self.graph.open_facts()
        }
        assert set(found) == set(self.known)
        for triple, known in self.known.items():
            fact = found[triple]
            assert (fact.valid_from, fact.last_seen) == (known.since, known.last_seen)
            assert (fact.relation.confidence, fact.evidence) == (known.confidence, known.evidence)
        edges = self.graph.graph().edges(data=True)
        assert {(a, e["predicate"], b) for a, b, e in edges} == set(self.known)

    @invariant()
    def one_place_per_object_and_one_object_per_hand(self) -> None:
        things = [whereabouts_of(Relation(*t)) for t in self.known]  # type: ignore[arg-type]
        things = [thing for thing in things if thing]
        assert len(things) == len(set(things))
        for thing in ("mug", "banana", "block"):
            fact = self.graph.whereabouts(thing)
            assert (fact is not None) == (thing in things)
            near = {t for t in self.known if t[1] == "near" and thing in (t[0], t[2])}
            assert len(self.graph.neighbours(thing)) == len(near)
        held = [t[2] for t in self.known if t[1] == "holding"]
        assert [self.graph.held.thing] if self.graph.held else held == []

    @invariant()
    def the_past_is_what_was_true_then(self) -> None:
        for stamp, _ in self.story[-3:]:
            expected = next(facts for at, facts in reversed(self.story) if at <= stamp)
            found = {
                (f.relation.subject, f.relation.predicate, f.relation.object)
                for f in self.tables.facts_at(stamp)
            }
            assert found == set(expected)

    # --- the reference ------------------------------------------------------------------------

    def _leave(self, thing: str) -> None:
        """What an object was near to ends only where its old place was known."""
        old = [t for t in self.known if whereabouts_of(Relation(*t)) == thing]  # type: ignore[arg-type]
        if old:
            self._forget_where(lambda t: t in old or (t[1] == "near" and thing in (t[0], t[2])))

    def _forget_where(self, condition: object) -> None:
        for triple in [t for t in self.known if condition(t)]:  # type: ignore[operator]
            del self.known[triple]

    def _tell(self, triple: Triple) -> None:
        with self.store.transaction():
            relation = Relation(*triple, 0.5)  # type: ignore[arg-type]
            self.graph.tell(relation, self._now, self._now)
        self.known[triple] = Known(self._now, self._now, 0.5, counted=self._now)
        self._note()

    def _note(self) -> None:
        self.story.append((self._now, frozenset(self.known)))


TestGraphMachine = GraphMachine.TestCase
TestGraphMachine.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, derandomize=True
)
