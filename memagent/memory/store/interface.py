# SPDX-License-Identifier: Apache-2.0
"""What memory asks of a store, and nothing more: transactions, SQL, text, vectors, a snapshot.

SQL is the subset that SQLite and PostgreSQL both run, with ``?`` for parameters, on the tables of
``migrations/``. What their dialects do not share has a method of its own. Whether an engine keeps
all of this is what :func:`memagent.memory.store.check.check_store` finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from memagent.memory.store.config import StoreConfig
from memagent.types import Query

Row = tuple[Any, ...]
Words = Sequence[Sequence[str]]
"""What a text must have: of each group at least one word, whatever its ending (``mugs``, ``mug``).
A word that ends with ``*`` stands for all that begin with it."""


class Store(Protocol):
    """An open memory. Writes happen inside :meth:`transaction` and are all or nothing.

    One writer, any number of readers that see what is committed. Not thread-safe. All that goes
    wrong is a :class:`~memagent.errors.StoreError` that begins with ``name``.
    """

    @property
    def name(self) -> str:
        """The file, or the server and namespace without any password."""

    @property
    def config(self) -> StoreConfig: ...

    @property
    def is_open(self) -> bool: ...

    @property
    def dirty(self) -> bool:
        """Whether the running transaction has written anything yet."""

    @property
    def generation(self) -> int:
        """Another number once rows seen before may not be there: read what is derived anew."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are committed together, or none if anything raises.

        Nothing is begun, locked or synced before the first write. Nested use joins the outer one.
        """

    def execute(self, sql: str, parameters: Row = ()) -> int:
        """Write one row or change some, inside a transaction; after an error it is rolled back.

        Returns:
            The new row's sequence number, for an INSERT into a table that has them. They ascend in
            the order of commits, and none is ever given twice.
        """

    def query(self, sql: str, parameters: Row = ()) -> list[Row]:
        """All rows of a SELECT."""

    def columns(self, table: str) -> tuple[str, ...]:
        """Names of a table's columns, in order."""

    def search_text(self, words: Words, filters: Query, limit: int) -> list[tuple[int, float]]:
        """Sequence numbers of the ``limit`` items that have the words best, with their BM25.

        Small is good, as FTS5 has it: the best match has the lowest number. ``filters`` are the
        kinds, times and the box around the ball of a query; its text does not matter. What was
        written a moment ago is found, what is forgotten is not.
        """

    def find_text(self, words: Words) -> list[int]:
        """Sequence numbers of all items that have the words."""

    def count_text(self, words: Words, most: int = 1 << 62) -> int:
        """How many items have the words; counting ends at ``most``."""

    def put_vector(self, item: int, embedder: str, value: bytes) -> None:
        """Keep an item's vector, in place of an older one; nothing if the item is not there.

        Args:
            item: its sequence number.
            embedder: id of what made the vector.
            value: float16 in the machine's order.
        """

    def vectors(
        self, embedder: str, first: int = 0, last: int = 1 << 62
    ) -> list[tuple[int, bytes]]:
        """Vectors of an embedder by their items' sequence numbers, ascending from first to last."""

    def bytes_used(self) -> int:
        """How large it is, without free space that new rows fill first."""

    def compact(self) -> int:
        """Give back all the space that deleted rows took, outside a transaction.

        It may take as long, and meanwhile as much space, as a copy of all of it.

        Returns:
            Bytes given back; 0 from a server, which sees to that by itself.

        Raises:
            StoreError: it could not; nothing is lost.
        """
        ...

    def tidy(self, *, much: bool) -> None:
        """Give back some of the space that deleted rows took, inside a transaction.

        It is called after each deletion and takes a step at a time; ``much`` has been deleted since
        it last was true.
        """

    def scrub(self, text: str) -> bool:
        """Leave no byte of a deleted text wherever this engine can; whether none is left."""

    def holding(self, text: str) -> tuple[str, ...]:
        """Where a text still is: columns, and files as far as this engine can look into them."""

    def version(self) -> int:
        """Another number once somebody else has committed something; maybe also without that."""

    def snapshot(self, path: Path | str) -> None:
        """Write a consistent copy to a file that opens as a memory; complete or not at all."""

    def close(self) -> None:
        """Give up the writer's lock; a second call does nothing."""
