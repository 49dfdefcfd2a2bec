# SPDX-License-Identifier: Apache-2.0
"""Gives remembered items their vectors, beside everything else.

An item is durable and found by its words at once; its vector follows. After a change of embedder
every item gets a new one, the newest first, and until then words find what vectors do not.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager

from memagent.errors import StoreError
from memagent.memory.recall.embedders import Embedder, EmbedderError
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.store.interface import Store

_BATCH = 32
_PATIENCE_S = (1.0, 60.0)
"""First and longest wait after no answer; it doubles in between."""
_STOP_S = 10.0


class Embedding:
    """One thread. It holds the memory's lock while it reads and writes, not while it embeds."""

    def __init__(
        self,
        embedder: Embedder,
        store: Store,
        index: LogIndex,
        lock: AbstractContextManager[bool],
    ) -> None:
        self._embedder = embedder
        self._store = store
        self._index = index
        self._lock = lock
        self._news = threading.Event()
        self._idle = threading.Event()
        self._stopping = threading.Event()
        self.failure = ""
        """Why the embedder or the store did not answer last time, or ""."""
        self._thread = threading.Thread(target=self._run, name="embedding", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be items without a vector."""
        self._idle.clear()
        self._news.set()

    def wait(self, timeout: float) -> bool:
        """Wait until every item has its vector; False if that took longer than ``timeout``."""
        self.wake()
        return self._idle.wait(timeout)

    def stop(self) -> None:
        """End the thread; what lacks a vector gets it the next time."""
        self._stopping.set()
        self._news.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        patience = _PATIENCE_S[0]
        self._news.set()
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            try:
                while not self._stopping.is_set() and self._embed_some():
                    pass
            except (EmbedderError, StoreError) as error:
                self.failure = str(error)
                self._stopping.wait(patience)
                patience = min(2 * patience, _PATIENCE_S[1])
                self._news.set()
                continue
            self.failure, patience = "", _PATIENCE_S[0]
            if not self._news.is_set():
                self._idle.set()

    def _embed_some(self) -> bool:
        """Embed a batch; False if nothing lacks a vector."""
        with self._lock:
            if not self._store.is_open:
                return False
            self._index.tail()
            seqs = self._index.without_vector(_BATCH)
            if not seqs:
                return False
            marks = ",".join("?" * len(seqs))
            rows = self._store.query(
                f"SELECT seq, text FROM item WHERE seq IN ({marks}) ORDER BY seq", tuple(seqs)
            )
        if not rows:
            return False
        vectors = self._embedder.embed([text for _, text in rows])
        with self._lock:
            if not self._store.is_open:
                return False
            with self._store.transaction():
                for (seq, _), vector in zip(rows, vectors, strict=True):
                    self._store.put_vector(seq, self._embedder.id, vector.tobytes())
            self._index.put_vectors([seq for seq, _ in rows], vectors)
        return True
