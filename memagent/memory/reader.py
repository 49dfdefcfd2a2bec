# SPDX-License-Identifier: Apache-2.0
"""A memory seen from another process: it answers beside the writer, and follows it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memagent.memory.asking import Asking
from memagent.memory.config import MemoryConfig
from memagent.memory.recall.embedders import Embedder, choose_embedder
from memagent.memory.state import MemoryState
from memagent.memory.store.opening import open_store
from memagent.site import Site


class MemoryReader(Asking):
    """Read-only. What the writer has committed is seen after at most ``reader_delay`` seconds."""

    def __init__(
        self,
        path: Path | str,
        site: Site | None = None,
        config: MemoryConfig | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        """Open the memory file; see :class:`memagent.memory.lifelong.LifelongMemory`.

        Raises:
            StoreError: there is no such file, or it is no memory.
        """
        config = config or MemoryConfig()
        store = open_store(path, config.store.model_copy(update={"read_only": True}))
        self._looked = time.monotonic()
        self._version = store.version()
        try:
            super().__init__(store, site, config, embedder or choose_embedder(config.embedder))
        except BaseException:
            store.close()
            raise

    def refresh(self) -> bool:
        """See what was committed until now; returns whether that was anything."""
        with self._lock:
            self._looked = time.monotonic()
            version = self._store.version()
            if version == self._version:
                return False
            self._version = version
            self._index.follow()
            self._loaded = None
            return True

    @contextmanager
    def _asking(self) -> Iterator[MemoryState]:
        with self._lock:
            if time.monotonic() - self._looked >= self._config.reader_delay:
                self.refresh()
            yield self._state
