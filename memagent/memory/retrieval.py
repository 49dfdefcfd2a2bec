# SPDX-License-Identifier: Apache-2.0
"""Asking all four kinds of memory at once (RoboMemory, arXiv 2508.01415, section III-B).

Nothing is written in between, so that the four agree. They are asked one after the other: each
takes a fraction of a millisecond, and what may take long, to embed the question, was done before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import networkx as nx

from memagent.memory.state import MemoryState
from memagent.types import Lesson, Query, Recall

_PHRASE = 4
"""The most words of a name."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What each kind of memory has to say, as of one instant."""

    stamp: float
    """Seconds."""
    temporal: tuple[str, ...]
    """What happened so far, oldest first: old times in short, the last steps word for word."""
    spatial: nx.MultiDiGraph
    """The knowledge graph around the robot and what the question names."""
    episodic: Recall
    """Remembered items, best first."""
    semantic: tuple[Lesson, ...]
    """What outcomes teach of such a task and of what the question names."""


def retrieve(state: MemoryState, query: Query, hops: int, budget: int) -> Retrieval:
    """Ask temporal, spatial, episodic and semantic memory.

    Args:
        state: which nobody changes meanwhile.
        query: what to ask; its filters and limit are for the episodic part.
        hops: how far the graph is followed from what the question names.
        budget: the most vertices of it.
    """
    named = named_in(state, query.text)
    sources = tuple(dict.fromkeys((*named, state.room() or "")))
    lessons = list(state.lessons.about_task(query.text, query.limit)) if query.text else []
    for name in named:
        entity = state.entities.get(name)
        label, category = (entity.label, entity.category) if entity else (name, "")
        lessons += [x for x in state.lessons.about("", label, category) if x.subject]
    return Retrieval(
        state.now,
        tuple(moment.text for moment in state.temporal.moments),
        state.graph.graph(None, sources, hops, budget),
        state.recaller.recall(query, state.now),
        tuple({lesson.id: lesson for lesson in lessons}.values())[: query.limit],
    )


def named_in(state: MemoryState, text: str) -> tuple[str, ...]:
    """The objects, places and rooms that a text names, in its order; longer names win."""
    words = re.findall(r"[\w']+", text.lower())
    found: dict[str, None] = {}
    start = 0
    while start < len(words):
        for length in range(min(_PHRASE, len(words) - start), 0, -1):
            phrase = " ".join(words[start : start + length])
            names = state.entities.called(phrase) or ((phrase,) if phrase in state.graph else ())
            if names:
                found.update(dict.fromkeys(names))
                break
        else:
            length = 1
        start += length
    return tuple(found)
