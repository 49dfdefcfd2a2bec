# SPDX-License-Identifier: Apache-2.0
"""A memory on a PostgreSQL server, in a namespace (schema) of its own beside those of other robots.

One writer per namespace, kept by an advisory lock that the server drops with the writer's session;
so rows become visible in the order of their numbers, and following the log by number skips none.
Any number of readers, also on a streaming replica.

A server that went away fails the running call, and of that call nothing is kept; a later one
connects again, takes the lock again and goes on, unless somebody else has written meanwhile. If the
connection breaks while a commit is being acknowledged, nobody knows whether it was done: the error
says so, and what memory believes is read from the server before the next call.

What is forgotten leaves the server's files when it next vacuums, and its log when that is recycled.
"""

from __future__ import annotations

import json
import struct
import uuid
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.pq import TransactionStatus

from memagent.errors import StoreError
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Row
from memagent.memory.store.interface import Words as Groups
from memagent.memory.store.postgres.dialect import Vector, adapt, translated
from memagent.memory.store.postgres.export import export
from memagent.memory.store.postgres.namespace import Namespace
from memagent.memory.store.postgres.session import Session, connect, described, explained
from memagent.memory.store.postgres.words import Words
from memagent.memory.store.transactions import Transactions
from memagent.types import Query

_UNFIT = (UnicodeEncodeError, OverflowError, struct.error)
"""What the driver raises for values that no column takes."""


class PostgresStore(Transactions):
    """An open namespace; see :class:`memagent.memory.store.interface.Store`."""

    def __init__(
        self, dsn: str, config: StoreConfig | None = None, words: Words | None = None
    ) -> None:
        """Connect, creating or upgrading the namespace if need be.

        Args:
            dsn: any libpq address, ``postgresql://user@host/database``.
            config: whose namespace, time-outs, durability.
            words: the index of its items' words, where that is shared with other memories.

        Raises:
            StoreError: the server cannot be reached, another process writes the namespace, it is of
                another program or a newer version, or the role may not.
        """
        config = config or StoreConfig()
        super().__init__(described(dsn, config.namespace), config)
        if config.size_limit_mb is not None:
            raise StoreError(f"{self.name}: size_limit_mb is for files; limit the server's disk")
        self._dsn = dsn
        self._namespace = Namespace(config.namespace, self.name)
        self._token = uuid.uuid4().hex
        self._generation = 0
        self._words = words or Words()
        self._news = True
        """Whether there may be words that the index has not seen."""
        self._has_vector_type = False
        self._open = True
        self._session: Session | None = None
        try:
            self._session = self._connect(first=True)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give up the writer's lock; a second call does nothing."""
        self._open = False
        if self._session is not None:
            self._session.close()
            self._session = None
        self._forget_words()

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def generation(self) -> int:
        """One more whenever the server went away: a crash may have taken what was not synced."""
        return self._generation

    # --- reading and writing ------------------------------------------------------------------

    def execute(self, sql: str, parameters: Row = ()) -> int:
        """Write one row or change some, inside a transaction.

        Returns:
            The new row's sequence number, for an INSERT into a table that has them.

        Raises:
            StoreError: it could not be written; the transaction will be rolled back.
        """
        self._writing()
        self._news = True
        statement, numbered = translated(sql)
        cursor = self._run(statement, parameters)
        row = cursor.fetchone() if numbered else None
        return int(row[0]) if row else 0

    def query(self, sql: str, parameters: Row = ()) -> list[Row]:
        """All rows of a SELECT."""
        return self._run(translated(sql)[0], parameters).fetchall()

    def columns(self, table: str) -> tuple[str, ...]:
        rows = self.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 "
            "AND NOT attisdropped ORDER BY attnum",
            (table,),
        )
        return tuple(name for (name,) in rows)

    def search_text(self, words: Groups, filters: Query, limit: int) -> list[tuple[int, float]]:
        return self._followed().search(words, filters, limit)

    def find_text(self, words: Groups) -> list[int]:
        return self._followed().find(words)

    def count_text(self, words: Groups, most: int = 1 << 62) -> int:
        return self._followed().count(words, most)

    def put_vector(self, item: int, embedder: str, value: bytes) -> None:
        self.execute(
            "INSERT INTO vector (seq, embedder, value) SELECT seq, ?, ? FROM item WHERE seq = ? "
            "ON CONFLICT (seq) DO UPDATE SET embedder = excluded.embedder, value = excluded.value",
            (embedder, Vector(value) if self._has_vector_type else value, item),
        )

    def vectors(
        self, embedder: str, first: int = 0, last: int = 1 << 62
    ) -> list[tuple[int, bytes]]:
        statement = (
            b"SELECT seq, value FROM vector WHERE embedder = %s AND seq BETWEEN %s AND %s "
            b"ORDER BY seq"
        )
        found = self._run(statement, (embedder, first, last), binary=True)
        return [(seq, bytes(v)) for seq, v in found]

    def bytes_used(self) -> int:
        rows = self._run(
            b"SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
            b"WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
            (self._namespace.quoted,),
        )
        return int(rows.fetchall()[0][0] or 0)

    def compact(self) -> int:
        """Nothing: the server vacuums by itself."""
        return 0

    def tidy(self, *, much: bool) -> None:
        """Nothing: the server vacuums by itself."""

    def scrub(self, text: str) -> bool:
        """Leave that to the server's vacuum and to the recycling of its write-ahead log."""
        return not self.holding(text)

    def holding(self, text: str) -> tuple[str, ...]:
        """Columns that have a text; into the server's files nobody can look from here."""
        found = []
        forms = tuple(dict.fromkeys((text, json.dumps(text)[1:-1])))
        for table, column in self.query(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND data_type = 'text' AND is_updatable = 'YES' "
            "ORDER BY table_name, ordinal_position"
        ):
            either = " OR ".join(f"strpos({column}, ?) > 0" for _ in forms)
            if self.query(f"SELECT count(*) FROM {table} WHERE {either}", forms)[0][0]:
                found.append(f"{table}.{column}")
        return tuple(found)

    def version(self) -> int:
        """How far the server's log has come: what other namespaces commit counts as well."""
        rows = self._run(
            b"SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
            b"ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn)::bigint"
        )
        return int(rows.fetchall()[0][0] or 0)

    def snapshot(self, path: Path | str) -> None:
        """Write a consistent copy to a memory file (SQLite's) that opens by itself.

        It holds all rows, vectors too, as of one instant, and goes on with the same numbers.

        Raises:
            StoreError: it cannot be read from the server, or written to ``path``.
        """
        self._connected()
        session = connect(self._dsn, self.config, self.name, patient=True)
        try:
            adapt(session, self._namespace.vector_type(session))
            export(session, Path(path).absolute())
        except psycopg.Error as error:
            raise explained(error, self.name, session) from error
        except OSError as error:
            raise StoreError(f"{path}: the snapshot could not be written: {error}") from error
        finally:
            session.close()

    # --- the words ----------------------------------------------------------------------------

    def follow(self) -> None:
        """Take in the words of all items that are there by now, as every search does."""
        if self._news or self.config.read_only:  # Nobody but the writer brings news.
            self._words.follow(self.query, within=self._begun)
            self._news = False

    def _followed(self) -> Words:
        self.follow()
        return self._words

    def _forget_words(self) -> None:
        self._words.clear()
        self._news = True

    # --- transactions -------------------------------------------------------------------------

    def _begin(self) -> None:
        self._run(b"BEGIN")

    def _commit(self) -> None:
        session = self._connected()
        if session.info.transaction_status != TransactionStatus.INTRANS:
            raise StoreError(f"{self.name}: a part of this transaction failed; none is kept")
        try:
            session.execute(b"COMMIT")
            self._words.ahead = False
        except psycopg.Error as error:
            if not session.closed:
                raise explained(error, self.name, session) from error
            self._lose()
            raise StoreError(
                f"{self.name}: the server went away while it acknowledged this call "
                f"({' '.join(str(error).split())}); whether it was kept is known once the server "
                "is back: ask the memory before saying it again"
            ) from error

    def _roll_back(self) -> None:
        if self._words.ahead:
            self._forget_words()
        session = self._session
        if session is not None and not session.closed:
            with suppress(psycopg.Error):
                session.execute(b"ROLLBACK")

    # --- the server ---------------------------------------------------------------------------

    def _run(
        self, statement: bytes, parameters: Row = (), *, binary: bool = False
    ) -> psycopg.Cursor[Row]:
        session = self._connected()
        try:
            return session.execute(statement, parameters, binary=binary)
        except psycopg.Error as error:
            self._failed = self._failed or self._begun
            if session.closed:
                self._lose()
            raise explained(error, self.name, self._session) from error
        except _UNFIT as error:
            self._failed = self._failed or self._begun
            raise StoreError(f"{self.name}: a value cannot be kept: {error}") from error

    def _lose(self) -> None:
        if self._session is not None:
            self._session = None
            self._generation += 1
            self._forget_words()

    def _connected(self) -> Session:
        """The session, a new one if the server had gone away."""
        if not self._open:
            raise StoreError(f"{self.name}: the memory is closed")
        if self._session is not None and self._session.closed:
            self._lose()
        if self._session is None:
            if self._begun:
                raise StoreError(f"{self.name}: the server went away during this call")
            self._session = self._connect(first=False)
        return self._session

    def _connect(self, *, first: bool) -> Session:
        session = connect(self._dsn, self.config, self.name)
        try:
            if self.config.read_only:
                self._namespace.check_readable(session)
            else:
                self._become_writer(session, first=first)
            vector = self._namespace.vector_type(session)
            self._has_vector_type = vector is not None
            adapt(session, vector)
        except psycopg.Error as error:
            explanation = explained(error, self.name, session)
            session.close()
            raise explanation from error
        except BaseException:
            session.close()
            raise
        return session

    def _become_writer(self, session: Session, *, first: bool) -> None:
        self._namespace.lock(session)
        if first:
            self._namespace.set_up(session)
        elif self._namespace.last_writer(session) != self._token:
            raise StoreError(
                f"{self.name}: another process wrote to this memory while the server could not be "
                "reached; close it and open it again"
            )
        self._namespace.claim(session, self._token)
