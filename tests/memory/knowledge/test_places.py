# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.memory.knowledge.places import ANYTHING, PlaceConfig, Places
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables

pytestmark = pytest.mark.unit


def test_old_searches_for_single_objects_are_given_up() -> None:
    store = SQLiteStore(":memory:")
    config = PlaceConfig(searches=10)
    places = Places(Tables(store), None, config)
    with store.transaction():
        for i in range(25):
            places.view("desk", f"thing {i}", i, i, 1.0)
            places.view("desk", ANYTHING, i, i, 1.0, now=False)
            places.persist()
    for each in (places, Places(Tables(store), None, config)):
        kept = [i for i in range(25) if len(each.searches(f"thing {i}")) == 2]
        assert 5 <= len(kept) <= 10
        assert kept == list(range(kept[0], 25))
        assert [s.stamp for s in each.searches(ANYTHING)] == [24]
