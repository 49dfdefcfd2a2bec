# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner.grounding.clauses import clauses
from memagent.planner.grounding.lexicon import household

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Put the cup on the table.", ["main"]),
        ("Instead of the bowl, put the cup on the table.", ["contrast", "main"]),
        ("While you cook, put the cup on the table.", ["circumstance", "main"]),
        ("Put the cup on the table so that I can see it.", ["main", "circumstance"]),
        ("Put the cup on the table rather than the shelf.", ["main", "contrast"]),
        ("Put the cup on the table. It looks good there.", ["main", "comment"]),
        ("The kitchen is a mess. Put the cup in the sink.", ["comment", "main"]),
        ("Doing the dishes will be easy. Put the cup in the sink.", ["comment", "main"]),
        ("Ignore the bowl and put the cup on the table", ["contrast", "main"]),
        ("Put the cup in the sink, wash it, then dry it", ["main", "main", "main"]),
    ],
)
def test_parts_that_count(text: str, levels: list[str]) -> None:
    assert [c.level for c in clauses(text, household().english)] == levels


def test_politeness_is_left_out() -> None:
    (clause,) = clauses("Could you please just put the cup next to the bowl?", household().english)
    assert " ".join(clause.words) == "put the cup next to the bowl"
