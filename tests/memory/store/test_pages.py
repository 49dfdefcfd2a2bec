# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from memagent.memory.store.pages import bytes_used, holding, scrub, shrink
from memagent.memory.store.sqlite import Store
from memagent.memory.store.tables import Tables

pytestmark = pytest.mark.unit


def _remove(store: Store, where: str) -> None:
    with store.transaction():
        store.execute(f"DELETE FROM item WHERE {where}")


def test_a_text_is_found_wherever_it_is(path: Path) -> None:
    store = Store(path)
    tables = Tables(store)
    with store.transaction():
        tables.add_item("note", "Käse im Kühlschrank", 1.0, data={"said": "leise: Käse"})
    assert holding(store, "Käse") == ("item.text", "item.data", path.name + "-wal")
    assert holding(store, "Wurst") == ()
    _remove(store, "1 = 1")
    assert holding(store, "Käse", files=False) == ()
    assert holding(store, "Käse", rows=False), "the log has it still"
    assert scrub(store, "Käse")
    assert holding(store, "Käse") == ()
    store.close()


def test_a_long_text_across_pages_is_found_and_scrubbed(path: Path) -> None:
    store = Store(path)
    tables = Tables(store)
    text = " ".join(f"word{i}" for i in range(3000))
    with store.transaction():
        tables.add_item("note", text, 1.0)
    store.query("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.name in holding(store, text)
    _remove(store, "1 = 1")
    assert scrub(store, text)
    store.close()


def test_a_reader_that_holds_the_log_delays_scrubbing(path: Path) -> None:
    store = Store(path)
    with store.transaction():
        Tables(store).add_item("note", "zebra", 1.0)
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM item").fetchall()
    store.query("PRAGMA busy_timeout = 10")
    _remove(store, "1 = 1")
    assert not scrub(store, "zebra")
    reader.close()
    assert scrub(store, "zebra")
    store.close()


def test_free_pages_are_given_back_a_few_at_a_time(path: Path) -> None:
    store = Store(path)
    with store.transaction():
        for i in range(2000):
            Tables(store).add_item("note", f"{i} " + "x" * 400, float(i))
    before, pages = bytes_used(store), store.query("PRAGMA page_count")[0][0]
    _remove(store, "seq > 100")
    assert bytes_used(store) < before / 2
    with store.transaction():
        shrink(store, 16)
    assert store.query("PRAGMA page_count")[0][0] == pages - 16
    store.close()
