# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from memagent.errors import StoreError
from memagent.memory.spatial.tokens import ReversibleNetwork, TokenError, TokenLog
from memagent.memory.spatial.tokens.log import Written

from .networks import embeddings, random_network

pytestmark = pytest.mark.unit


def decoded(found: Sequence[Written]) -> np.ndarray:
    """Oldest first."""
    return np.array([written.embedding for written in reversed(found)])


@pytest.mark.parametrize("count", [1, 10, 100, 1000])
def test_it_decodes_to_exactly_what_was_written(count: int) -> None:
    log, looks = TokenLog(random_network(0, 16)), embeddings(0, count, 16)
    for stamp, look in enumerate(looks):
        log.write("desk", look, stamp)
    found = log.read("desk")
    np.testing.assert_array_equal(decoded(found), looks)
    assert found[0].embedding.dtype == np.float32
    assert [w.stamp for w in found] == [w.number for w in found] == list(range(count))[::-1]
    log.verify()


@seed(3)
@settings(max_examples=100, deadline=None)
@given(
    numpy_st.arrays(np.float32, (3, 4), elements=st.floats(-64, 64, width=32, allow_subnormal=True))
)
def test_any_float32_comes_back(looks: np.ndarray) -> None:
    log = TokenLog(random_network(1, 4))
    for look in looks:
        log.write("desk", look)
    np.testing.assert_array_equal(decoded(log.read("desk")), looks)


def test_what_lies_on_the_grid_keeps_no_rest() -> None:
    log = TokenLog(random_network(2, 4))
    log.write("desk", np.array([0.5, -0.25, 0, 2**-16], np.float32))
    log.write("desk", np.array([0.1, 0, 0, 0], np.float32))
    assert [record.rest is None for record in log.chains["desk"].records] == [True, False]


def test_several_places_at_once_give_the_same_bits() -> None:
    network, looks = random_network(3, 8), embeddings(3, 7, 5, 8)
    names = ["a", "b", "c", "d", "e"]
    together, alone = TokenLog(network, 4), TokenLog(network, 4)
    for number, rows in enumerate(looks):
        # Histories of different lengths: the batch shrinks while it is unwound.
        kept = names[: 5 - number % 3]
        together.write_many(kept, rows[: len(kept)], number)
        for name, row in zip(kept, rows, strict=False):
            alone.write(name, row, number)
    for name, found in zip(names, together.read_many(names), strict=True):
        np.testing.assert_array_equal(together.token(name), alone.token(name))
        np.testing.assert_array_equal(decoded(found), decoded(alone.read(name)))
        assert [w.stamp for w in found] == [w.stamp for w in alone.read(name)]


@seed(4)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 40) | st.none(), st.integers(0, 40) | st.none())
def test_the_newest_and_those_before(count: int, n: int | None, before: int | None) -> None:
    log, looks = TokenLog(random_network(4, 4), keyframe_every=7), embeddings(4, 31, 4)
    for look in looks[: count + 1]:
        log.write("desk", look)
    wanted = list(range(count + 1))[slice(None, before)][::-1][slice(None, n)]
    found = log.read("desk", n, before)
    assert [w.number for w in found] == wanted
    for written in found:
        np.testing.assert_array_equal(written.embedding, looks[written.number])


def test_a_keyframe_bounds_the_way_into_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    log = TokenLog(ReversibleNetwork.untrained(4), keyframe_every=8)
    for look in embeddings(5, 100, 4):
        log.write("desk", look)
    steps, read = [], ReversibleNetwork.read
    monkeypatch.setattr(
        ReversibleNetwork, "read", lambda self, *args: steps.append(1) or read(self, *args)
    )
    for before in range(1, 101):
        steps.clear()
        (written,) = log.read("desk", 1, before)
        assert written.number == before - 1
        assert len(steps) <= 8
    steps.clear()
    assert len(log.read("desk", 3)) == len(steps) == 3
    steps.clear()
    assert log.read("desk", 0) == log.read("desk", 5, before=0) == steps == []


@pytest.mark.parametrize(
    "look",
    [
        np.zeros(5, np.float32),
        np.zeros((1, 4), np.float32),
        np.zeros(4),
        np.zeros(4, np.int64),
        np.array([0, np.nan, 0, 0], np.float32),
        np.array([0, 0, 65, 0], np.float32),
    ],
)
def test_a_bad_observation_is_refused_and_nothing_written(look: np.ndarray) -> None:
    log = TokenLog(random_network(6, 4))
    with pytest.raises(TokenError, match="observation"):
        log.write("desk", look)
    with pytest.raises(TokenError, match="observation"):
        log.write_many(["a", "b"], np.stack([np.resize(0, look.shape).astype(look.dtype), look]))
    assert log.places == ()
    assert len(log) == 0


def test_what_cannot_be_meant_is_refused() -> None:
    log = TokenLog(random_network(7, 4))
    with pytest.raises(TokenError, match="no place 'desk'"):
        log.read("desk")
    for name in ("", "x" * 70_000, "\ud800"):
        with pytest.raises(TokenError, match="name"):
            log.write(name, np.zeros(4, np.float32))
    with pytest.raises(TokenError, match="once at a time"):
        log.write_many(["a", "a"], np.zeros((2, 4), np.float32))
    log.write("desk", np.zeros(4, np.float32))
    with pytest.raises(TokenError, match="negative"):
        log.read("desk", -1)
    with pytest.raises(TokenError, match="keyframe_every"):
        TokenLog(log.network, 0)
    assert log.read_many([]) == []
    assert log.count("desk") == 1
    assert log.count("shelf") == 0


def test_verify_finds_a_changed_history() -> None:
    log = TokenLog(random_network(8, 4), keyframe_every=3)
    for look in embeddings(8, 5, 4):
        log.write("desk", look)
    log.verify()
    log.chains["desk"].records[4].residual[0] += 2**14
    with pytest.raises(StoreError, match="desk: the token after write 2"):
        log.verify()
    log.chains["desk"].records[4].residual[0] -= 2**14
    log.chains["desk"].records[1].residual[0] += 2**14
    with pytest.raises(StoreError, match="begin at the empty token"):
        log.verify()
