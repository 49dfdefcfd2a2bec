# SPDX-License-Identifier: Apache-2.0
"""Writes that wait: in order, acknowledged when durable, refused when there are too many."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, MemoryBusyError, WriteQueue
from memagent.types import MemoryItem

from .scenes import percept

pytestmark = pytest.mark.unit
PATIENCE_S = 10.0


class _Gate:
    """A write that waits until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.go.wait(PATIENCE_S)


def _rows(path: Path) -> list[str]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM item ORDER BY seq")]


def test_what_is_acknowledged_is_durable(path: Path) -> None:
    with LifelongMemory(path) as memory, WriteQueue(memory) as queue:
        for number in range(20):
            note = queue.submit(memory.remember, f"note {number}", stamp=float(number))
            item = note.result(PATIENCE_S)
            assert isinstance(item, MemoryItem)
            assert item.text == _rows(path)[-1]


def test_what_waits_is_written_together_and_in_order(path: Path) -> None:
    gate = _Gate()
    with LifelongMemory(path) as memory, WriteQueue(memory) as queue:
        queue.submit(gate)
        assert gate.entered.wait(PATIENCE_S)
        notes = [queue.submit(memory.remember, f"note {n}", stamp=1.0) for n in range(10)]
        assert _rows(path) == []
        gate.go.set()
        assert [n.result(PATIENCE_S).text for n in notes] == [f"note {n}" for n in range(10)]
        assert _rows(path) == [f"note {n}" for n in range(10)]


@seed(1)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bad=st.lists(st.booleans(), min_size=1, max_size=12), together=st.integers(1, 5))
def test_what_is_refused_fails_alone(bad: list[bool], together: int) -> None:
    gate = _Gate()
    with LifelongMemory(":memory:") as memory:
        with WriteQueue(memory, together=together) as queue:
            queue.submit(gate)
            acknowledgements = [
                queue.submit(memory.remember, "" if wrong else f"note {n}", stamp=float(n))
                for n, wrong in enumerate(bad)
            ]
            gate.go.set()
        for acknowledgement, wrong in zip(acknowledgements, bad, strict=True):
            assert isinstance(acknowledgement.exception(PATIENCE_S), MemagentError) == wrong
        kept = [f"note {n}" for n, wrong in enumerate(bad) if not wrong]
        assert [item.text for item in memory.timeline()] == kept


def test_a_full_queue_refuses_and_says_so(path: Path) -> None:
    gate = _Gate()
    with LifelongMemory(path) as memory, WriteQueue(memory, capacity=2) as queue:
        queue.submit(gate)
        assert gate.entered.wait(PATIENCE_S)
        accepted = [queue.submit(memory.remember, f"note {n}", stamp=1.0) for n in range(2)]
        with pytest.raises(MemoryBusyError, match="2 writes wait"):
            queue.submit(memory.remember, "one too many", stamp=1.0, timeout=0.01)
        gate.go.set()
        assert [note.result(PATIENCE_S).text for note in accepted] == ["note 0", "note 1"]
        assert queue.submit(memory.remember, "now", stamp=2.0).result(PATIENCE_S)


def test_closing_writes_what_waits_and_accepts_no_more(path: Path) -> None:
    with LifelongMemory(path) as memory:
        queue = WriteQueue(memory)
        for number in range(50):
            queue.submit(memory.observe, percept(float(number), summary=f"step {number}"))
        assert queue.close()
        assert memory.latest_stamp == 49.0
        with pytest.raises(MemagentError, match="closed"):
            queue.submit(memory.remember, "late", stamp=50.0)
        assert queue.close()


def test_closing_does_not_wait_for_ever(path: Path) -> None:
    gate = _Gate()
    with LifelongMemory(path) as memory:
        queue = WriteQueue(memory)
        queue.submit(gate)
        assert gate.entered.wait(PATIENCE_S)
        late = queue.submit(memory.remember, "late", stamp=1.0)
        assert not queue.close(timeout=0.05)
        with pytest.raises(CancelledError):
            late.result(PATIENCE_S)
        gate.go.set()


def test_together_is_all_or_nothing(path: Path) -> None:
    def write() -> None:
        with memory.together():
            memory.remember("first", stamp=1.0)
            memory.remember(" ", stamp=2.0)

    with LifelongMemory(path) as memory:
        with pytest.raises(MemagentError, match="text"):
            write()
        assert memory.timeline() == ()
