# SPDX-License-Identifier: Apache-2.0
"""Keeping a memory: transactions, what follows them, forgetting, corrections, and exchange."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memagent.errors import MemagentError
from memagent.memory.asking import Asking
from memagent.memory.background import Background
from memagent.memory.config import MemoryConfig
from memagent.memory.corrections.corrections import Corrections
from memagent.memory.corrections.operations import Operation
from memagent.memory.exchange.checking import checked
from memagent.memory.exchange.importing import Importing, read_json
from memagent.memory.forgetting.erasure import erase
from memagent.memory.forgetting.forgetting import Footprint, Forgetting, number_of
from memagent.memory.recall.embedders import Embedder
from memagent.memory.recall.embedding import GATHER_S, Embedding
from memagent.memory.records import MemoryEvent
from memagent.memory.retelling import Retelling, Summarizer
from memagent.memory.retrieval import Retrieval
from memagent.memory.semantic.merging import LessonMerger
from memagent.memory.semantic.study import Study
from memagent.memory.state import MemoryState
from memagent.memory.store.interface import Store
from memagent.site import Site
from memagent.types import Query, Recall


@dataclass(frozen=True, slots=True)
class Models:
    """What may be slow; rules and words do without."""

    embedder: Embedder | None = None
    merger: LessonMerger | None = None
    summarizer: Summarizer | None = None


class Keeping(Asking):
    """The one writer of a memory, whatever it takes in.

    What it was not asked for yet but has to tell is in ``_untold``.
    """

    def __init__(
        self, store: Store, site: Site | None, config: MemoryConfig, models: Models
    ) -> None:
        """Read the memory, and start the work that follows writes.

        Args:
            store: open for writing; closed if this fails.
            site: the surveyed map.
            config: constants of the models and of the store.
            models: what may be slow.
        """
        self._untold: list[MemoryEvent] = []
        self._background: list[Background] = []
        self._within = False
        try:
            studied = models.merger is not None
            super().__init__(store, site, config, models.embedder, lessons_studied=studied)
            with store.transaction():
                if self._state.tables.meta("id") is None:
                    self._state.tables.put_meta("id", uuid.uuid4().hex)
                self._state.lessons.learn(tell=False)  # A file from an older version has none.
        except BaseException:
            store.close()
            raise
        self._start(models)

    def close(self) -> None:
        """Write what ran ahead of the file, and close it; a second call does nothing."""
        for work in self._background:
            work.stop()
        with self._lock:
            try:
                if self._store.is_open and self._loaded is not None:
                    with self._store.transaction():
                        self._loaded.persist()
                        self._forgetting.enforce(self._loaded.now)
            finally:
                super().close()

    # --- what stays and what goes ---------------------------------------------------------------

    def forget(self, item_id: str) -> bool:
        """Remove an item for good, with the fact it tells; an object's item takes all of it along.

        Returns:
            Whether there was such an item.
        """
        seq = number_of(item_id)
        with self._lock:
            with self._writing():
                self._state.persist()
                erased = erase(self._state, self._forgetting, seq)
            if erased is None:
                return False
            self._index.drop_vectors(erased.reworded)
            for text in erased.texts:
                self._store.scrub(text)
        return True

    def verify_forgotten(self, text: str) -> tuple[str, ...]:
        """Where a text still is, searched for byte by byte; empty if it is gone for good.

        Returns:
            Columns of the file's tables, the files themselves (a snapshot is another file), and
            "context" for the summary of what happened so far.
        """
        with self._lock:
            context = ("context",) if any(text in told for told in self.context()) else ()
            return (*self._store.holding(text), *context)

    def pin(self, item_id: str) -> None:
        """Keep an item for good: no budget takes it, only :meth:`forget`.

        Raises:
            MemagentError: there is no such item, it stands for forgotten ones, or half of the
                budget is pinned already.
        """
        with self._writing():
            self._forgetting.pin(item_id, self._state.now)

    def unpin(self, item_id: str) -> bool:
        """Let an item fade again; returns whether it was pinned."""
        with self._writing():
            return self._forgetting.unpin(item_id)

    def recall(self, query: Query) -> Recall:
        """Remembered items, best first; what is recalled is remembered better from then on."""
        found = super().recall(query)
        self._use(found)
        return found

    def retrieve(self, query: Query, hops: int = 2, budget: int = 64) -> Retrieval:
        """What all four kinds of memory have to say; see :meth:`Asking.retrieve`."""
        found = super().retrieve(query, hops, budget)
        self._use(found.episodic)
        return found

    def footprint(self) -> Footprint:
        """How large the memory is, and what of it is kept in which form."""
        with self._lock:
            self._index.tail()
            return self._forgetting.footprint(self._index.embedded)

    def save(self) -> None:
        """Write what runs ahead of the file: when things were last seen, mostly.

        Raises:
            StoreError: it could not be written.
        """
        with self._writing() as state:
            state.persist()

    def compact(self) -> int:
        """Give back the space of what was forgotten; nothing else is answered meanwhile.

        Returns:
            Bytes given back.

        Raises:
            StoreError: it could not; nothing is lost.
        """
        with self._lock:
            return self._store.compact()

    def settle(self, timeout: float) -> bool:
        """Wait until every item has its vector, and models have said what they have to say.

        Returns:
            Whether that was so within ``timeout`` seconds; at once where there are only rules.
        """
        deadline = time.monotonic() + timeout
        return all(work.wait(deadline - time.monotonic()) for work in self._background)

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside is kept together, with one sync to disk, or none of it.

        Raises:
            StoreError: it could not be written.
        """
        with self._writing():
            yield

    def export(self) -> dict[str, Any]:
        """What is known, JSON-able and complete; see :meth:`Asking.export`."""
        with self._writing() as state:
            state.persist()
            return super().export()

    def import_(self, source: Path | str | Mapping[str, Any]) -> dict[str, int]:
        """Take in what another memory exported: all of it, or nothing.

        Args:
            source: a JSON file, or what :meth:`export` returned.

        Returns:
            How many rows of each table were added.

        Raises:
            MemagentError: it cannot be read, is no exported memory, is of this very one, or was
                taken in before; the message says what is wrong where.
        """
        name = "the export" if isinstance(source, Mapping) else str(source)
        try:
            text = None if isinstance(source, Mapping) else Path(source).read_text("utf-8")
            export = checked(source if text is None else read_json(text))
        except (OSError, UnicodeDecodeError) as error:
            raise MemagentError(f"{name}: cannot be read: {error}") from error
        except MemagentError as error:
            raise MemagentError(f"{name}: {error}") from error
        with self._lock:
            with self._writing() as state:
                added = Importing(state).apply(export)
            self._index.tail()
            self._loaded = None
        return added

    # --- setting right ------------------------------------------------------------------------

    def merge(self, a: str, b: str) -> Operation:
        """Two names are one object: all that is known of ``b`` belongs to ``a`` from now on.

        Raises:
            MemagentError: there is no such object.
        """
        return self._setting_right(lambda corrections: corrections.merge(a, b))

    def split(
        self, name: str, *, since: float | None = None, places: tuple[str, ...] = ()
    ) -> Operation:
        """One name is two objects: what began ``since`` then, or was at ``places``, is another's.

        Returns:
            The operation; the last of its names is the new object's.

        Raises:
            MemagentError: there is no such object, or nothing would belong to one of the two.
        """
        return self._setting_right(lambda corrections: corrections.split(name, since, places))

    def correct(self, what: str, place: str) -> Operation:
        """A person says where an object is: the wrong fact ends now, and the right one begins.

        Args:
            what: an object, or a fact ("fact-12") about where it is.
            place: a place or room of the site, "floor", or another object.

        Raises:
            MemagentError: there is no such fact or place, or several objects may be meant.
        """
        with self._writing() as state:
            return Corrections(state).correct(what, place)

    def undo(self, operation: str | None = None) -> Operation:
        """Take back a merge, split or correction, by default the newest; what came later stays.

        Raises:
            MemagentError: there is none, or a later one builds on it.
        """
        return self._setting_right(lambda corrections: corrections.undo(operation))

    # --- inside -------------------------------------------------------------------------------

    def _start(self, models: Models) -> None:
        if models.merger is not None:
            study = Study(models.merger, self._asking, self._writing, self._untold.extend)
            self._background.append(Background("lessons", study.step))
        if models.summarizer is not None:
            retelling = Retelling(
                models.summarizer,
                self._asking,
                self._writing,
                lambda gone: self._forgetting.drop(gone),
            )
            self._background.append(Background("summaries", retelling.step))
        if models.embedder is not None:
            embedding = Embedding(models.embedder, self._store, self._index, self._lock)
            self._background.append(Background("embedding", embedding.step, GATHER_S))

    def _use(self, found: Recall) -> None:
        with self._lock:
            now = self._state.now
            self._forgetting.use(found.items, now)

    def _read(self) -> MemoryState:
        state = super()._read()
        self._forgetting = Forgetting(state.tables, self._config.forgetting, self._site)
        return state

    def _setting_right(self, change: Callable[[Corrections], Operation]) -> Operation:
        """Change rows beneath what was read of them, and read it again."""
        with self._lock:
            with self._writing():
                operation = change(Corrections(self._state))
            self._index.reload()
            self._loaded = None
        return operation

    @contextmanager
    def _writing(self) -> Iterator[MemoryState]:
        """One transaction; if it fails, what is in memory is read again from the store."""
        with self._lock:
            state = self._state
            if self._within:  # A part of the transaction around it, which sees to the rest.
                yield state
                return
            untold, self._within = len(self._untold), True
            try:
                with self._store.transaction():
                    yield state
                    if self._store.dirty:
                        self._forgetting.enforce(state.now)
                if gone := self._forgetting.settle():
                    self._index.drop(gone)
                for work in self._background:
                    work.wake()
            except BaseException:
                del self._untold[untold:]
                self._loaded = None
                raise
            finally:
                self._within = False
