# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, MemoryConfig, StateConfig
from memagent.memory.temporal import Moment, TemporalBuffer, TemporalConfig, compress
from memagent.site import Site
from memagent.types import Query

from .scenes import percept, show

pytestmark = pytest.mark.unit


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.sampled_from(["at the desk", "sees a mug; turns", "drives."]), max_size=80),
    steps=st.integers(2, 6),
    history=st.integers(2, 5),
)
def test_it_is_bounded_ordered_and_reaches_back_to_the_first_step(
    texts: list[str], steps: int, history: int
) -> None:
    config = TemporalConfig(steps=steps, history=history, clauses=3)
    buffer, restored = TemporalBuffer(config), TemporalBuffer(config)
    summaries = []
    for stamp, text in enumerate(texts):
        summary = buffer.add(float(stamp), text)
        if summary:
            summaries.append(summary)
    moments = buffer.moments
    assert len(moments) <= steps + history
    assert all(a.end < b.start for a, b in pairwise(moments))
    if texts:
        assert moments[0].start == 0.0
        assert moments[-1].end == len(texts) - 1
    restored.restore(summaries, [Moment(float(i), float(i), t) for i, t in enumerate(texts)])
    assert restored.moments == moments


def test_compressing_keeps_each_clause_once_and_the_ends() -> None:
    moments = [Moment(i, i + 0.5, f"at the desk; sees thing{i}.") for i in range(6)]
    assert compress(moments[:2], 9) == Moment(0, 1.5, "at the desk; sees thing0; sees thing1")
    short = compress(moments, 3).text.split("; ")
    assert len(short) == 3
    assert (short[0], short[-1]) == ("at the desk", "sees thing5")


def test_steps_are_remembered_when_they_say_something_new(memory: LifelongMemory) -> None:
    for stamp, summary, boundary in (
        (0.0, "in the study", False),
        (0.2, "in the study", True),
        (0.4, "in the study; sees a mug", False),
        (0.6, "in the kitchen", True),
        (9.0, "in the kitchen; sees a can", False),
    ):
        show(memory, percept(stamp, summary=summary, boundary=boundary))
    assert memory.context() == ("in the study", "in the kitchen", "in the kitchen; sees a can")


def test_the_past_survives_a_restart_in_the_same_words(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        for i in range(200):
            show(memory, percept(10.0 * i, summary=f"step{i}"))
        before = memory.context()
        assert len(before) <= 60
        assert before[0].startswith("step0;")
    with LifelongMemory(path, site) as memory:
        assert memory.context() == before


class _Model:
    """Retells steps in its own words, or cannot."""

    def __init__(self, error: bool = False) -> None:
        self.error = error

    def summarise(self, steps: Sequence[Moment]) -> str:
        if self.error:
            raise MemagentError("no network")
        return f"{len(steps)} steps, said the model"


SHORT = MemoryConfig(state=StateConfig(temporal=TemporalConfig(steps=4, history=3, interval=0.0)))


def _walk(memory: LifelongMemory, count: int) -> None:
    for stamp in range(count):
        memory.observe(percept(float(stamp), summary=f"at place {stamp}", boundary=True))


def test_a_model_retells_what_rules_had_summarised(path: Path, site: Site) -> None:
    with LifelongMemory(path, site, SHORT, summarizer=_Model()) as memory:
        _walk(memory, 5)
        assert memory.settle(10.0)
        told = memory.context()
        assert told[0] == "3 steps, said the model"
        assert told[1:] == ("at place 3", "at place 4")
        found = memory.recall(Query(text="model", kinds=("summary",))).items
        assert [item.text for item in found] == ["3 steps, said the model"]
    with LifelongMemory(path, site, SHORT) as memory:
        assert memory.context() == told


def test_the_rules_summary_stays_where_the_model_fails(path: Path, site: Site) -> None:
    with LifelongMemory(path, site, SHORT, summarizer=_Model(error=True)) as memory:
        _walk(memory, 5)
        assert memory.settle(10.0)
        assert memory.context()[0] == "at place 0; at place 1; at place 2"
