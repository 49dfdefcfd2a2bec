# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.memory.forgetting.gist import Gist, clauses_of, closest, condense, merge, names
from memagent.types import MemoryItem, MemoryKind

pytestmark = pytest.mark.unit


def item(text: str, stamp: float, kind: MemoryKind = "step", thing: str = "") -> MemoryItem:
    return MemoryItem("item-1", kind, text, stamp, data={"object": thing} if thing else {})


def test_a_gist_counts_and_names_what_there_was() -> None:
    march = 1710237600.0  # 12 March 2024, 10:00
    items = [
        item("at the fridge; opens the fridge.", march),
        item("at the fridge; opens the fridge", march + 60),
        item("red mug on the desk (study)", march + 120, "relation", "red mug"),
        item("first saw banana", march + 3000, "object", "banana"),
    ]
    places = [("kitchen",), ("kitchen",), ("study", "desk"), ()]
    gist = condense(items, places, 5)
    assert gist.text == (
        "on 12 March 2024 from 10:00 to 10:50: 2 steps, 1 changes, 1 first sights in kitchen, "
        "study and desk; saw red mug, banana; at the fridge (2 times); opens the fridge (2 times)"
    )
    assert gist.stands_for == 4


def test_only_the_most_frequent_names_stay_and_counts_add_up() -> None:
    def of(*texts: str) -> Gist:
        return condense([item(t, i) for i, t in enumerate(texts)], [()] * len(texts), 2)

    a, b = of("waits", "waits", "drives"), of("drives", "turns", "drives")
    both = merge(a, b, 2)
    assert both.stands_for == 6
    assert both.doings == {"drives": 3, "waits": 2}


def test_the_pair_that_spans_the_least_for_its_age_becomes_one() -> None:
    gists = [
        Gist(s, e, {"step": 1}) for s, e in ((0, 10), (1000, 1010), (8000, 8010), (9000, 9990))
    ]
    assert closest(gists, 10_000.0) == 0


def test_an_object_is_taken_out_by_its_whole_name_only() -> None:
    gist = Gist(
        0, 9, {"step": 3}, things={"mug": 1, "mug 2": 1},
        doings={"sees mug, banana": 1, "sees mugs": 1, "waits": 1},
    )  # fmt: skip
    without = gist.without("mug", ["waits"])
    assert without.things == {"mug 2": 1}
    assert without.doings == {"sees mugs": 1}
    assert without.stands_for == 3


def test_words_are_split_at_clauses_and_names_at_words() -> None:
    assert clauses_of("at the desk; sees a mug. At 2.5 m.") == [
        "at the desk", "sees a mug", "At 2.5 m",
    ]  # fmt: skip
    assert names("sees red mug, banana", "red mug")
    assert not names("sees red mugs", "red mug")
    assert not names("anything", "")
