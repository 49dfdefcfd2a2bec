# SPDX-License-Identifier: Apache-2.0
"""Gives remembered items their vectors, beside everything else.

An item is durable and found by its words at once; its vector follows. After a change of embedder
every item gets a new one, the newest first, and until then words find what vectors do not.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from memagent.memory.recall.embedders import Embedder
from memagent.memory.recall.log_index import LogIndex, bytes_of
from memagent.memory.store.interface import Store

_BATCH = 512
GATHER_S = 0.05
"""How long items had better gather: each batch of vectors is a write that the disk syncs."""


class Embedding:
    """Embeds batch by batch. It holds the memory's lock to read and write, not to embed."""

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

    def step(self) -> bool:
        """Embed a batch; whether more were waiting, for those that came since may gather again.

        Raises:
            EmbedderError: the embedder did not answer.
        """
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
                    self._store.put_vector(seq, self._embedder.id, bytes_of(vector))
            self._index.put_vectors([seq for seq, _ in rows], vectors)
        return len(seqs) == _BATCH
