# SPDX-License-Identifier: Apache-2.0
"""The published algorithm with its flaws, and ours next to it."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.knowledge.knowledge_graph import KnowledgeGraph
from memagent.memory.knowledge.paper_graph import (
    PaperConfig,
    PaperGraph,
    lexical_embedding,
    resolve_by_rules,
)
from memagent.memory.store.sqlite import IN_MEMORY, SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import Predicate, Relation

pytestmark = pytest.mark.unit

SAFE = PaperConfig(merge="boundary_safe", direction="both")
HOUSE = (
    Relation("table", "in", "kitchen"),
    Relation("fridge", "in", "kitchen"),
    Relation("shelf", "in", "study"),
    Relation("cup", "on", "table"),
    Relation("plate", "on", "table"),
    Relation("apple", "in", "fridge"),
)


def _edges(graph: nx.MultiDiGraph) -> set[tuple[str, str, str]]:
    return {(start, key, end) for start, end, key in graph.edges(keys=True)}


def _told(config: PaperConfig | None = None) -> PaperGraph:
    graph = PaperGraph(config)
    graph.update(HOUSE)
    return graph


def test_the_flaw_edges_from_the_local_graph_to_the_outside_are_lost() -> None:
    """The cup moves to the shelf: the plate's table and the kitchen's furniture go with it."""
    moved = [Relation("cup", "on", "shelf")]
    published = _told()
    published.update(moved, queries=["cup"])
    assert ("cup", "on", "shelf") in _edges(published.graph)
    # V_sim = {cup, ...}, and the whole of what was near it in the graph is cut from the rest.
    lost = _edges(_told().graph) - _edges(published.graph) - {("cup", "on", "table")}
    assert lost, "knowledge that nothing contradicted is gone"
    safe = _told(SAFE)
    safe.update(moved, queries=["cup"])
    kept = {(r.subject, r.predicate, r.object) for r in HOUSE} - {("cup", "on", "table")}
    assert _edges(safe.graph) == kept | {("cup", "on", "shelf")}


def test_the_flaw_in_its_smallest_form() -> None:
    """Told only that the cup moved from a to b, published forgets that a is in the kitchen."""
    before = [Relation("cup", "on", "a"), Relation("a", "in", "kitchen")]
    for merge, kept in (("published", False), ("boundary_safe", True)):
        graph = PaperGraph(PaperConfig.model_validate({"merge": merge}))
        graph.update(before)
        graph.update([Relation("cup", "on", "b"), Relation("b", "near", "a")])
        assert (("a", "in", "kitchen") in _edges(graph.graph)) == kept


def test_ours_loses_nothing_and_keeps_the_old_place_in_the_history() -> None:
    store = SQLiteStore(IN_MEMORY)
    tables = Tables(store)
    graph = KnowledgeGraph(tables, None)
    with store.transaction():
        for relation in HOUSE:
            graph.tell(relation, 1.0, 1.0)
        graph.tell(Relation("cup", "on", "shelf"), 2.0, 2.0)
    found = {(f.relation.subject, f.relation.object) for f in graph.open_facts()}
    kept = {(r.subject, r.object) for r in HOUSE} - {("cup", "table")}
    assert found == kept | {("cup", "shelf")}
    assert ("cup", "table") in {(s, t) for s, t in graph.graph(as_of=1.5).edges()}
    store.close()


def test_hops_follow_out_edges_only_unless_told_otherwise() -> None:
    one = {"similar": 1}
    out = _told(PaperConfig.model_validate(one))
    assert set(out.retrieve(["table"])) == {"table", "kitchen"}, "the cup on it is not found"
    both = _told(PaperConfig.model_validate({**one, "direction": "both"}))
    assert set(both.retrieve(["table"])) >= {"table", "cup", "plate", "kitchen", "fridge"}
    assert set(out.retrieve(["cup"])) == {"cup", "table", "kitchen"}, "two hops"


def test_each_query_starts_from_the_three_most_similar_vertices() -> None:
    graph = PaperGraph(PaperConfig(hops=0))
    graph.update(Relation(f"red mug {i}", "on", "desk") for i in range(5))
    assert set(graph.retrieve(["red mug 4"])) == {"red mug 4", "red mug 0", "red mug 1"}
    assert len(graph.retrieve(["red mug", "desk"])) <= 6
    assert set(PaperGraph().retrieve(["mug"])) == set()


def test_isolated_vertices_are_dropped() -> None:
    graph = PaperGraph()
    graph.update([Relation("cup", "on", "table")])
    graph.update([Relation("cup", "on", "shelf")], queries=["cup"])
    assert set(graph.graph) == {"cup", "shelf"}


def test_another_embedding_and_another_resolver_can_be_plugged_in() -> None:
    meaning = {"drink": (1.0, 0.0), "cup": (0.9, 0.1), "table": (0.0, 1.0)}

    def forgetful(local: nx.MultiDiGraph, new: object) -> nx.MultiDiGraph:
        return local.edge_subgraph([]).copy()

    graph = PaperGraph(PaperConfig(similar=1, hops=0), lambda text: np.array(meaning[text]))
    graph.update([Relation("cup", "on", "table")])
    assert set(graph.retrieve(["drink"])) == {"cup"}
    assert not PaperGraph(resolve=forgetful).update([Relation("cup", "on", "table")])


def test_rules_keep_one_place_per_object_and_one_object_per_hand() -> None:
    local = nx.MultiDiGraph()
    for start, key, end in (
        ("I", "holding", "cup"), ("plate", "on", "table"), ("plate", "near", "fork"),
    ):  # fmt: skip
        local.add_edge(start, end, key=key)
    updated = resolve_by_rules(local, [Relation("I", "holding", "plate")])
    assert _edges(updated) == {("I", "holding", "plate")}


def test_names_that_share_letters_are_alike() -> None:
    def alike(a: str, b: str) -> float:
        return float(lexical_embedding(a) @ lexical_embedding(b))

    assert alike("red mug", "Red  Mug") == pytest.approx(1.0)
    assert alike("red mug", "blue mug") > alike("red mug", "banana")
    assert float(np.linalg.norm(lexical_embedding(""))) <= 1.0


relations = st.builds(
    Relation,
    st.sampled_from(["cup", "plate", "fork"]),
    st.sampled_from(["on", "in", "at"]),
    st.sampled_from(["table", "shelf", "fridge", "kitchen"]),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(relations, max_size=15))
def test_asked_for_what_moved_the_safe_merge_is_what_replaying_gives(
    story: list[Relation],
) -> None:
    graph = PaperGraph(SAFE)
    reference: dict[str, tuple[Predicate, str]] = {}
    for relation in story:
        graph.update([relation], [relation.subject])
        reference[relation.subject] = (relation.predicate, relation.object)
        assert _edges(graph.graph) == {(s, p, o) for s, (p, o) in reference.items()}


def test_a_contradiction_outside_the_local_graph_is_not_seen() -> None:
    graph = PaperGraph(SAFE)
    graph.update([Relation("cup", "on", "table")])
    graph.update([Relation("cup", "on", "shelf")])
    assert graph.graph.number_of_edges() == 2, "no query led to the table"
