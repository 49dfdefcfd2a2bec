# SPDX-License-Identifier: Apache-2.0
"""Work that follows a write and may be slow: vectors, a model's summaries, a model's lessons.

What was written is durable and can be asked for at once; this makes it better. Each kind of work
has a thread of its own, so that all of it together takes as long as the slowest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from memagent.errors import MemagentError

_PATIENCE_S = (1.0, 60.0)
"""First and longest wait after a failure; it doubles in between."""
_STOP_S = 10.0


class Background:
    """One thread that does steps of work whenever there may be some."""

    def __init__(self, name: str, step: Callable[[], bool], gather: float = 0.0) -> None:
        """Start the thread.

        Args:
            name: of the thread.
            step: does a piece of work; returns False if there was none. What it raises as a
                MemagentError is kept as ``failure``, and it is tried again later.
            gather: seconds from the news of work to the first step, in which more may come.
        """
        self._step = step
        self._gather = gather
        self._news = threading.Event()
        self._idle = threading.Event()
        self._stopping = threading.Event()
        self.failure = ""
        """Why the last step failed, or ""."""
        self._news.set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be work."""
        self._idle.clear()
        self._news.set()

    def wait(self, timeout: float) -> bool:
        """Wait until all work is done; False if that took longer than ``timeout`` seconds."""
        self.wake()
        return self._idle.wait(timeout)

    def stop(self) -> None:
        """End the thread; what is left to do is done the next time."""
        self._stopping.set()
        self._news.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        patience = _PATIENCE_S[0]
        while not self._stopping.is_set():
            self._news.wait()
            self._stopping.wait(self._gather)
            self._news.clear()
            try:
                while not self._stopping.is_set() and self._step():
                    pass
            except MemagentError as error:
                self.failure = str(error)
                self._stopping.wait(patience)
                patience = min(2 * patience, _PATIENCE_S[1])
                self._news.set()
                continue
            self.failure, patience = "", _PATIENCE_S[0]
            if not self._news.is_set():
                self._idle.set()
