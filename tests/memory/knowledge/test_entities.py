# SPDX-License-Identifier: Apache-2.0
"""Which remembered object an observation shows: by name, by appearance, by place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memagent.memory.knowledge.entities import Entities, EntityConfig
from memagent.memory.knowledge.likeness import Likeness
from memagent.memory.store.sqlite import IN_MEMORY, SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import ObjectObservation, Pose2D, Vector3

from ..scenes import DESK, percept, thing

pytestmark = pytest.mark.unit

BIG, SMALL = (0.12, 0.12, 0.2), (0.05, 0.05, 0.08)


def _registry(config: EntityConfig | None = None) -> Entities:
    return Entities(Tables(SQLiteStore(IN_MEMORY)), config or EntityConfig())


def _frame(entities: Entities, stamp: float, *seen: ObjectObservation) -> list[str]:
    where = {o.label: "on desk" for o in seen}
    view = percept(stamp, *seen, where=where, base=Pose2D(6.1, 4.95, 1.57))
    with entities._tables.store.transaction():
        sightings = entities.resolve(view)
        for sighting in sightings:
            entities.update(sighting, stamp)
        return [s.name for s in sightings]


def _show(entities: Entities, stamp: float, *seen: ObjectObservation) -> list[str]:
    """Two frames: enough to believe in what was never seen before."""
    _frame(entities, stamp - 0.2, *seen)
    return _frame(entities, stamp, *seen)


def _mug(
    colour: str, position: Vector3 = DESK, track: int = 1, size: Vector3 = (0.07, 0.07, 0.09)
) -> ObjectObservation:
    return replace(thing(f"{colour} mug", position, track), size=size)


def test_a_colour_misread_on_the_spot_is_the_same_object() -> None:
    entities = _registry()
    assert _show(entities, 1.0, _mug("red")) == ["red mug"]
    assert _show(entities, 50.0, _mug("orange", track=2)) == ["red mug"]
    known = entities.get("red mug")
    assert known is not None
    assert (known.colour, known.label, known.last_seen) == ("red", "red mug", 50.0)


@pytest.mark.parametrize(
    "other",
    [
        _mug("blue", track=2),
        _mug("orange", (DESK[0] + 0.2, DESK[1], DESK[2]), 2),
        _mug("orange", track=2, size=BIG),
        replace(_mug("orange", track=2), category="vase"),
    ],
    ids=["colour", "place", "size", "category"],
)
def test_what_differs_in_one_respect_is_another_object(other: ObjectObservation) -> None:
    entities = _registry()
    _show(entities, 1.0, _mug("red"))
    assert _show(entities, 50.0, other) == [other.label]


def test_two_that_are_seen_at_once_are_two() -> None:
    entities = _registry()
    _show(entities, 1.0, _mug("red"))
    beside = _mug("orange", (DESK[0] + 0.05, DESK[1], DESK[2]), 2)
    assert _show(entities, 2.0, beside, _mug("red")) == ["red mug", "orange mug"]


def test_how_alike_they_must_be_depends_on_the_category() -> None:
    strict = EntityConfig(categories={"mug": Likeness(place=0.0)})
    entities = _registry(strict)
    _show(entities, 1.0, _mug("red"))
    assert _show(entities, 50.0, _mug("orange", track=2)) == ["orange mug"]
    lax = EntityConfig(categories={"mug": Likeness(place=1.0, hues=4)})
    entities = _registry(lax)
    _show(entities, 1.0, _mug("red"))
    there = _mug("blue", (DESK[0] + 0.5, DESK[1], DESK[2]), 2)
    assert _show(entities, 50.0, there) == ["red mug"]


def test_of_two_with_one_label_size_tells_which_one_moved() -> None:
    entities = _registry()
    left, right = (5.6, 5.6, 0.73), (6.5, 5.6, 0.73)
    pair = (_mug("red", left, 1, BIG), _mug("red", right, 2, SMALL))
    for stamp in (1.0, 1.2, 1.4):
        _show(entities, stamp, *pair)
    between_but_nearer_to_the_small_one = (6.2, 5.6, 0.73)
    names = _show(entities, 50.0, _mug("red", between_but_nearer_to_the_small_one, 9, BIG))
    big = next(e.name for e in entities.all() if e.size == BIG)
    assert names == [big]


def test_an_occluded_object_of_a_known_label_stays_itself() -> None:
    entities = _registry()
    _show(entities, 1.0, _mug("red", size=BIG))
    assert _show(entities, 50.0, _mug("red", track=2, size=SMALL)) == ["red mug"]
