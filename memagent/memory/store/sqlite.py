# SPDX-License-Identifier: Apache-2.0
"""The memory file: one SQLite database that survives ``kill -9`` and power cuts.

It owns the file's life (lock, integrity, schema, durability, backup) and turns every failure into a
:class:`StoreError` that says what to do; what the rows mean is written in
:mod:`memagent.memory.store.tables`.

Concurrency: one writer process, kept by an advisory lock that the kernel drops when the process
dies; any number of read-only openings beside it (WAL).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from importlib import resources
from pathlib import Path

from memagent.errors import StoreError
from memagent.memory.store import pages, text_search
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Row, Words
from memagent.memory.store.transactions import Transactions
from memagent.types import Query
from memagent.whole_file import sync_path

APPLICATION_ID = 0x6D656D61  # "mema", in the file's header
IN_MEMORY = ":memory:"
_WAL_BYTES = 8_000_000
"""Size to which the write-ahead log is cut back once all of it is in the file."""


def migrations() -> tuple[str, ...]:
    """The scripts that lead from an empty file to the newest schema, in order."""
    return scripts("migrations")


def scripts(folder: str) -> tuple[str, ...]:
    """The SQL scripts of a folder of this package, in the order of their names."""
    files = (f for f in (resources.files(__package__) / folder).iterdir() if f.name[-4:] == ".sql")
    ordered = sorted(files, key=lambda file: file.name)
    return tuple(file.read_text(encoding="utf-8") for file in ordered)


class SQLiteStore(Transactions):
    """An open memory file; see :class:`memagent.memory.store.interface.Store`."""

    def __init__(self, path: Path | str, config: StoreConfig | None = None) -> None:
        """Open the file, creating or upgrading it if need be.

        Raises:
            StoreError: another process writes it, it is damaged, foreign or newer than this
                version, or its folder cannot be written. The file is left as it was.
        """
        self.path = path if path == IN_MEMORY else Path(path).absolute()
        super().__init__(str(self.path), config or StoreConfig())
        self._lock: int | None = None
        self._connection: sqlite3.Connection | None = None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and give up the writer's lock; a second call does nothing."""
        if self._connection is not None:
            # SQLite checkpoints and removes the WAL when the last connection closes.
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    @property
    def generation(self) -> int:
        """Always the same: what was committed to a file stays."""
        return 0

    # --- reading and writing ------------------------------------------------------------------

    def execute(self, sql: str, parameters: Row = ()) -> int:
        """Write one row or change some, inside a transaction.

        Returns:
            The new row's sequence number, for an INSERT.

        Raises:
            StoreError: it could not be written; the transaction will be rolled back.
        """
        self._writing()
        try:
            return self._run(sql, parameters).lastrowid or 0
        except StoreError:
            self._failed = True
            raise

    def query(self, sql: str, parameters: Row = ()) -> list[Row]:
        """All rows of a SELECT."""
        try:
            return self._run(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def bytes_used(self) -> int:
        return pages.bytes_used(self)

    def compact(self) -> int:
        return pages.compact(self)

    def tidy(self, *, much: bool) -> None:
        pages.tidy(self, much=much)

    def scrub(self, text: str) -> bool:
        return pages.scrub(self, self._file, text)

    def holding(self, text: str) -> tuple[str, ...]:
        return pages.holding(self, self._file, text)

    @property
    def _file(self) -> Path | None:
        return self.path if isinstance(self.path, Path) else None

    def version(self) -> int:
        return int(self.query("PRAGMA data_version")[0][0])

    def columns(self, table: str) -> tuple[str, ...]:
        sql = "SELECT name FROM pragma_table_info(?) ORDER BY cid"
        return tuple(name for (name,) in self.query(sql, (table,)))

    def search_text(self, words: Words, filters: Query, limit: int) -> list[tuple[int, float]]:
        return [(seq, rank) for seq, rank in self.query(*text_search.search(words, filters, limit))]

    def find_text(self, words: Words) -> list[int]:
        return [seq for (seq,) in self.query(*text_search.find(words))]

    def count_text(self, words: Words, most: int = 1 << 62) -> int:
        return int(self.query(*text_search.count(words, most))[0][0])

    def put_vector(self, item: int, embedder: str, value: bytes) -> None:
        self.execute(
            "INSERT INTO vector (seq, embedder, value) SELECT seq, ?, ? FROM item WHERE seq = ? "
            "ON CONFLICT (seq) DO UPDATE SET embedder = excluded.embedder, value = excluded.value",
            (embedder, value, item),
        )

    def vectors(
        self, embedder: str, first: int = 0, last: int = 1 << 62
    ) -> list[tuple[int, bytes]]:
        sql = (
            "SELECT seq, value FROM vector WHERE embedder = ? AND seq BETWEEN ? AND ? ORDER BY seq"
        )
        return [(seq, value) for seq, value in self.query(sql, (embedder, first, last))]

    def snapshot(self, path: Path | str) -> None:
        """Write a consistent copy while the memory is in use; it appears complete or not at all.

        Raises:
            StoreError: ``path`` is the memory itself, or cannot be written.
        """
        target = Path(path).absolute()
        if target == self.path:
            raise StoreError(f"{target}: is the memory itself; name another file for the snapshot")
        partial = target.with_name(target.name + ".partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            copy = sqlite3.connect(partial)
            try:
                self._connected.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
            sync_path(partial)
            partial.replace(target)
            sync_path(target.parent)
        except (sqlite3.Error, OSError) as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise StoreError(f"{target}: the snapshot could not be written: {error}") from error

    # --- opening ------------------------------------------------------------------------------

    def _open(self) -> None:
        uri = IN_MEMORY
        if isinstance(self.path, Path):
            uri = self._prepare(self.path)
        try:
            self._connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0
            )
            scripts = migrations()
            version = self._schema_version(len(scripts))
            if self.config.check_on_open and version > 0:
                self._check()
            if not self.config.read_only:
                self._configure()
                for number in range(version, len(scripts)):
                    self._migrate(scripts[number], number + 1)
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _prepare(self, path: Path) -> str:
        """Take the writer's lock and name the file for SQLite."""
        if self.config.read_only:
            if not path.is_file():
                raise StoreError(f"{path}: there is no such memory to read")
            return path.as_uri() + "?mode=ro"
        lock = path.with_name(path.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(
                f"{path}: its folder cannot be written ({error.strerror}); make it writable, "
                "choose another path, or open the memory with read_only=True"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._lock, 32, 0).decode(errors="replace").strip() or "unknown"
            raise StoreError(
                f"{path}: process {owner} is already writing to this memory; stop it, or open this "
                "one with read_only=True"
            ) from error
        with suppress(
            OSError
        ):  # The number only serves the message above; a full disk may refuse it.
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, str(os.getpid()).encode(), 0)
        return path.as_uri() + "?mode=rwc"

    def _schema_version(self, newest: int) -> int:
        version = int(self._run("PRAGMA user_version").fetchone()[0])
        application = int(self._run("PRAGMA application_id").fetchone()[0])
        tables = int(self._run("SELECT count(*) FROM sqlite_master").fetchone()[0])
        if tables and application != APPLICATION_ID:
            raise StoreError(
                f"{self.name}: is a SQLite database of another program; choose another path"
            )
        if version > newest:
            raise StoreError(
                f"{self.name}: has schema version {version}, and this memagent knows up to "
                f"{newest}; upgrade memagent, or open a snapshot made before"
            )
        if version < newest and self.config.read_only:
            raise StoreError(
                f"{self.name}: has schema version {version}, older than {newest}; open it once for "
                "writing to upgrade it"
            )
        return version

    def _check(self) -> None:
        problems = [row[0] for row in self._run("PRAGMA quick_check(3)").fetchall()]
        if problems != ["ok"]:
            raise StoreError(
                f"{self.name}: is damaged ({'; '.join(problems)}); it was left as it is: restore a "
                "snapshot, or recover what there is with `sqlite3 FILE .recover`"
            )

    def _configure(self) -> None:
        self._run("PRAGMA auto_vacuum = INCREMENTAL")  # Of a new file only.
        self._run("PRAGMA journal_mode = WAL")
        self._run(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        self._run(f"PRAGMA synchronous = {self.config.durability.upper()}")
        self._run("PRAGMA secure_delete = ON")  # What is forgotten is also gone from the file.
        if self.config.size_limit_mb is not None:
            page = int(self._run("PRAGMA page_size").fetchone()[0])
            pages = max(1, int(self.config.size_limit_mb * 1e6 / page))
            self._run(f"PRAGMA max_page_count = {pages}")

    def _migrate(self, script: str, version: int) -> None:
        try:
            self._connected.executescript(
                f"BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id = {APPLICATION_ID};\n"
                f"PRAGMA user_version = {version};\nCOMMIT;"
            )
        except sqlite3.Error:
            self._roll_back()
            raise

    # --- SQLite -------------------------------------------------------------------------------

    @property
    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"{self.name}: the memory is closed")
        return self._connection

    def _run(self, sql: str, parameters: Row = ()) -> sqlite3.Cursor:
        try:
            return self._connected.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._explain(error) from error
        except (UnicodeEncodeError, OverflowError) as error:
            raise StoreError(f"{self.name}: a value cannot be kept: {error}") from error

    def _begin(self) -> None:
        self._run("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self._run("COMMIT")

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):  # The failure that led here is the one to report.
                self._connection.execute("ROLLBACK")

    def _explain(self, error: sqlite3.Error) -> StoreError:
        said = str(error)
        for sign, advice in _ADVICE:
            if sign in said:
                return StoreError(f"{self.name}: {advice} (SQLite: {said})")
        return StoreError(f"{self.name}: SQLite says: {said}")


_ADVICE = (
    ("disk is full", "the disk or the size limit is full; nothing was written and nothing is lost: "
     "free some space, or raise size_limit_mb"),
    ("readonly", "cannot be written; check the permissions of the file and its folder"),
    ("unable to open", "cannot be opened; check that the path and its permissions are right"),
    ("not a database", "is not a memagent memory; it was left as it is: choose another path"),
    ("malformed", "is damaged; it was left as it is: restore a snapshot, or recover what there is "
     "with `sqlite3 FILE .recover`"),
    ("disk I/O error", "the disk failed to read or write; check the disk, then open it again"),
    ("locked", "another program holds the file; close it and try again"),
)  # fmt: skip
