# SPDX-License-Identifier: Apache-2.0
"""Weak sightings wait for a second witness; what was contradicted is on record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memagent.memory import LifelongMemory, MemoryConfig
from memagent.memory.knowledge.contradictions import NOT_THERE, SEEN_ELSEWHERE
from memagent.memory.knowledge.knowledge_graph import GraphConfig
from memagent.memory.knowledge.quarantine import QuarantineConfig
from memagent.memory.state import StateConfig
from memagent.site import Site
from memagent.types import Percept, Vector3

from ..scenes import DESK, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit

SHELF: Vector3 = (7.7, 4.4, 0.645)
WEAK = QuarantineConfig(below=0.5)


def _on_shelf(stamp: float, confidence: float = 0.9) -> Percept:
    return percept(stamp, thing("red mug", SHELF, 2, confidence), where={"red mug": "on shelf"})


def _where(memory: LifelongMemory) -> str:
    return memory.where("red mug").candidates[0].place


@pytest.fixture
def memory(path: Path, site: Site):  # type: ignore[no-untyped-def]
    config = MemoryConfig(state=StateConfig(quarantine=WEAK))
    with LifelongMemory(path, site, config) as opened:
        yield opened


def test_one_weak_sighting_moves_nothing_and_a_second_one_does(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    assert show(memory, _on_shelf(10.0, 0.4)) == ()
    assert show(memory, _on_shelf(10.2, 0.4)) == (), "the same glimpse is no second witness"
    assert _where(memory) == "desk"
    (claim,) = memory.quarantined()
    assert (claim.thing, claim.relation.object, claim.stamp) == ("red mug", "shelf", 10.0)
    (event,) = show(memory, _on_shelf(13.0, 0.4))
    assert event.kind == "moved"
    assert _where(memory) == "shelf"
    (fact,) = memory.facts("red mug")
    assert fact.relation.confidence == pytest.approx(1 - 0.6**2), "two witnesses count as two"
    assert memory.quarantined() == ()


def test_a_confident_sighting_is_believed_at_once_and_ends_the_claim(
    memory: LifelongMemory,
) -> None:
    show(memory, mug_on_desk(1.0))
    show(memory, _on_shelf(10.0, 0.4))
    assert show(memory, _on_shelf(10.2, 0.9))
    assert memory.quarantined() == ()
    assert _where(memory) == "shelf"


def test_weak_sights_of_what_is_believed_confirm_it(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    weak = percept(5.0, thing("red mug", DESK, 1, 0.35), where={"red mug": "on desk"})
    show(memory, weak)
    assert memory.quarantined() == ()
    assert memory.where("red mug").candidates[0].last_seen == 5.0


def test_claims_of_another_place_and_old_ones_start_over(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    show(memory, _on_shelf(10.0, 0.4))
    show(memory, _on_shelf(10.0 + WEAK.patience + 1, 0.4))
    assert _where(memory) == "desk"
    assert memory.quarantined()[0].stamp > 10.0 + WEAK.patience


def test_a_claim_survives_a_restart(path: Path, site: Site) -> None:
    config = MemoryConfig(state=StateConfig(quarantine=WEAK))
    with LifelongMemory(path, site, config) as memory:
        show(memory, mug_on_desk(1.0))
        show(memory, _on_shelf(10.0, 0.4))
    with LifelongMemory(path, site, config) as memory:
        assert len(memory.quarantined()) == 1
        show(memory, _on_shelf(13.0, 0.4))
        assert _where(memory) == "shelf"


def test_claims_are_bounded(path: Path, site: Site) -> None:
    weak = QuarantineConfig(below=0.5, claims=3)
    with LifelongMemory(path, site, MemoryConfig(state=StateConfig(quarantine=weak))) as memory:
        for i in range(6):
            name = f"red mug{i}"
            show(memory, percept(float(i), thing(name, SHELF, i, 0.4), where={name: "on shelf"}))
        assert [c.thing for c in memory.quarantined()] == ["red mug3", "red mug4", "red mug5"]


# --- contradictions ---------------------------------------------------------------------------


def test_a_contradiction_tells_old_new_why_and_when(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    show(memory, _on_shelf(10.0))
    (entry,) = memory.contradictions()
    assert entry.new is not None
    assert (entry.old.relation.object, entry.new.relation.object) == ("desk", "shelf")
    assert (entry.why, entry.stamp, entry.old.valid_to) == (SEEN_ELSEWHERE, 10.0, 10.0)
    gone = percept(0.0, viewed={"shelf": 0.9})
    watch(memory, replace(gone, base=replace(gone.base, x=7.0, y=4.4)), 100.0, 2.0)
    newest = memory.contradictions(since=50.0)
    assert [(c.old.relation.object, c.new, c.why) for c in newest] == [("shelf", None, NOT_THERE)]
    assert len(memory.contradictions()) == 2
    assert len(memory.contradictions(limit=1)) == 1


def test_what_the_robot_does_contradicts_nothing(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.record(outcome("place red mug @ shelf", finished=9.0))
    assert memory.contradictions() == ()


def test_the_log_is_bounded_survives_and_is_forgotten_with_its_object(
    path: Path, site: Site
) -> None:
    config = MemoryConfig(state=StateConfig(graph=GraphConfig(contradictions=3)))
    with LifelongMemory(path, site, config) as memory:
        for i in range(8):
            show(memory, mug_on_desk(20.0 * i))
            show(memory, _on_shelf(20.0 * i + 10))
        assert [c.stamp for c in memory.contradictions()] == [150.0, 140.0, 130.0]
    with LifelongMemory(path, site, config) as memory:
        assert len(memory.contradictions()) == 3
        first = next(i for i in memory.timeline() if i.kind == "object")
        memory.forget(first.id)
        assert memory.contradictions() == ()


def test_evidence_counts_independent_sightings(memory: LifelongMemory) -> None:
    watch(memory, mug_on_desk(0.0), 0.0, 70.0)
    (edge,) = (e for _, _, e in memory.graph(around="red mug").edges("red mug", data=True))
    assert edge["evidence"] == 3, "one each half minute"
    assert edge["strength"] > edge["confidence"] > 0.89
