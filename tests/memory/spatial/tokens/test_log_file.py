# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from memagent.errors import MemagentError, StoreError
from memagent.memory.spatial.tokens import ReversibleNetwork, TokenLog, log_file

from .networks import embeddings, random_network

pytestmark = pytest.mark.unit

NETWORK = random_network(0, 4)


def filled(places: int = 3, count: int = 7) -> TokenLog:
    log = TokenLog(NETWORK, keyframe_every=3)
    for number, rows in enumerate(embeddings(0, count, places, 4)):
        log.write_many([f"Küche {p}" for p in range(places)], rows, 10.0 + number)
    log.write("Küche 0", np.array([0.5, 0, 0, 0], np.float32))
    return log


DATA = log_file.to_bytes(filled())


def test_it_comes_back_to_the_bit_and_goes_on(tmp_path: Path) -> None:
    log = filled()
    log_file.save(log, tmp_path / "tokens")
    loaded = log_file.load(tmp_path / "tokens", NETWORK)
    assert loaded.places == log.places
    assert loaded.keyframe_every == 3
    for one in (log, loaded):
        one.write("Küche 1", embeddings(1, 4))
    for place in log.places:
        np.testing.assert_array_equal(loaded.token(place), log.token(place))
        for ours, theirs in zip(log.read(place), loaded.read(place), strict=True):
            assert (ours.number, ours.stamp) == (theirs.number, theirs.stamp)
            np.testing.assert_array_equal(ours.embedding, theirs.embedding)
    assert log_file.to_bytes(loaded) == log_file.to_bytes(log)
    loaded.verify()


def test_an_empty_log_comes_back() -> None:
    assert log_file.from_bytes(log_file.to_bytes(TokenLog(NETWORK)), NETWORK).places == ()


@seed(5)
@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(at: int, change: int) -> None:
    data = bytearray(DATA)
    data[at] ^= change
    with pytest.raises(StoreError, match="token log: "):
        log_file.from_bytes(bytes(data), NETWORK)


def test_every_cut_and_surplus_is_found() -> None:
    for end in range(len(DATA)):
        with pytest.raises(StoreError, match="ends within"):
            log_file.from_bytes(DATA[:end], NETWORK)
    with pytest.raises(StoreError, match="1 bytes after its end"):
        log_file.from_bytes(DATA + b"\0", NETWORK)


def test_records_that_changed_places_are_found() -> None:
    log = TokenLog(NETWORK)
    for look in embeddings(2, 2, 4):
        log.write("desk", look)
    data = log_file.to_bytes(log)
    size = 1 + 8 + 4 * 4 + 4 * 4 + 4
    swapped = data[: -2 * size] + data[-size:] + data[-2 * size : -size]
    with pytest.raises(StoreError, match="record 0 of 'desk' is damaged"):
        log_file.from_bytes(swapped, NETWORK)


def test_other_weights_are_refused() -> None:
    with pytest.raises(MemagentError, match="load the network that wrote it"):
        log_file.from_bytes(DATA, random_network(1, 4))
    blocks = NETWORK.blocks
    log_file.from_bytes(DATA, ReversibleNetwork(blocks, 3 * np.eye(4), np.eye(4)))


def test_another_schema_is_named() -> None:
    header = struct.pack("<4sH", b"MATL", 2) + DATA[6:50]
    data = header + struct.pack("<I", zlib.crc32(header)) + DATA[54:]
    with pytest.raises(StoreError, match="has schema 2; this version reads schema 1"):
        log_file.from_bytes(data, NETWORK)
    with pytest.raises(StoreError, match="is no token log"):
        log_file.from_bytes(b"SQLite format 3\0" * 9, NETWORK)


def test_a_crash_while_saving_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tokens"
    log_file.save(filled(), path)

    def crash(*_: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(OSError, match="power cut"):
            log_file.save(TokenLog(NETWORK), path)
    assert path.read_bytes() == DATA
    log_file.save(TokenLog(NETWORK), path)
    assert log_file.load(path, NETWORK).places == ()
    with pytest.raises(StoreError, match="cannot be read"):
        log_file.load(tmp_path / "missing", NETWORK)
