# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from memagent.preprocessor.summary import EventBoundary, Moment, place_at, queries, summarize
from memagent.types import ContainerObservation, ObjectObservation, Pose2D, Relation

pytestmark = pytest.mark.unit

MUG = ObjectObservation(
    1, "red mug", "mug", "red", "cylinder", (1, 0.3, 0.8), 0, (0.07, 0.07, 0.09), 1, 400
)
ON_COUNTER = Relation("red mug", "on", "kitchen counter")
SHUT = ContainerObservation("fridge", False, 0.0, 0.9)
OPEN = ContainerObservation("fridge", True, 1.0, 0.9)
EMPTY = Moment("kitchen", "", (), (), (), False)
FULL = Moment("kitchen", "kitchen counter", (MUG,), (ON_COUNTER,), (SHUT,), True)


def test_the_summary_says_where_what_and_how():
    text = summarize(FULL)
    for part in (
        "In the kitchen at the kitchen counter",
        "red mug on the kitchen counter",
        "the fridge is closed",
        "the gripper holds something",
    ):
        assert part in text
    assert "no object in view" in summarize(EMPTY)


@pytest.mark.parametrize("step", [EMPTY, FULL, replace(FULL, objects=(MUG,) * 4)])
def test_three_to_five_distinct_queries(step):
    asked = queries(step)
    assert 3 <= len(asked) <= 5
    assert len(set(asked)) == len(asked)


def test_queries_ask_for_what_is_seen_and_what_is_hidden():
    asked = " ".join(queries(FULL))
    assert "red mug" in asked
    assert "fridge" in asked


def test_the_place_is_the_nearest_stand(site):
    assert place_at(Pose2D(1.3, 1.1), site, 0.5) == "kitchen counter"
    assert place_at(Pose2D(6.0, 3.0), site, 0.5) == ""


def test_boundaries_come_with_changes_only():
    boundary = EventBoundary()
    steps = [
        (EMPTY, True),  # the first step begins an event
        (EMPTY, False),
        (replace(EMPTY, objects=(MUG,), relations=(ON_COUNTER,)), True),
        (EMPTY, False),  # the mug left the view, and nothing happened
        (replace(EMPTY, objects=(MUG,), relations=(ON_COUNTER,)), False),
        (replace(EMPTY, objects=(MUG,)), True),  # it was lifted
        (replace(EMPTY, containers=(SHUT,)), False),
        (replace(EMPTY, containers=(OPEN,)), True),
        (replace(EMPTY, holding=True), True),
        (replace(EMPTY, holding=True, room=""), False),
        (replace(EMPTY, holding=True, room="study"), True),
    ]
    assert [boundary.update(step) for step, _ in steps] == [expected for _, expected in steps]
