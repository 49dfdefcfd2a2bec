# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables

pytestmark = pytest.mark.unit


def _remove(store: SQLiteStore, where: str) -> None:
    with store.transaction():
        store.execute(f"DELETE FROM item WHERE {where}")


def test_a_text_is_found_wherever_it_is(path: Path) -> None:
    store = SQLiteStore(path)
    tables = Tables(store)
    with store.transaction():
        tables.add_item("note", "Käse im Kühlschrank", 1.0, data={"said": "leise: Käse"})
    assert store.holding("Käse") == ("item.text", "item.data", path.name + "-wal")
    assert store.holding("Wurst") == ()
    _remove(store, "1 = 1")
    assert store.holding("Käse") == (path.name + "-wal",), "the log has it still"
    assert store.scrub("Käse")
    assert store.holding("Käse") == ()
    store.close()


def test_a_long_text_across_pages_is_found_and_scrubbed(path: Path) -> None:
    store = SQLiteStore(path)
    tables = Tables(store)
    text = " ".join(f"word{i}" for i in range(3000))
    with store.transaction():
        tables.add_item("note", text, 1.0)
    store.query("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.name in store.holding(text)
    _remove(store, "1 = 1")
    assert store.scrub(text)
    store.close()


def test_a_reader_that_holds_the_log_delays_scrubbing(path: Path) -> None:
    store = SQLiteStore(path)
    with store.transaction():
        Tables(store).add_item("note", "zebra", 1.0)
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM item").fetchall()
    store.query("PRAGMA busy_timeout = 10")
    _remove(store, "1 = 1")
    assert not store.scrub("zebra")
    reader.close()
    assert store.scrub("zebra")
    store.close()


def test_free_pages_are_given_back_a_few_at_a_time(path: Path) -> None:
    store = SQLiteStore(path)
    with store.transaction():
        for i in range(2000):
            Tables(store).add_item("note", f"{i} " + "x" * 400, float(i))
    before, pages = store.bytes_used(), store.query("PRAGMA page_count")[0][0]
    _remove(store, "seq > 100")
    assert store.bytes_used() < before / 2
    with store.transaction():
        store.tidy(much=False)
    assert pages - 100 < store.query("PRAGMA page_count")[0][0] < pages
    store.close()
