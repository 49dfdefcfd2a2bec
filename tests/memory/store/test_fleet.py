# SPDX-License-Identifier: Apache-2.0
"""Many robots on one server: nothing acknowledged is lost, and one question asks them all."""

from __future__ import annotations

import multiprocessing
import os
import select
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from memagent.errors import StoreError
from memagent.memory import (
    Fleet,
    FleetConfig,
    LifelongMemory,
    MemoryConfig,
    MemoryReader,
    StoreConfig,
)
from memagent.memory.fleet import SHARED
from memagent.types import Query
from postgres_server import Server

pytestmark = pytest.mark.unit

DEADLINE_S = 60.0
ACKNOWLEDGEMENT = struct.Struct("=q")
READ_ONLY = StoreConfig(read_only=True)


def writer_of(namespace: str) -> MemoryConfig:
    return MemoryConfig(store=StoreConfig(namespace=namespace, connect_timeout=2.0))


def text_of(robot: str, number: int) -> str:
    return f"marker {robot}x{number} seen"


def write(dsn: str, robot: str, count: int, pipe: int) -> None:
    """Remember so many things, each until it is acknowledged; the numbers go to the pipe."""
    with LifelongMemory(dsn, config=writer_of(robot)) as memory:
        for number in range(count):
            while True:
                try:
                    memory.remember(text_of(robot, number), stamp=float(number))
                    break
                except StoreError:  # Until the server is back.
                    time.sleep(0.01)
            os.write(pipe, ACKNOWLEDGEMENT.pack(number))


class Writer:
    """A robot's process."""

    def __init__(self, dsn: str, robot: str, count: int) -> None:
        self.robot = robot
        self._reading, writing = os.pipe()
        self._heard = b""
        self.process = multiprocessing.get_context("fork").Process(
            target=write, args=(dsn, robot, count, writing)
        )
        self.process.start()
        os.close(writing)

    def acknowledged(self) -> int:
        """How many memories were, so far."""
        while select.select([self._reading], [], [], 0.0)[0]:
            chunk = os.read(self._reading, 65536)
            if not chunk:
                break
            self._heard += chunk
        return len(self._heard) // ACKNOWLEDGEMENT.size

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        os.close(self._reading)


@contextmanager
def writers(dsn: str, count: int, *robots: str) -> Iterator[list[Writer]]:
    started = [Writer(dsn, robot, count) for robot in robots]
    try:
        yield started
    finally:
        for writer in started:
            writer.end()


def until(holds: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        meanwhile()


def kept(dsn: str, robot: str) -> set[str]:
    store = StoreConfig(namespace=robot)
    with MemoryReader(dsn, config=MemoryConfig(store=store)) as memory:
        return {item.text for item in memory.timeline(limit=1_000_000)}


def test_kill_9_of_the_server_during_writes_loses_nothing_acknowledged(own_server: Server) -> None:
    with writers(own_server.dsn, 1_000_000, "ann", "bob") as both:
        for kill in range(1, 4):
            before = [writer.acknowledged() for writer in both]
            until(lambda: all(w.acknowledged() > n + 20 for w, n in zip(both, before, strict=True)))  # noqa: B023
            own_server.kill()
            at_least = {w.robot: w.acknowledged() for w in both}
            own_server.start()
            for robot, count in at_least.items():
                missing = {text_of(robot, n) for n in range(count)} - kept(own_server.dsn, robot)
                assert not missing, (kill, robot, missing)
        before = [writer.acknowledged() for writer in both]
        until(lambda: all(w.acknowledged() > n for w, n in zip(both, before, strict=True)))


def test_memory_goes_on_by_itself_after_the_server_was_killed(own_server: Server) -> None:
    with LifelongMemory(own_server.dsn) as memory, Fleet(own_server.dsn) as fleet:
        memory.begin_episode("tidy up")
        memory.remember("a red mug", stamp=1.0)
        own_server.kill()
        with pytest.raises(StoreError, match=r"went away.*nothing of this call was kept"):
            memory.remember("a blue mug", stamp=2.0)
        with pytest.raises(StoreError, match="cannot be reached"):
            memory.recall(Query(text="mug"))
        with pytest.raises(StoreError):
            fleet.recall(Query(text="mug"))
        own_server.start()
        assert [i.text for i in memory.recall(Query(text="mug")).items] == ["a red mug"]
        until(lambda: _texts(fleet, "mug") == ["a red mug"])
        memory.remember("a green mug", stamp=3.0)
        assert len(memory.recall(Query(text="mug")).items) == 2
        with pytest.raises(StoreError, match=f"process {os.getpid()} .*already writing"):
            LifelongMemory(own_server.dsn, config=MemoryConfig(store=StoreConfig(lock_timeout=0.1)))


def test_four_robots_write_while_the_fleet_recalls(server: Server) -> None:
    robots = [f"writer_{n}" for n in range(4)]
    count = 60
    with writers(server.dsn, count, *robots) as all_four, Fleet(server.dsn) as fleet:
        until(lambda: set(robots) <= set(fleet.robots()))
        asked = 0

        def ask() -> None:
            nonlocal asked
            for writer in all_four:
                newest = writer.acknowledged() - 1
                if newest >= 0:
                    text = text_of(writer.robot, newest)
                    found = fleet.recall(Query(text=text, limit=3), robots)
                    assert (found[0].robot, found[0].item.text) == (writer.robot, text)
                    asked += 1

        until(lambda: all(w.acknowledged() == count for w in all_four), ask)
        ask()
        assert asked > len(robots)
        for robot in robots:
            assert kept(server.dsn, robot) == {text_of(robot, n) for n in range(count)}


def test_answers_of_several_robots_are_one_ranked_answer(server: Server) -> None:
    told = {
        "ranked_ann": ("the red mug is on the desk", "a plate"),
        "ranked_bob": (
            "a mug with flowers in the red and white kitchen of the neighbours",
            "a fork",
        ),
        "ranked_cem": ("nothing happened",),
        SHARED: ("every red mug belongs to Ann",),
    }
    for namespace, texts in told.items():
        with LifelongMemory(server.dsn, config=writer_of(namespace)) as memory:
            for number, text in enumerate(texts):
                memory.remember(text, stamp=float(number), position=(number, 0.0, 0.0))
    robots = tuple(sorted(set(told) - {SHARED}))
    with Fleet(server.dsn, FleetConfig(store=StoreConfig(statement_timeout=10.0))) as fleet:
        assert set(told) <= set(fleet.robots())
        found = fleet.recall(Query(text="red mug"), robots)
        assert [f.robot for f in found][-1] == "ranked_bob"
        assert {f.robot for f in found} == {"ranked_ann", "ranked_bob", SHARED}
        assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)
        assert SHARED not in {
            f.robot for f in fleet.recall(Query(text="mug"), robots, shared=False)
        }
        assert {f.robot for f in fleet.recall(Query(text="mug"), ["ranked_bob"], shared=False)} == {
            "ranked_bob"
        }
        assert len(fleet.recall(Query(text="red mug", limit=1), robots)) == 1
        newest = fleet.recall(Query(near=(1.0, 0.0, 0.0), radius=0.5), robots)
        assert {f.item.text for f in newest} == {"a plate", "a fork"}
        with pytest.raises(StoreError, match=r"no memory is called .*'dora'"):
            fleet.recall(Query(text="mug"), ["dora"])


def test_a_word_is_as_rare_as_the_whole_fleet_makes_it(server: Server) -> None:
    for robot, plates in (("rare_ann", 9), ("rare_bob", 40)):
        with LifelongMemory(server.dsn, config=writer_of(robot)) as memory:
            memory.remember(f"told by {robot[5:]}: a mug", stamp=1.0)
            for number in range(plates):
                memory.remember(f"told by {robot[5:]}: a plate", stamp=2.0 + number)
    with Fleet(server.dsn) as fleet:
        # All that Ann remembers has her name, so that to her alone it says nothing.
        found = fleet.recall(Query(text="ann mug"), ("rare_ann", "rare_bob"), shared=False)
    assert found[0].item.text == "told by ann: a mug"


class Meanings:
    """An embedder that knows what a few texts are about."""

    id = "meanings"
    dimension = 3

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        about = {"thirst": (1.0, 0.0, 0.0), "a cup of tea": (0.9, 0.43589, 0.0)}
        about["the beverage"] = (0.6, 0.8, 0.0)
        return np.array([about.get(text, (0.0, 0.0, 1.0)) for text in texts], np.float32)


def test_a_fleet_finds_what_means_the_same_in_other_words(server: Server) -> None:
    robots = {"meaning_ann": "the beverage", "meaning_bob": "a cup of tea"}
    with Fleet(server.dsn, embedder=Meanings()) as fleet:
        for number, (robot, text) in enumerate(robots.items()):
            config = writer_of(robot)
            with LifelongMemory(server.dsn, config=config, embedder=Meanings()) as memory:
                memory.remember(text, stamp=float(number))
                memory.remember(f"a shoe of {robot}", stamp=1e5 + number)  # In no context of it.
                assert memory.settle(DEADLINE_S)
        found = fleet.recall(Query(text="thirst"), list(robots), shared=False)
        assert [f.robot for f in found[:2]] == ["meaning_bob", "meaning_ann"]
        assert {f.item.text for f in found[:2]} == set(robots.values())
        found = fleet.recall(Query(text="shoe"), list(robots), shared=False)
        assert {f.item.text for f in found} == {f"a shoe of {robot}" for robot in robots}


def test_what_a_robot_forgets_the_fleet_does_not_find(server: Server) -> None:
    with LifelongMemory(server.dsn, config=writer_of("forgetful")) as memory:
        secret = memory.remember("the code of the safe", stamp=1.0)
        with Fleet(server.dsn) as fleet:
            assert _texts(fleet, "safe", "forgetful") == ["the code of the safe"]
            memory.forget(secret.id)
            assert _texts(fleet, "safe", "forgetful") == []


def test_a_file_is_no_fleet() -> None:
    with pytest.raises(StoreError, match="postgresql://"):
        Fleet("robot.memory")


def _texts(fleet: Fleet, words: str, *robots: str) -> list[str]:
    try:
        return [f.item.text for f in fleet.recall(Query(text=words), robots or None, shared=False)]
    except StoreError:
        return ["the server did not answer"]
