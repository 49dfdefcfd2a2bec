# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memagent.memory.spatial.tokens import (
    PlaceSearch,
    ReversibleNetwork,
    SearchBy,
    TokenConfig,
    TokenError,
    TokenLog,
)

from .networks import embeddings, random_network

pytestmark = pytest.mark.unit

A, B, C = np.eye(4, dtype=np.float32)[:3]


def log_of(**histories: list[np.ndarray]) -> TokenLog:
    log = TokenLog(ReversibleNetwork.untrained(4))
    for place, looks in histories.items():
        for look in looks:
            log.write(place, look)
    return log


@pytest.mark.parametrize("by", SearchBy)
def test_a_place_is_found_by_what_it_looks_like(by: SearchBy) -> None:
    search = PlaceSearch(log_of(desk=[A, A], shelf=[B, B]), by)
    assert [match.place for match in search.find(B)] == ["shelf", "desk"]
    assert search.find(A, 1)[0].place == "desk"
    assert search.find(7 * A, 1)[0].similarity == pytest.approx(1.0)


def test_each_way_compares_with_what_it_says() -> None:
    looks = [A, A, B]
    wanted = {
        SearchBy.TOKEN: (2 * A + B),
        SearchBy.MEAN: (2 * A + B),
        SearchBy.EXPONENTIAL: ((0.9 + 0.81) * A + B),
        SearchBy.LAST: B,
        SearchBy.NEAREST: A,
    }
    for by, summary in wanted.items():
        (match,) = PlaceSearch(log_of(desk=looks), by).find(A)
        assert match.similarity == pytest.approx(summary[0] / np.linalg.norm(summary)), by


@pytest.mark.parametrize("by", SearchBy)
def test_what_was_written_since_is_found(by: SearchBy) -> None:
    log = log_of(desk=[A], shelf=[B])
    search = PlaceSearch(log, by)
    assert search.find(C, 1)[0].similarity == pytest.approx(0.0)
    log.write("shelf", C)
    log.write("door", C)
    places = [match.place for match in search.find(C, 2)]
    # Where all of the shelf's looks count, the door, which never looked otherwise, is more like C.
    is_tie = by in (SearchBy.LAST, SearchBy.NEAREST)
    assert places == (["shelf", "door"] if is_tie else ["door", "shelf"])


def test_a_query_that_cannot_be_is_refused() -> None:
    search = PlaceSearch(log_of(desk=[A]), SearchBy.TOKEN)
    with pytest.raises(TokenError, match="shape"):
        search.find(np.zeros(3, np.float32))
    with pytest.raises(TokenError, match="finite"):
        search.find(np.full(4, np.nan, np.float32))
    assert PlaceSearch(log_of(), SearchBy.MEAN).find(A) == []


def test_the_config_gives_the_network(tmp_path: Path) -> None:
    assert TokenConfig().load_network(7).width == 7
    random_network(0, 4).save(tmp_path / "n.npz")
    config = TokenConfig(network=tmp_path / "n.npz")
    assert config.load_network(4).fingerprint() == random_network(0, 4).fingerprint()
    assert config.chosen_search is SearchBy.TOKEN
    assert TokenConfig().chosen_search is SearchBy.EXPONENTIAL
    assert TokenConfig(search_by=SearchBy.LAST).chosen_search is SearchBy.LAST
    with pytest.raises(TokenError, match="of 4 numbers, these have 5"):
        config.load_network(5)


def test_search_ignores_the_scale_of_a_query() -> None:
    log = TokenLog(random_network(1, 8))
    names = [f"place {n}" for n in range(9)]
    for rows in embeddings(1, 3, 9, 8):
        log.write_many(names, rows)
    search = PlaceSearch(log, SearchBy.TOKEN)
    queries = embeddings(2, 5, 8)
    np.testing.assert_allclose(search.similarities(queries), search.similarities(64 * queries))
