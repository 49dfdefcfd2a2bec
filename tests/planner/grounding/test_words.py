# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memagent.planner.grounding.words import inflections, singular, stem, tokens

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("word", "one"),
    [
        *(("knives", "knife"), ("shelves", "shelf"), ("boxes", "box"), ("watches", "watch")),
        *(("tomatoes", "tomato"), ("glass", "glass"), ("batteries", "battery"), ("CDs", "cd")),
    ],
)
def test_singular(word: str, one: str) -> None:
    assert singular(word.lower()) == one


def test_forms_of_a_word_share_a_stem() -> None:
    assert stem("watering") == stem("water") == stem("waters")
    assert stem("wiping") == stem("wipe")
    assert stem("cutting") == stem("cut")


def test_inflections() -> None:
    assert {"slices", "sliced", "slicing"} <= set(inflections("slice"))
    assert {"chopped", "chopping"} <= set(inflections("chop"))
    assert {"carries", "carried"} <= set(inflections("carry"))


@given(st.text(max_size=80))
def test_any_text_has_words(text: str) -> None:
    for token in tokens(text):
        assert token == token.lower()
        assert isinstance(stem(singular(token)), str)
