# SPDX-License-Identifier: Apache-2.0
"""Facts against a simple reference: replaying what was told."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.knowledge.knowledge_graph import KnowledgeGraph
from memagent.memory.records import ROBOT
from memagent.memory.store.sqlite import IN_MEMORY, SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.site import Site
from memagent.types import Predicate, Relation

pytestmark = pytest.mark.unit

THINGS = ("mug", "banana", "block")
PLACES = ("desk", "fridge", "shelf")


@pytest.fixture
def tables() -> Iterator[Tables]:
    store = SQLiteStore(IN_MEMORY)
    yield Tables(store)
    store.close()


def _tell(graph: KnowledgeGraph, tables: Tables, relation: Relation, stamp: float) -> None:
    with tables.store.transaction():
        graph.tell(relation, stamp, stamp)


steps = st.lists(
    st.tuples(
        st.sampled_from(THINGS),
        st.sampled_from([*PLACES, "hold", "lose"]),
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_facts_are_what_replaying_the_story_gives(story: list[tuple[str, str, int]]) -> None:
    store = SQLiteStore(IN_MEMORY)
    tables = Tables(store)
    graph = KnowledgeGraph(tables, None)
    reference: dict[str, str] = {}
    history: list[tuple[float, dict[str, str]]] = []
    stamp = 0.0
    for thing, action, pause in story:
        stamp += pause
        if action == "lose":
            reference.pop(thing, None)
            fact = graph.whereabouts(thing)
            if fact is not None:
                with store.transaction():
                    graph.end(fact, stamp, stamp)
        elif action == "hold":
            reference = {t: p for t, p in reference.items() if p != ROBOT}
            reference[thing] = ROBOT
            _tell(graph, tables, Relation(ROBOT, "holding", thing), stamp)
        else:
            reference[thing] = action
            _tell(graph, tables, Relation(thing, "on", action), stamp)
        history.append((stamp, dict(reference)))
        assert _now(graph) == reference
        assert _now(KnowledgeGraph(tables, None)) == reference, "a restart changes nothing"
    for when in {at + extra for at, _ in history for extra in (0.0, 0.5)}:
        expected = next((state for at, state in reversed(history) if at <= when), {})
        assert _at(tables, when) == expected
        assert _of_graph(graph.graph(as_of=when)) == expected
    store.close()


def _now(graph: KnowledgeGraph) -> dict[str, str]:
    facts = graph.open_facts()
    assert len({f.thing for f in facts}) == len(facts), "one open location per object"
    live = _of_graph(graph.graph())
    found = {f.thing: _holder(f.relation) for f in facts}
    assert live == found, "the graph shows the open facts"
    return found


def _at(tables: Tables, stamp: float) -> dict[str, str]:
    return {f.thing: _holder(f.relation) for f in tables.facts_at(stamp)}


def _of_graph(graph: nx.MultiDiGraph) -> dict[str, str]:
    return {
        (end if edge["predicate"] == "holding" else start): (
            ROBOT if edge["predicate"] == "holding" else end
        )
        for start, end, edge in graph.edges(data=True)
    }


def _holder(relation: Relation) -> str:
    return ROBOT if relation.predicate == "holding" else relation.object


@pytest.mark.parametrize("predicate", ["on", "in", "at"])
def test_a_new_location_supersedes_the_old_one_but_keeps_it(
    tables: Tables, predicate: Predicate
) -> None:
    graph = KnowledgeGraph(tables, None)
    _tell(graph, tables, Relation("mug", "on", "desk"), 10.0)
    _tell(graph, tables, Relation("mug", predicate, "fridge"), 20.0)
    old, new = tables.all_facts()
    assert (old.valid_from, old.valid_to, old.expired) == (10.0, 20.0, 20.0)
    assert (new.valid_from, new.valid_to, new.expired) == (20.0, None, None)


def test_a_late_report_never_makes_history_overlap(tables: Tables) -> None:
    graph = KnowledgeGraph(tables, None)
    _tell(graph, tables, Relation("mug", "on", "desk"), 10.0)
    _tell(graph, tables, Relation("mug", "in", "fridge"), 9.0)
    assert [(f.valid_from, f.valid_to) for f in tables.all_facts()] == [(10.0, 10.0), (10.0, None)]


def test_relations_between_objects_do_not_supersede_locations(tables: Tables) -> None:
    graph = KnowledgeGraph(tables, None)
    _tell(graph, tables, Relation("mug", "on", "desk"), 1.0)
    _tell(graph, tables, Relation("mug", "near", "banana"), 2.0)
    _tell(graph, tables, Relation("mug", "near", "block"), 3.0)
    assert len(graph.open_facts()) == 3
    _tell(graph, tables, Relation("mug", "on", "shelf"), 4.0)
    assert [f.relation.object for f in graph.open_facts()] == ["shelf"], "they parted"


def test_retrieval_goes_along_edges_in_both_directions(tables: Tables, site: Site) -> None:
    graph = KnowledgeGraph(tables, site)
    _tell(graph, tables, Relation("mug", "on", "desk"), 1.0)
    _tell(graph, tables, Relation("banana", "in", "fridge"), 2.0)
    around_desk = graph.graph(around=("desk",), hops=1)
    assert set(around_desk) == {"desk", "mug", "study"}
    assert "banana" not in graph.graph(around=("mug",), hops=2)
    assert set(graph.graph(around=("nonsense",))) == set()


def test_a_hub_cannot_exceed_the_node_budget(tables: Tables) -> None:
    graph = KnowledgeGraph(tables, None)
    for i in range(200):
        _tell(graph, tables, Relation(f"thing {i:03}", "at", "kitchen"), float(i))
    found = graph.graph(around=("kitchen",), hops=3, budget=20)
    assert list(found)[:2] == ["kitchen", "thing 199"], "newest first"
    assert len(found) == 20
    assert graph.graph(around=("kitchen",), edges=7).number_of_edges() == 7


def test_the_returned_graph_is_a_copy(tables: Tables, site: Site) -> None:
    graph = KnowledgeGraph(tables, site)
    graph.graph().clear()
    assert len(graph.graph()) == 1 + len(site.rooms) + len(site.places)
