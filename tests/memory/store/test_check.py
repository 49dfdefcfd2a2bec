# SPDX-License-Identifier: Apache-2.0
"""Every engine keeps the rules of a store, and the suite notices one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from memagent.memory.store import (
    Row,
    SQLiteStore,
    Store,
    StoreConfig,
    Words,
    check_store,
    open_store,
)
from memagent.memory.store.check import BrokenRuleError, Open
from memagent.types import Query
from postgres_server import Server

pytestmark = pytest.mark.unit


def test_a_file_keeps_every_rule(tmp_path: Path) -> None:
    check_store(lambda name, config: SQLiteStore(tmp_path / name, config))


def test_a_memory_that_does_not_last_keeps_the_others() -> None:
    check_store(lambda _, config: SQLiteStore(":memory:", config), lasting=False)


def on(server: Server, prefix: str) -> Open:
    def open_named(name: str, config: StoreConfig) -> Store:
        changes = {"namespace": f"{prefix}_{name}", "lock_timeout": 0.3}
        return open_store(server.dsn, config.model_copy(update=changes))

    return open_named


def test_a_server_with_pgvector_keeps_every_rule(server: Server) -> None:
    check_store(on(server, "rules"))


def test_a_server_without_pgvector_keeps_every_rule(plain_server: Server) -> None:
    check_store(on(plain_server, "rules"))


# --- engines that break a rule --------------------------------------------------------------------


class Deaf(SQLiteStore):
    """Finds words only once the memory is opened again."""

    def __init__(self, path: Path, config: StoreConfig) -> None:
        super().__init__(path, config)
        self._known = super().query("SELECT count(*) FROM item")[0][0]

    def search_text(self, words: Words, filters: Query, limit: int) -> list[tuple[int, float]]:
        return super().search_text(words, filters, limit)[: self._known]


class Hasty(SQLiteStore):
    """Commits each write by itself."""

    def execute(self, sql: str, parameters: Row = ()) -> int:
        seq = super().execute(sql, parameters)
        self._commit()
        self._begin()
        return seq


class Reusing(SQLiteStore):
    """Gives the number of a forgotten row to the next one."""

    def execute(self, sql: str, parameters: Row = ()) -> int:
        seq = super().execute(sql, parameters)
        if sql.startswith("DELETE FROM item"):
            super().execute("UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM item)")
        return seq


class Welcoming(SQLiteStore):
    """Lets anybody write."""

    def _prepare(self, path: Path) -> str:
        return path.as_uri() + "?mode=rwc"


class Remembering(SQLiteStore):
    """Keeps the words of what was forgotten."""

    def count_text(self, words: Words) -> int:
        self._most = max(super().count_text(words), getattr(self, "_most", 0))
        return self._most


class Rude(SQLiteStore):
    """Lets the errors of its library through."""

    def query(self, sql: str, parameters: Row = ()) -> list[Row]:
        assert self._connection is not None
        return self._connection.execute(sql, parameters).fetchall()


@pytest.mark.parametrize(
    ("engine", "rule"),
    [
        (Deaf, "words_find_items"), (Hasty, "all_or_nothing"), (Reusing, "numbers_ascend"),
        (Welcoming, "one_writer"), (Remembering, "words_find_items"), (Rude, "errors_name"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named(tmp_path: Path, engine: type[SQLiteStore], rule: str) -> None:
    with pytest.raises(BrokenRuleError, match=f"rule '{rule}.*is broken: "):
        check_store(lambda name, config: engine(tmp_path / name, config))
