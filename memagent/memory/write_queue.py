# SPDX-License-Identifier: Apache-2.0
"""Writing without waiting: a queue before a memory, with acknowledgements and back-pressure.

    with WriteQueue(memory) as queue:
        acknowledgement = queue.submit(memory.observe, percept)
        ...
        events = acknowledgement.result(timeout=1.0)  # Now it is durable.

What waits is written together, in one transaction with one sync to disk, and acknowledged after it.
What is refused fails alone: the others of its transaction are written again without it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from memagent.errors import MemagentError
from memagent.memory.lifelong import LifelongMemory

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class MemoryBusyError(MemagentError):
    """The queue stayed full; the write was not accepted."""


@dataclass(frozen=True, slots=True)
class _Write:
    call: Callable[[], Any]
    acknowledgement: Future[Any]


class WriteQueue:
    """One thread that writes, in the order in which it was asked to."""

    def __init__(self, memory: LifelongMemory, capacity: int = 256, together: int = 64) -> None:
        """Start the thread.

        Args:
            memory: where to write; it stays open when the queue is closed.
            capacity: the most writes that wait.
            together: the most writes of one transaction.

        Raises:
            ValueError: a number is not positive.
        """
        if capacity < 1 or together < 1:
            raise ValueError(f"capacity and together must be positive: {capacity}, {together}")
        self._memory = memory
        self._capacity = capacity
        self._together = together
        self._waiting: deque[_Write] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="memory writes", daemon=True)
        self._thread.start()

    def submit(
        self, write: Callable[..., T], *arguments: Any, timeout: float = 1.0, **keywords: Any
    ) -> Future[T]:
        """Ask for a write and go on.

        Args:
            write: a method of the memory, such as ``memory.observe``.
            arguments: its arguments.
            timeout: seconds to wait for room in the queue.
            keywords: its keyword arguments.

        Returns:
            The acknowledgement: its result is what the method returns, once that is durable; or
            it raises what the method raises, and nothing of it is kept.

        Raises:
            MemoryBusyError: there was no room in time.
            MemagentError: the queue is closed.
        """
        acknowledgement: Future[T] = Future()
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or len(self._waiting) < self._capacity, timeout
            )
            if self._closed:
                raise MemagentError("the memory's write queue is closed")
            if len(self._waiting) >= self._capacity:
                raise MemoryBusyError(
                    f"{len(self._waiting)} writes wait for memory, and there was no room for one "
                    f"more in {timeout:g} s; write less often, or look at the disk"
                )
            self._waiting.append(_Write(lambda: write(*arguments, **keywords), acknowledgement))
            self._changed.notify_all()
        return acknowledgement

    @property
    def waiting(self) -> int:
        """How many writes wait."""
        return len(self._waiting)

    def close(self, timeout: float = 30.0) -> bool:
        """Write what waits, and end the thread; a second call does nothing.

        Returns:
            Whether all was written within ``timeout`` seconds; what was not is cancelled.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)
        with self._changed:
            left = list(self._waiting)
            self._waiting.clear()
        for write in left:
            write.acknowledgement.cancel()
        return not left and not self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while writes := self._next():
            running = [w for w in writes if w.acknowledgement.set_running_or_notify_cancel()]
            if not self._write_together(running):
                for write in running:
                    _write_alone(write)

    def _next(self) -> list[_Write]:
        """The writes that wait, as soon as there are any; none once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            count = min(len(self._waiting), self._together)
            writes = [self._waiting.popleft() for _ in range(count)]
            self._changed.notify_all()
            return writes

    def _write_together(self, writes: Sequence[_Write]) -> bool:
        """Whether all could be written; if not, none is."""
        if len(writes) < 2:
            return False
        try:
            with self._memory.together():
                results = [write.call() for write in writes]
        except Exception:  # Whose it is will show when each is written alone.
            return False
        for write, result in zip(writes, results, strict=True):
            write.acknowledgement.set_result(result)
        return True


def _write_alone(write: _Write) -> None:
    try:
        result = write.call()
    except Exception as error:
        write.acknowledgement.set_exception(error)
    else:
        write.acknowledgement.set_result(result)
