# SPDX-License-Identifier: Apache-2.0
"""Reading beside a writer: what it did is seen, whole and soon."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from memagent.memory import LifelongMemory, MemoryConfig, MemoryReader
from memagent.memory.recall.embedders import NGramEmbedder
from memagent.site import Site
from memagent.types import FloatArray, Query

from .scenes import mug_on_desk, percept, thing, watch

pytestmark = pytest.mark.unit
AT_ONCE = MemoryConfig(reader_delay=0.0)


def test_a_reader_follows_what_moves(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as writer, MemoryReader(path, site, AT_ONCE) as reader:
        assert reader.latest_stamp is None
        watch(writer, mug_on_desk(0.0), 0.0, 3.0)
        writer.remember("done", stamp=3.0)
        assert reader.where("red mug").candidates[0].place == "desk"
        assert reader.graph(around="red mug").has_edge("red mug", "desk")


def test_a_reader_forgets_what_the_writer_forgot(path: Path) -> None:
    with LifelongMemory(path) as writer, MemoryReader(path, config=AT_ONCE) as reader:
        secret = writer.remember("the safe opens with 4711", stamp=1.0)
        assert reader.recall(Query(text="safe")).items
        writer.forget(secret.id)
        assert not reader.recall(Query(text="safe")).items
        assert not reader.timeline()


def test_a_reader_gets_the_vectors_that_the_writer_makes(path: Path) -> None:
    embedder = NGramEmbedder()
    with (
        LifelongMemory(path, embedder=embedder) as writer,
        MemoryReader(path, config=AT_ONCE, embedder=embedder) as reader,
    ):
        writer.remember("a watering can", stamp=1.0)
        assert writer.settle(10.0)
        assert reader.recall(Query(text="wateringcan")).items


def test_a_reader_finds_again_what_an_undone_merge_puts_back(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as writer, MemoryReader(path, site, AT_ONCE) as reader:
        tray = percept(0.0, thing("tea tray", (6.0, 5.6, 0.745)), where={"tea tray": "on desk"})
        watch(writer, tray, 0.0, 3.0)
        mug = thing("red mug", (6.0, 5.6, 0.8), track=2)
        watch(writer, percept(0.0, mug, where={"red mug": "on tea tray"}), 10.0, 3.0)
        query = Query(text="red mug on the tea tray", kinds=("relation",), limit=1)
        (told,) = reader.recall(query).items
        assert told.text.startswith("red mug on the tea tray")
        merged = writer.merge("tea tray", "red mug")  # So nothing was on itself.
        assert told.id not in {item.id for item in reader.recall(query).items}
        writer.undo(merged.id)
        assert reader.recall(query).items[0].id == told.id


def test_between_looks_a_reader_stays_as_it_was(path: Path) -> None:
    seldom = MemoryConfig(reader_delay=3600.0)
    with LifelongMemory(path) as writer, MemoryReader(path, config=seldom) as reader:
        writer.begin_episode("tidy up")
        writer.begin_episode("lay the table")
        assert not reader.world().holding
        assert reader.refresh()
        assert len(reader.episodes()) == 2
        assert not reader.refresh()  # Nothing more has come.


class _Blocked:
    """An embedder whose every call about a question waits to be let go."""

    id, dimension = "blocked", 4

    def __init__(self, memory_is_free: list[bool]) -> None:
        self.memory: LifelongMemory | None = None
        self._free = memory_is_free

    def embed(self, texts: Sequence[str]) -> FloatArray:
        if self.memory is not None and texts[0] == "a question":
            self._free.append(_from_another_thread(self.memory))
        return np.tile(np.array([1.0, 0.0, 0.0, 0.0], np.float32), (len(texts), 1))


def _from_another_thread(memory: LifelongMemory) -> bool:
    done = threading.Event()

    def write() -> None:
        memory.remember("meanwhile", stamp=2.0)
        done.set()

    threading.Thread(target=write, daemon=True).start()
    return done.wait(5.0)


def test_a_slow_embedder_of_a_question_blocks_no_observation(path: Path) -> None:
    free: list[bool] = []
    embedder = _Blocked(free)
    with LifelongMemory(path, embedder=embedder) as memory:
        memory.remember("something", stamp=1.0)
        assert memory.settle(10.0)
        embedder.memory = memory
        assert memory.recall(Query(text="a question")).items
    assert free == [True]
