# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.forgetting.gists import Gists
from memagent.memory.forgetting.retention import ForgettingConfig
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables

pytestmark = pytest.mark.unit


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    batches=st.lists(
        st.lists(st.floats(0, 5000, width=32), min_size=1, max_size=12), min_size=1, max_size=12
    ),
    most=st.integers(1, 6),
)
def test_gists_are_ordered_disjoint_bounded_and_count_everything(
    batches: list[list[float]], most: int
) -> None:
    store = SQLiteStore(":memory:")
    tables = Tables(store)
    config = ForgettingConfig(stretch=100.0, gists=most)
    gists = Gists(tables, config)
    told = 0
    for stamps in batches:
        with store.transaction():
            items = [tables.add_item("step", f"at {stamp}", stamp) for stamp in stamps]
            gists.absorb(items, [()] * len(items), 5000.0)
            for item in items:
                store.execute("DELETE FROM item WHERE seq = ?", (int(item.id[5:]),))
        told += len(stamps)
        found = gists.all
        assert len(found) <= most
        assert all(gist.start <= gist.end for gist in found)
        assert all(a.end < b.start for a, b in pairwise(found))
        assert sum(gist.stands_for for gist in found) == told
        assert Gists(tables, config).all == found, "as it is read from the file"
        assert store.query("SELECT count(*) FROM item")[0][0] == len(found)
    store.close()
