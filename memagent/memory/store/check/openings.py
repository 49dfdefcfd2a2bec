# SPDX-License-Identifier: Apache-2.0
"""Rules of opening, closing and copying a memory, and of what goes wrong."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from memagent.errors import StoreError
from memagent.memory.store.check.saying import (
    READER,
    WRITER,
    Open,
    add_item,
    equal,
    expect,
    keys,
    put,
    raises,
    rows_of,
)
from memagent.memory.store.schema import TABLES


def errors_name_the_store(open_named: Open) -> None:
    """What goes wrong is a StoreError that begins with the store's name; so does a closed store."""
    store = open_named("errors_name_the_store", WRITER)
    expect(bool(store.name), "it has no name")
    raises(StoreError, lambda: store.snapshot(Path(os.devnull) / "below" / "a file"))
    for attempt in (lambda: store.query("SELECT * FROM nowhere"), lambda: put(store, "a", "1")):
        error = raises(StoreError, attempt)
        expect(str(error).startswith(store.name), f"{error} does not begin with {store.name!r}")
    expect(store.is_open, "it says that it is closed")
    store.close()
    store.close()
    expect(not store.is_open, "it says that it is open after close()")
    error = raises(StoreError, lambda: store.query("SELECT 1"))
    expect(str(error).startswith(store.name), f"{error} does not begin with {store.name!r}")


def snapshot_equals(open_named: Open) -> None:
    """A snapshot opens as a memory file, has every row, and goes on with the numbers."""
    from memagent.memory.store.sqlite import SQLiteStore

    store = open_named("snapshot_equals", WRITER)
    with store.transaction():
        seqs = [add_item(store, f"mug {n}", position=(n, 0.0, 0.0)) for n in range(3)]
        store.put_vector(seqs[0], "m", bytes(range(16)))
        store.execute("DELETE FROM item WHERE seq = ?", (seqs[-1],))
        put(store, "now", "3.5")
        store.execute("INSERT INTO episode (instruction, started) VALUES ('tidy up', 1.0)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new" / "copy.memory"
        for _ in range(2):  # The second one takes the place of the first.
            store.snapshot(path)
        equal([file.name for file in path.parent.iterdir()], [path.name])
        copy = SQLiteStore(path)
        for table in TABLES:
            equal(rows_of(copy, table), rows_of(store, table), table)
        equal(copy.find_text((("mug",),)), seqs[:-1])
        with copy.transaction():
            expect(add_item(copy, "one more") > seqs[-1], "a number was given twice")
        copy.close()
    store.close()


def reopening_keeps_all(open_named: Open) -> None:
    """Everything is there after the memory was closed and opened again, its numbers too."""
    store = open_named("reopening_keeps_all", WRITER)
    with store.transaction():
        seq = add_item(store, "the red mug")
        gone = add_item(store, "the blue cup")
        store.put_vector(seq, "m", bytes(range(16)))
        put(store, "a", "1")
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (gone,))
    before = {table: rows_of(store, table) for table in TABLES}
    store.close()
    store = open_named("reopening_keeps_all", WRITER)
    for table in TABLES:
        equal(rows_of(store, table), before[table], table)
    equal(store.find_text((("mug", "cup"),)), [seq])
    with store.transaction():
        expect(add_item(store, "new") > gone, "a number was given twice")
    store.close()


def readers_see_commits(open_named: Open) -> None:
    """A reader beside the writer sees all that is committed, nothing else, and cannot write."""
    writer = open_named("readers_see_commits", WRITER)
    reader = open_named("readers_see_commits", READER)
    for number in range(3):
        before = reader.version()
        with writer.transaction():
            seq = add_item(writer, f"the mug of day{number}")
            equal(len(reader.query("SELECT seq FROM item")), number)
            equal(reader.count_text((("mug",),)), number)
        equal(len(reader.query("SELECT seq FROM item")), number + 1)
        equal(reader.find_text(((f"day{number}",),)), [seq])
        expect(reader.version() != before, "the reader's version is what it was")
    with writer.transaction():
        writer.execute("DELETE FROM item WHERE seq = ?", (seq,))
    equal(reader.find_text((("day2",),)), [])
    equal(reader.count_text((("mug",),)), 2)

    def write() -> None:
        with reader.transaction():
            put(reader, "a", "1")

    raises(StoreError, write)
    reader.close()
    with writer.transaction():
        put(writer, "a", "1")
    writer.close()


def one_writer(open_named: Open) -> None:
    """A second writer is refused and told the process that writes; it may once that has closed."""
    first = open_named("one_writer", WRITER)
    error = raises(StoreError, lambda: open_named("one_writer", WRITER))
    expect(str(os.getpid()) in str(error), f"process {os.getpid()} is not named: {error}")
    with first.transaction():
        put(first, "a", "1")
    first.close()
    second = open_named("one_writer", WRITER)
    equal(keys(second), ["a"])
    second.close()


def no_reading_what_is_not_there(open_named: Open) -> None:
    """Reading a memory that does not exist is refused, and creates none."""
    for _ in range(2):
        raises(StoreError, lambda: open_named("no_reading_what_is_not_there", READER))
