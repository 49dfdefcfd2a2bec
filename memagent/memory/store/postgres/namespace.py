# SPDX-License-Identifier: Apache-2.0
"""A robot's namespace on a server: its schema and version, and the one who writes there."""

from __future__ import annotations

import os
import socket

from psycopg import Connection, errors
from psycopg.types import TypeInfo

from memagent.errors import StoreError
from memagent.memory.store.interface import Row
from memagent.memory.store.sqlite import scripts

_KEY = "hashtextextended('memagent ' || %s, 0)"
"""Of the advisory lock that a namespace's writer holds as long as its session lives."""
_SETTING_UP = 0x6D656D61
"""The advisory lock while a schema is created: two at once would both create the extension."""


def migrations() -> tuple[str, ...]:
    """The scripts that lead from an empty schema to the newest, in order."""
    return scripts("postgres/migrations")


class Namespace:
    """One robot's schema on a connected server."""

    def __init__(self, name: str, store: str) -> None:
        """Name it, and the store for errors."""
        self.name = name
        self.quoted = f'"{name}"'
        self._store = store

    # --- the writer ---------------------------------------------------------------------------

    def lock(self, session: Connection[Row]) -> None:
        """Become the writer for as long as the session lives.

        Raises:
            StoreError: another one is, and still was after the session's lock_timeout.
        """
        try:
            session.execute(f"SELECT pg_advisory_lock({_KEY})".encode(), (self.name,))
        except errors.LockNotAvailable as error:
            rows = self._marker(session)
            owner = (rows[0][1] if rows else "") or "another process"
            raise StoreError(
                f"{self._store}: {owner} is already writing to this memory; stop it, choose "
                "another namespace, or open this one with read_only=True"
            ) from error

    def claim(self, session: Connection[Row], token: str) -> None:
        """Leave word of who writes now; the lock is held."""
        session.execute(b"UPDATE memagent SET writer = %s, token = %s", (_process(), token))

    def last_writer(self, session: Connection[Row]) -> str:
        """The token of who claimed it last."""
        rows = self._marker(session)
        return str(rows[0][2]) if rows else ""

    # --- the schema ---------------------------------------------------------------------------

    def set_up(self, session: Connection[Row]) -> None:
        """Create the schema or upgrade it, all or nothing; the writer's lock is held."""
        newest, version = migrations(), self._version(session)
        self._refuse_newer(version, len(newest))
        if version == len(newest):
            return
        with session.transaction():
            session.execute(b"SELECT pg_advisory_xact_lock(%s)", (_SETTING_UP,))
            # Only creating needs the right to: an administrator may have done so.
            if not session.execute(b"SELECT to_regnamespace(%s)", (self.quoted,)).fetchone()[0]:  # type: ignore[index]
                session.execute(f"CREATE SCHEMA {self.quoted}".encode())
            kind = _vector_type(session)
            for script in newest[version:]:
                session.execute(script.replace("{vector}", kind).encode())
            session.execute(b"UPDATE memagent SET version = %s", (len(newest),))

    def check_readable(self, session: Connection[Row]) -> None:
        newest, version = len(migrations()), self._version(session)
        if version == 0:
            raise StoreError(f"{self._store}: there is no such memory to read")
        self._refuse_newer(version, newest)
        if version < newest:
            raise StoreError(
                f"{self._store}: has schema version {version}, older than {newest}; open it once "
                "for writing to upgrade it"
            )

    def vector_type(self, session: Connection[Row]) -> TypeInfo | None:
        """The type of its vectors, if that is pgvector's."""
        rows = session.execute(
            b"SELECT t.typname, t.oid, t.typarray FROM pg_attribute AS a JOIN pg_type AS t "
            b"ON t.oid = a.atttypid WHERE a.attrelid = to_regclass(%s) AND a.attname = 'value'",
            (f"{self.quoted}.vector",),
        ).fetchall()
        return TypeInfo(*rows[0]) if rows and rows[0][0] == "vector" else None

    def _version(self, session: Connection[Row]) -> int:
        rows = self._marker(session)
        if rows:
            return int(rows[0][0])
        others = session.execute(
            b"SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%s)",
            (self.quoted,),
        ).fetchone()
        if others is not None and others[0]:
            raise StoreError(
                f"{self._store}: is a schema of another program; choose another namespace"
            )
        return 0

    def _refuse_newer(self, version: int, newest: int) -> None:
        if version > newest:
            raise StoreError(
                f"{self._store}: has schema version {version}, and this memagent knows up to "
                f"{newest}; upgrade memagent, or open a snapshot made before"
            )

    def _marker(self, session: Connection[Row]) -> list[Row]:
        found = session.execute(b"SELECT to_regclass(%s)", (f"{self.quoted}.memagent",)).fetchone()
        if found is None or found[0] is None:
            return []
        return session.execute(
            f"SELECT version, writer, token FROM {self.quoted}.memagent".encode()
        ).fetchall()


def names(session: Connection[Row]) -> tuple[str, ...]:
    """Every namespace that is a memory and that the role may read, in order."""
    rows = session.execute(
        b"SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        b"WHERE c.relname = 'memagent' AND c.relkind = 'r' AND n.nspname ~ '^[a-z][a-z0-9_]*$' AND "
        b"has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') "
        b"ORDER BY n.nspname"
    ).fetchall()
    return tuple(name for (name,) in rows)


def _vector_type(session: Connection[Row]) -> str:
    """What vectors are kept as: pgvector's type, or bytes where the server has none."""
    try:
        with session.transaction():
            session.execute(b"CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    except errors.Error:
        pass  # Not there, or not allowed to this role.
    row = session.execute(
        b"SELECT quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n "
        b"ON n.oid = e.extnamespace WHERE e.extname = 'vector'"
    ).fetchone()
    return f"{row[0]}.vector" if row else "BYTEA"


def _process() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
