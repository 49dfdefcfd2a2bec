# SPDX-License-Identifier: Apache-2.0
r"""RoboMemory's Algorithm 2 as published, for comparison with the graph that robots use.

    V_sim = union over q of TopK_n cos(emb(q), emb(v))         n = 3
    V_ret = V_sim + K-hop_k(V_sim, G)                          k = 2, along out-edges
    G_loc = Induced(V_ret + V_new, (V + V_new, E + E_new))
    G_upd = ResolveConflict(G_loc, G_new)
    G'    = (G \ G_loc) + G_upd, without isolated vertices

(arXiv 2508.01415v7, section on spatial memory, and appendix D for the direction of edges.) Taken
literally, the last line loses knowledge: removing the *vertices* of ``G_loc`` from ``G`` also
removes the edges between them and the rest of the graph, and ``G_upd``, made from ``G_loc``, does
not have them. And a relation that is contradicted outside ``G_loc`` stays. ``boundary_safe`` keeps
those edges, and going in both directions also finds "cup on table" from "table"; the defaults are
what was published.

Re-implemented from the paper's description; its language models are behind two small seams, the
embedding and the conflict resolver, with deterministic defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Annotated, Literal, Protocol

import networkx as nx
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.recall.embedders import NGramEmbedder
from memagent.memory.records import whereabouts_of
from memagent.types import FloatArray, Relation

_LETTERS = NGramEmbedder(512)
Embed = Callable[[str], FloatArray]
"""Text to a vector of fixed length."""


class PaperConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    similar: Annotated[int, Field(ge=1)] = 3
    """n: vertices that each query starts from."""
    hops: Annotated[int, Field(ge=0)] = 2
    """k."""
    direction: Literal["out", "both"] = "out"
    """Edges that a hop follows."""
    merge: Literal["published", "boundary_safe"] = "published"
    """Whether edges between G_loc and the rest of the graph are lost, as published, or kept."""


class Resolver(Protocol):
    """Decides what of a local graph still holds, given what is new."""

    def __call__(self, local: nx.MultiDiGraph, new: Iterable[Relation]) -> nx.MultiDiGraph:
        """The updated local graph; edges are keyed by their predicates."""


class PaperGraph:
    """A directed graph of relations, updated and retrieved by Algorithm 2.

    Edges are keyed by predicate, so that a relation is in it once. It keeps no history.
    """

    def __init__(
        self,
        config: PaperConfig | None = None,
        embed: Embed | None = None,
        resolve: Resolver | None = None,
    ) -> None:
        self._config = config or PaperConfig()
        self._embed = embed or lexical_embedding
        self._resolve = resolve or resolve_by_rules
        self._graph = nx.MultiDiGraph()

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The graph as it is: a copy."""
        return self._graph.copy()

    def retrieve(self, queries: Iterable[str]) -> nx.MultiDiGraph:
        """The subgraph induced by ``V_ret``."""
        return self._graph.subgraph(self._retrieved(queries)).copy()

    def update(self, new: Iterable[Relation], queries: Iterable[str] = ()) -> nx.MultiDiGraph:
        """Take in new relations.

        Args:
            new: what a step's summary told, ``E_new``.
            queries: what to look for beside the vertices of ``new``.

        Returns:
            ``G_upd``, what the resolver made of the local graph.
        """
        new = tuple(new)
        extended = self._graph.copy()
        for relation in new:
            _add(extended, relation)
        around = self._retrieved(queries)
        around |= {vertex for r in new for vertex in (r.subject, r.object)}
        local = extended.subgraph(around).copy()
        updated = self._resolve(local, new)
        rest = self._graph.copy()
        if self._config.merge == "published":
            rest.remove_nodes_from(local)
        else:
            rest.remove_edges_from(list(local.edges(keys=True)))
        merged = nx.compose(rest, updated)
        merged.remove_nodes_from(list(nx.isolates(merged)))
        self._graph = merged
        return updated

    def _retrieved(self, queries: Iterable[str]) -> set[str]:
        """V_sim and what is within k hops of it."""
        found = {vertex for query in queries for vertex in self._similar(query)}
        frontier = set(found)
        for _ in range(self._config.hops):
            reached = {v for vertex in frontier for v in self._graph.successors(vertex)}
            if self._config.direction == "both":
                reached |= {v for vertex in frontier for v in self._graph.predecessors(vertex)}
            frontier = reached - found
            found |= reached
        return found

    def _similar(self, query: str) -> list[str]:
        """The n vertices whose names are most like a query; equally like ones by name."""
        wanted = self._embed(query)
        scores = {vertex: _cosine(wanted, self._embed(vertex)) for vertex in self._graph}
        return sorted(scores, key=lambda vertex: (-scores[vertex], vertex))[: self._config.similar]


def resolve_by_rules(local: nx.MultiDiGraph, new: Iterable[Relation]) -> nx.MultiDiGraph:
    """Keep what new relations do not contradict.

    An object has one support, container, room or holder, and a hand holds one object: the relation
    that says otherwise goes, and with it what a moved object was near to.
    """
    updated = local.copy()
    for relation in new:
        thing = whereabouts_of(relation)
        for subject, target, predicate in list(updated.edges(keys=True)):
            old = Relation(subject, predicate, target)
            if (subject, predicate, target) == (
                relation.subject,
                relation.predicate,
                relation.object,
            ):
                continue
            other_place = thing and whereabouts_of(old) == thing
            other_hold = relation.predicate == predicate == "holding" and (
                subject == relation.subject
            )
            parted = thing and predicate == "near" and thing in (subject, target)
            if other_place or other_hold or parted:
                updated.remove_edge(subject, target, key=predicate)
        _add(updated, relation)
    for relation in new:  # A later relation of the same summary may have removed an earlier one.
        if relation.predicate == "near":
            _add(updated, relation)
    return updated


@lru_cache(maxsize=4096)
def lexical_embedding(text: str) -> FloatArray:
    """A text as its hashed letter n-grams: names that share letters are alike."""
    return np.asarray(_LETTERS.embed([text])[0], np.float64)


def _cosine(a: FloatArray, b: FloatArray) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0


def _add(graph: nx.MultiDiGraph, relation: Relation) -> None:
    graph.add_edge(
        relation.subject, relation.object, key=relation.predicate, confidence=relation.confidence
    )
