# SPDX-License-Identifier: Apache-2.0
"""A connection to a server that never waits for ever, and its errors in words."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from memagent.errors import StoreError
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Row

_T = TypeVar("_T")
_GRACE = 5.0
"""Seconds after the server should have given up until we do."""
_NOTICED = {
    "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 11_000,
}  # fmt: skip
"""A peer that vanished from the network is noticed after about eleven seconds."""


class Session(psycopg.Connection[Row]):
    """A connection that gives up on a server which is silent for too long."""

    patience: float | None = None
    """Seconds for an answer; None: as long as it takes."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is None:
            timeout = self.patience
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.close()  # Its answer would be taken for that of the next statement.
            raise


def described(dsn: str, namespace: str) -> str:
    """An address for people: without its password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        raise StoreError(f"{dsn.split('@')[-1]}: is no PostgreSQL address: {error}") from error
    user = f"{parts['user']}@" if parts.get("user") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    host, database = parts.get("host", "localhost"), parts.get("dbname", "")
    return f"postgresql://{user}{host}{port}/{database} [{namespace}]"


def connect(dsn: str, config: StoreConfig, name: str, *, patient: bool = False) -> Session:
    """Connect, with the namespace in view and every wait bounded.

    Args:
        dsn: any libpq address.
        config: time-outs, durability and the namespace.
        name: of the store, for errors.
        patient: let statements take as long as they need.
    """
    statement = 0.0 if patient else config.statement_timeout
    settings = {
        "search_path": f'"{config.namespace}"',
        "client_encoding": "UTF8",
        "statement_timeout": f"{1e3 * statement:.0f}ms",
        "lock_timeout": f"{1e3 * config.lock_timeout:.0f}ms",
        "synchronous_commit": "on" if config.durability == "full" else "off",
        "default_transaction_read_only": "on" if config.read_only else "off",
        "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
    }  # fmt: skip
    parts: dict[str, Any] = {
        "application_name": "memagent", **_NOTICED, **conninfo_to_dict(dsn),
        "connect_timeout": max(2, round(config.connect_timeout)),
    }  # fmt: skip
    try:
        session = Session.connect(make_conninfo(**parts), autocommit=True)
    except psycopg.Error as error:
        raise StoreError(f"{name}: the server cannot be reached ({_said(error)})") from error
    try:
        session.patience = None if patient else config.statement_timeout + _GRACE
        session.execute(
            b"SELECT " + b", ".join([b"set_config(%s, %s, false)"] * len(settings)),
            [part for setting in settings.items() for part in setting],
        )
        encoding = session.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreError(f"{name}: the database is encoded in {encoding}; create one in UTF8")
    except psycopg.Error as error:
        session.close()
        raise explained(error, name, session) from error
    except BaseException:
        session.close()
        raise
    return session


def explained(error: Exception, name: str, session: Session | None) -> StoreError:
    """What went wrong, and what to do about it."""
    said = _said(error)
    if session is None or session.closed:
        return StoreError(
            f"{name}: the server went away ({said}); nothing of this call was kept. The next call "
            "connects again"
        )
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return StoreError(f"{name}: {advice} (PostgreSQL: {said})")
    return StoreError(f"{name}: PostgreSQL says: {said}")


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (errors.QueryCanceled, "took longer than statement_timeout; nothing of this call was kept: try "
     "again when the server is less busy, or raise it"),
    (errors.LockNotAvailable, "another session holds a lock for longer than lock_timeout; nothing "
     "of this call was kept"),
    (errors.DiskFull, "the server's disk is full; nothing was written and nothing is lost: free "
     "some space there"),
    (errors.ReadOnlySqlTransaction, "cannot be written: the server is a replica or read-only; open "
     "it with read_only=True, or give the address of the primary"),
    (errors.InsufficientPrivilege, "the role may not do this; grant it the schema, or CREATE on "
     "the database"),
    (psycopg.DataError, "a value cannot be kept"),
)  # fmt: skip
