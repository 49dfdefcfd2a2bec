# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.memory.knowledge.habits import HabitConfig, Habits
from memagent.memory.records import FactRecord
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import Relation

from ..scenes import DAY

pytestmark = pytest.mark.unit


def at(place: str, day: int) -> FactRecord:
    stamp = day * DAY
    relation = Relation("mug", "on", place)
    return FactRecord(1, relation, stamp, None, stamp, None, stamp, None, False, "")


def test_old_visits_become_one_that_counts() -> None:
    store = SQLiteStore(":memory:")
    habits = Habits(Tables(store), HabitConfig(visits=8))
    with store.transaction():
        for day in range(100):
            habits.see(at("desk" if day % 4 else "shelf", day), day * DAY)
            habits.persist()
    assert len(habits.of("mug")) == 8
    for each in (habits, Habits(Tables(store), HabitConfig(visits=8))):
        assert [(h.place, h.visits, h.of) for h in each.public("mug")] == [
            ("desk", 75, 100), ("shelf", 25, 100),
        ]  # fmt: skip
        assert each.of("mug") == habits.of("mug")
    assert habits.public("mug")[0].text == "the mug is usually on the desk: 75 of 100 visits"


def test_visits_to_ever_new_places_are_bounded_too() -> None:
    store = SQLiteStore(":memory:")
    habits = Habits(Tables(store), HabitConfig(visits=8))
    with store.transaction():
        for day in range(30):
            habits.see(at(f"place {day}", day), day * DAY)
    assert [visit.place for visit in habits.of("mug")] == [f"place {day}" for day in range(22, 30)]
    assert Habits(Tables(store), HabitConfig(visits=8)).of("mug") == habits.of("mug")
