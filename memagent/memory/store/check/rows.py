# SPDX-License-Identifier: Apache-2.0
"""Rules of rows and their numbers, values and vectors."""

from __future__ import annotations

from itertools import pairwise

from memagent.errors import StoreError
from memagent.memory.store.check.saying import WRITER, Open, add_item, equal, expect, raises


def numbers_ascend(open_named: Open) -> None:
    """Sequence numbers ascend in the order of commits and are never given twice."""
    store = open_named("numbers_ascend", WRITER)
    given: list[int] = []
    for _ in range(3):
        with store.transaction():
            given += (add_item(store, "kept"), add_item(store, "kept too"))

        def fail(text: str = "dropped") -> None:
            with store.transaction():
                add_item(store, text)
                raise KeyError

        raises(KeyError, fail)
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (given[-1],))
    with store.transaction():
        given.append(add_item(store, "after the newest was forgotten"))
    expect(all(a < b for a, b in pairwise(given)), f"they were given as {given}")
    there = [seq for (seq,) in store.query("SELECT seq FROM item ORDER BY seq")]
    equal(there, [seq for seq in given if seq != given[-2]])
    store.close()


def values_come_back(open_named: Open) -> None:
    """Numbers, NULL and text come back as they were given; SQL is read as it stands."""
    store = open_named("values_come_back", WRITER)
    numbers = (0.1 + 0.2, -1e300, 5e-324, 1.8e9 + 1e-6, float("inf"))
    with store.transaction():
        seqs = [add_item(store, "number", stamp=n, position=None) for n in numbers]
        store.execute("UPDATE item SET fact = ? WHERE seq = ?", (2**53 + 1, seqs[0]))
    rows = store.query("SELECT stamp, x, fact, confidence FROM item ORDER BY seq")
    equal([row[0] for row in rows], list(numbers))
    equal(rows[0][1:], (None, 2**53 + 1, 1.0))
    equal(store.query("SELECT '?', '100 %s', 'it''s' WHERE 1 = ?", (1,)), [("?", "100 %s", "it's")])
    equal(store.query("SELECT count(*) FROM item WHERE stamp > ?", (float("-inf"),)), [(5,)])
    equal(store.columns("meta"), ("key", "value"))
    put = (
        "INSERT INTO meta (key, value) VALUES (?,?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
    with store.transaction():
        store.execute(put, ("k", "old"))
        store.execute(put, ("k", "new"))
    equal(store.query("SELECT value FROM meta"), [("new",)])
    store.close()


def any_text(open_named: Open) -> None:
    """Any text is kept as it is, or refused by a StoreError with nothing kept of it."""
    store = open_named("any_text", WRITER)
    texts = [
        "",
        " ",
        "Ünïcödé ☕ 赤いマグ \U0001f916",
        "quote ' \" \\ ; -- %s ? {}\n\t",
        "long " * 400_000,
    ]
    with store.transaction():
        for text in texts:
            add_item(store, text)
    equal([t for (t,) in store.query("SELECT text FROM item ORDER BY seq")], texts)
    equal(len(store.find_text((("マグ*", "赤いマグ", "ünïcödé"),))), 1)
    for text in ("zero \0 inside", "half \ud800 a pair"):
        kept = len(store.query("SELECT seq FROM item"))
        try:
            with store.transaction():
                seq = add_item(store, text)
        except StoreError:
            equal(len(store.query("SELECT seq FROM item")), kept)
        else:
            equal(store.query("SELECT text FROM item WHERE seq = ?", (seq,)), [(text,)])
    store.close()


def vectors_follow_items(open_named: Open) -> None:
    """An item has one vector, the newest, and it goes with the item."""
    store = open_named("vectors_follow_items", WRITER)
    old, new = bytes(range(1, 17)), bytes(range(16, 32))
    with store.transaction():
        one, two = add_item(store, "one"), add_item(store, "two")
        for item, embedder, value in ((one, "m", old), (one, "m", new), (two, "n", old)):
            store.put_vector(item, embedder, value)
        store.put_vector(two + 1000, "m", old)
    equal([(s, bytes(v)) for s, v in store.vectors("m")], [(one, new)])
    equal([(s, bytes(v)) for s, v in store.vectors("n")], [(two, old)])
    equal([len(store.vectors("n", *ends)) for ends in ((two, two), (two + 1, two + 9))], [1, 0])
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (one,))
    equal(store.vectors("m"), [])
    store.close()
