# SPDX-License-Identifier: Apache-2.0
"""Does an engine keep what memory relies on? Run this against yours before memory runs on it.

    check_store(lambda name, config: MyStore(folder / name, config))

Each function below is a rule, its docstring the words in which a breach is reported.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from memagent.errors import MemagentError, StoreError
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Store
from memagent.memory.store.schema import TABLES
from memagent.types import Query

Open = Callable[[str, StoreConfig], Store]
"""Opens the memory of a name, creating it; a name is a word in lower-case letters and _."""

_WRITER = StoreConfig()
_READER = StoreConfig(read_only=True)
_NEW_ITEM = (
    "INSERT INTO item (kind, text, stamp, x, y, z, episode, confidence, source, data, thing) "
    "VALUES (?,?,?,?,?,?,'',1.0,'','{}','')"
)


class BrokenRuleError(MemagentError):
    """A store does not keep a rule of the interface."""


def check_store(open_named: Open, *, lasting: bool = True) -> None:
    """Open new memories and try every rule on them.

    Args:
        open_named: opens a memory by its name; each rule uses a new name.
        lasting: whether a memory is still there when it is opened again, and can be opened twice;
            False leaves those rules out.

    Raises:
        BrokenRuleError: the first rule that is broken, and how.
    """
    for rule in (*_RULES, *(_LASTING if lasting else ())):
        try:
            rule(open_named)
        except Exception as error:
            wanted = " ".join((rule.__doc__ or "").split())
            how = str(error) or type(error).__name__
            raise BrokenRuleError(f"rule {rule.__name__!r} ({wanted}) is broken: {how}") from error


# --- transactions ---------------------------------------------------------------------------------


def all_or_nothing(open_named: Open) -> None:
    """What a transaction wrote is there once it is over; if it raised, none of it."""
    store = open_named("all_or_nothing", _WRITER)
    with store.transaction():
        _expect(not store.dirty, "dirty before anything is written")
        _put(store, "a", "1")
        _put(store, "b", "2")
        _expect(store.dirty, "not dirty after a write")
    _expect(not store.dirty, "dirty after the transaction")

    def fail() -> None:
        with store.transaction():
            _put(store, "c", "3")
            store.execute("DELETE FROM meta WHERE key = ?", ("a",))
            raise KeyError("halfway")

    _raises(KeyError, fail)
    _equal(_keys(store), ["a", "b"])
    with store.transaction():
        _put(store, "d", "4")
    _equal(_keys(store), ["a", "b", "d"])
    store.close()


def nested_joins(open_named: Open) -> None:
    """A transaction within another is a part of it: what fails inside undoes all of it."""
    store = open_named("nested_joins", _WRITER)
    with store.transaction():
        _put(store, "a", "1")
        with store.transaction():
            _put(store, "b", "2")

    def fail() -> None:
        with store.transaction():
            _put(store, "c", "3")
            with store.transaction():
                _put(store, "d", "4")
            raise KeyError("outer")

    _raises(KeyError, fail)

    def swallow() -> None:
        with store.transaction():
            _put(store, "c", "3")
            _raises(KeyError, fail)

    _raises(StoreError, swallow)
    _equal(_keys(store), ["a", "b"])
    store.close()


def failed_write_undoes(open_named: Open) -> None:
    """After a write has failed, its transaction cannot be committed, and the store goes on."""
    store = open_named("failed_write_undoes", _WRITER)

    def swallow() -> None:
        with store.transaction():
            _put(store, "a", "1")
            _raises(StoreError, lambda: store.execute("INSERT INTO meta (key) VALUES ('no value')"))

    _raises(StoreError, swallow)
    _equal(_keys(store), [])
    with store.transaction():
        _put(store, "b", "2")
    _equal(_keys(store), ["b"])
    store.close()


def writes_need_a_transaction(open_named: Open) -> None:
    """A write outside of a transaction is refused."""
    store = open_named("writes_need_a_transaction", _WRITER)
    _raises(StoreError, lambda: _put(store, "a", "1"))
    _equal(_keys(store), [])
    store.close()


# --- rows -----------------------------------------------------------------------------------------


def numbers_ascend(open_named: Open) -> None:
    """Sequence numbers ascend in the order of commits and are never given twice."""
    store = open_named("numbers_ascend", _WRITER)
    given: list[int] = []
    for _ in range(3):
        with store.transaction():
            given += (_item(store, "kept"), _item(store, "kept too"))

        def fail(text: str = "dropped") -> None:
            with store.transaction():
                _item(store, text)
                raise KeyError

        _raises(KeyError, fail)
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (given[-1],))
    with store.transaction():
        given.append(_item(store, "after the newest was forgotten"))
    _expect(all(a < b for a, b in pairwise(given)), f"they were given as {given}")
    there = [seq for (seq,) in store.query("SELECT seq FROM item ORDER BY seq")]
    _equal(there, [seq for seq in given if seq != given[-2]])
    store.close()


def values_come_back(open_named: Open) -> None:
    """Numbers, NULL and text come back as they were given; SQL is read as it stands."""
    store = open_named("values_come_back", _WRITER)
    numbers = (0.1 + 0.2, -1e300, 5e-324, 1.8e9 + 1e-6, float("inf"))
    with store.transaction():
        seqs = [_item(store, "number", stamp=n, position=None) for n in numbers]
        store.execute("UPDATE item SET fact = ? WHERE seq = ?", (2**53 + 1, seqs[0]))
    rows = store.query("SELECT stamp, x, fact, confidence FROM item ORDER BY seq")
    _equal([row[0] for row in rows], list(numbers))
    _equal(rows[0][1:], (None, 2**53 + 1, 1.0))
    _equal(
        store.query("SELECT '?', '100 %s', 'it''s' WHERE 1 = ?", (1,)), [("?", "100 %s", "it's")]
    )
    _equal(store.query("SELECT count(*) FROM item WHERE stamp > ?", (float("-inf"),)), [(5,)])
    _equal(store.columns("meta"), ("key", "value"))
    put = (
        "INSERT INTO meta (key, value) VALUES (?,?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
    with store.transaction():
        store.execute(put, ("k", "old"))
        store.execute(put, ("k", "new"))
    _equal(store.query("SELECT value FROM meta"), [("new",)])
    store.close()


def any_text(open_named: Open) -> None:
    """Any text is kept as it is, or refused by a StoreError with nothing kept of it."""
    store = open_named("any_text", _WRITER)
    texts = [
        "",
        " ",
        "Ünïcödé ☕ 赤いマグ \U0001f916",
        "quote ' \" \\ ; -- %s ? {}\n\t",
        "long " * 400_000,
    ]
    with store.transaction():
        for text in texts:
            _item(store, text)
    _equal([t for (t,) in store.query("SELECT text FROM item ORDER BY seq")], texts)
    _equal(len(store.find_text((("マグ*", "赤いマグ", "ünïcödé"),))), 1)
    for text in ("zero \0 inside", "half \ud800 a pair"):
        kept = len(store.query("SELECT seq FROM item"))
        try:
            with store.transaction():
                seq = _item(store, text)
        except StoreError:
            _equal(len(store.query("SELECT seq FROM item")), kept)
        else:
            _equal(store.query("SELECT text FROM item WHERE seq = ?", (seq,)), [(text,)])
    store.close()


def vectors_follow_items(open_named: Open) -> None:
    """An item has one vector, the newest, and it goes with the item."""
    store = open_named("vectors_follow_items", _WRITER)
    old, new = bytes(range(1, 17)), bytes(range(16, 32))
    with store.transaction():
        one, two = _item(store, "one"), _item(store, "two")
        for item, embedder, value in ((one, "m", old), (one, "m", new), (two, "n", old)):
            store.put_vector(item, embedder, value)
        store.put_vector(two + 1000, "m", old)
    _equal([(s, bytes(v)) for s, v in store.vectors("m")], [(one, new)])
    _equal([(s, bytes(v)) for s, v in store.vectors("n")], [(two, old)])
    _equal([len(store.vectors("n", *ends)) for ends in ((two, two), (two + 1, two + 9))], [1, 0])
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (one,))
    _equal(store.vectors("m"), [])
    store.close()


# --- text -----------------------------------------------------------------------------------------


def words_find_items(open_named: Open) -> None:
    """Words find an item the moment it is committed, by their stems, the best match first."""
    store = open_named("words_find_items", _WRITER)
    with store.transaction():
        best = _item(store, "the mugs, the red mugs", stamp=1.0)
        long = _item(store, f"a red mug {'and much else besides ' * 9}", stamp=2.0)
        cup = _item(store, "a Café cup", stamp=3.0)
    everything = Query()
    found = store.search_text((("mug",),), everything, 9)
    _equal([seq for seq, _ in found], [best, long])
    _expect(found[0][1] < found[1][1], f"ranks are {found}, and small is good")
    _equal(len(store.search_text((("mug",),), everything, 1)), 1)
    _equal(sorted(store.find_text((("cafe", "mug"),))), [best, long, cup])
    _equal(store.find_text((("mug",), ("besides",))), [long])
    _equal(store.find_text((("caf*",),)), [cup])
    _equal([store.count_text(((word,),)) for word in ("red", "cup", "teapot")], [2, 1, 0])
    for number in range(20):
        with store.transaction():
            seq = _item(store, f"token{number} x")
        _equal(store.find_text(((f"token{number}",),)), [seq])
    store.close()


def filters_are_exact(open_named: Open) -> None:
    """A search by words keeps to kinds, to an interval with its ends, and to the ball's box."""
    store = open_named("filters_are_exact", _WRITER)
    with store.transaction():
        near = _item(store, "a mug", stamp=1.0, position=(1.0, 2.0, 0.5))
        far = _item(store, "a mug", stamp=2.0, position=(9.0, 2.0, 0.5), kind="step")
        nowhere = _item(store, "a mug", stamp=3.0, position=None)
        _item(store, "a cup", stamp=1.0, position=(1.0, 2.0, 0.5))

    def found(query: Query) -> list[int]:
        return sorted(seq for seq, _ in store.search_text((("mug",),), query, 9))

    _equal(found(Query()), [near, far, nowhere])
    _equal(found(Query(kinds=("step", "object"))), [far])
    _equal(found(Query(since=2.0)), [far, nowhere])
    _equal(found(Query(since=1.0, until=2.0)), [near, far])
    _equal(found(Query(near=(1.5, 2.0, 0.5), radius=1.0)), [near])
    _equal(found(Query(near=(1.5, 2.0, 0.5), radius=1.0, since=2.0)), [])
    store.close()


def rolled_back_is_not_found(open_named: Open) -> None:
    """Words find what the running transaction wrote, and no longer once it is rolled back."""
    store = open_named("rolled_back_is_not_found", _WRITER)

    def fail() -> None:
        with store.transaction():
            _item(store, "a ghost")
            _equal(store.count_text((("ghost",),)), 1)
            raise KeyError

    _raises(KeyError, fail)
    _equal(store.find_text((("ghost",),)), [])
    with store.transaction():
        seq = _item(store, "a teapot")
    _equal(store.find_text((("ghost", "teapot"),)), [seq])
    store.close()


def forgotten_is_gone(open_named: Open) -> None:
    """A forgotten item is found nowhere, and found again once it is put back."""
    store = open_named("forgotten_is_gone", _WRITER)
    with store.transaction():
        secret = _item(store, "the secret mug", position=(1.0, 1.0, 1.0))
        other = _item(store, "another mug", position=(1.0, 1.0, 1.0))
        store.put_vector(secret, "m", bytes(8))
    _equal(sorted(store.find_text((("mug",),))), [secret, other])
    columns = ", ".join(store.columns("item"))
    (row,) = store.query(f"SELECT {columns} FROM item WHERE seq = ?", (secret,))
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (secret,))
    around = Query(near=(1.0, 1.0, 1.0), radius=0.5)
    _equal(store.find_text((("mug", "secret"),)), [other])
    _equal(store.count_text((("secret",),)), 0)
    _equal([seq for seq, _ in store.search_text((("mug",),), around, 9)], [other])
    _equal(store.vectors("m"), [])
    with store.transaction():
        store.execute(f"INSERT INTO item ({columns}) VALUES ({','.join('?' * len(row))})", row)
    _equal(store.find_text((("secret",),)), [secret])
    store.close()


def errors_name_the_store(open_named: Open) -> None:
    """What goes wrong is a StoreError that begins with the store's name; so does a closed store."""
    store = open_named("errors_name_the_store", _WRITER)
    _expect(bool(store.name), "it has no name")
    _raises(StoreError, lambda: store.snapshot(Path(os.devnull) / "below" / "a file"))
    for attempt in (lambda: store.query("SELECT * FROM nowhere"), lambda: _put(store, "a", "1")):
        error = _raises(StoreError, attempt)
        _expect(str(error).startswith(store.name), f"{error} does not begin with {store.name!r}")
    _expect(store.is_open, "it says that it is closed")
    store.close()
    store.close()
    _expect(not store.is_open, "it says that it is open after close()")
    error = _raises(StoreError, lambda: store.query("SELECT 1"))
    _expect(str(error).startswith(store.name), f"{error} does not begin with {store.name!r}")


def snapshot_equals(open_named: Open) -> None:
    """A snapshot opens as a memory file, has every row, and goes on with the numbers."""
    from memagent.memory.store.sqlite import SQLiteStore

    store = open_named("snapshot_equals", _WRITER)
    with store.transaction():
        seqs = [_item(store, f"mug {n}", position=(n, 0.0, 0.0)) for n in range(3)]
        store.put_vector(seqs[0], "m", bytes(range(16)))
        store.execute("DELETE FROM item WHERE seq = ?", (seqs[-1],))
        _put(store, "now", "3.5")
        store.execute("INSERT INTO episode (instruction, started) VALUES ('tidy up', 1.0)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new" / "copy.memory"
        for _ in range(2):  # The second one takes the place of the first.
            store.snapshot(path)
        _equal([file.name for file in path.parent.iterdir()], [path.name])
        copy = SQLiteStore(path)
        for table in TABLES:
            _equal(_rows(copy, table), _rows(store, table), table)
        _equal(copy.find_text((("mug",),)), seqs[:-1])
        with copy.transaction():
            _expect(_item(copy, "one more") > seqs[-1], "a number was given twice")
        copy.close()
    store.close()


# --- several openings -----------------------------------------------------------------------------


def reopening_keeps_all(open_named: Open) -> None:
    """Everything is there after the memory was closed and opened again, its numbers too."""
    store = open_named("reopening_keeps_all", _WRITER)
    with store.transaction():
        seq = _item(store, "the red mug")
        gone = _item(store, "the blue cup")
        store.put_vector(seq, "m", bytes(range(16)))
        _put(store, "a", "1")
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (gone,))
    before = {table: _rows(store, table) for table in TABLES}
    store.close()
    store = open_named("reopening_keeps_all", _WRITER)
    for table in TABLES:
        _equal(_rows(store, table), before[table], table)
    _equal(store.find_text((("mug", "cup"),)), [seq])
    with store.transaction():
        _expect(_item(store, "new") > gone, "a number was given twice")
    store.close()


def readers_see_commits(open_named: Open) -> None:
    """A reader beside the writer sees all that is committed, nothing else, and cannot write."""
    writer = open_named("readers_see_commits", _WRITER)
    reader = open_named("readers_see_commits", _READER)
    for number in range(3):
        before = reader.version()
        with writer.transaction():
            seq = _item(writer, f"the mug of day{number}")
            _equal(len(reader.query("SELECT seq FROM item")), number)
            _equal(reader.count_text((("mug",),)), number)
        _equal(len(reader.query("SELECT seq FROM item")), number + 1)
        _equal(reader.find_text(((f"day{number}",),)), [seq])
        _expect(reader.version() != before, "the reader's version is what it was")
    with writer.transaction():
        writer.execute("DELETE FROM item WHERE seq = ?", (seq,))
    _equal(reader.find_text((("day2",),)), [])
    _equal(reader.count_text((("mug",),)), 2)

    def write() -> None:
        with reader.transaction():
            _put(reader, "a", "1")

    _raises(StoreError, write)
    reader.close()
    with writer.transaction():
        _put(writer, "a", "1")
    writer.close()


def one_writer(open_named: Open) -> None:
    """A second writer is refused and told the process that writes; it may once that has closed."""
    first = open_named("one_writer", _WRITER)
    error = _raises(StoreError, lambda: open_named("one_writer", _WRITER))
    _expect(str(os.getpid()) in str(error), f"process {os.getpid()} is not named: {error}")
    with first.transaction():
        _put(first, "a", "1")
    first.close()
    second = open_named("one_writer", _WRITER)
    _equal(_keys(second), ["a"])
    second.close()


def no_reading_what_is_not_there(open_named: Open) -> None:
    """Reading a memory that does not exist is refused, and creates none."""
    for _ in range(2):
        _raises(StoreError, lambda: open_named("no_reading_what_is_not_there", _READER))


_RULES: tuple[Callable[[Open], None], ...] = (
    all_or_nothing, nested_joins, failed_write_undoes, writes_need_a_transaction, numbers_ascend,
    values_come_back, any_text, vectors_follow_items, words_find_items, filters_are_exact,
    rolled_back_is_not_found, forgotten_is_gone, errors_name_the_store, snapshot_equals,
)  # fmt: skip
_LASTING: tuple[Callable[[Open], None], ...] = (
    reopening_keeps_all, readers_see_commits, one_writer, no_reading_what_is_not_there,
)  # fmt: skip


# --- saying what is wrong -------------------------------------------------------------------------


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BrokenRuleError(otherwise)


def _equal(found: object, wanted: object, where: str = "") -> None:
    if found != wanted:
        shown = f"{found!r:.300} instead of {wanted!r:.300}"
        raise BrokenRuleError(f"{where}: {shown}" if where else shown)


def _raises(kind: type[Exception], attempt: Callable[[], Any]) -> Exception:
    try:
        attempt()
    except kind as error:
        return error
    raise BrokenRuleError(f"no {kind.__name__} was raised")


def _put(store: Store, key: str, value: str) -> None:
    store.execute("INSERT INTO meta (key, value) VALUES (?,?)", (key, value))


def _item(
    store: Store,
    text: str,
    *,
    stamp: float = 0.0,
    position: tuple[float, float, float] | None = (0.0, 0.0, 0.0),
    kind: str = "note",
) -> int:
    return store.execute(_NEW_ITEM, (kind, text, stamp, *(position or (None, None, None))))


def _keys(store: Store) -> list[str]:
    return [key for (key,) in store.query("SELECT key FROM meta ORDER BY key")]


def _rows(store: Store, table: str) -> list[tuple[Any, ...]]:
    columns = store.columns(table)
    if table == "vector":  # Each engine has its own form of them.
        return [(s, bytes(v)) for s, v in store.vectors("m")]
    order = ", ".join(columns[:2])
    return store.query(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}")
