# SPDX-License-Identifier: Apache-2.0
"""Rules of finding items by their words."""

from __future__ import annotations

from memagent.memory.store.check.saying import WRITER, Open, add_item, equal, expect, raises
from memagent.types import Query


def words_find_items(open_named: Open) -> None:
    """Words find an item the moment it is committed, by their stems, the best match first."""
    store = open_named("words_find_items", WRITER)
    with store.transaction():
        best = add_item(store, "the mugs, the red mugs", stamp=1.0)
        long = add_item(store, f"a red mug {'and much else besides ' * 9}", stamp=2.0)
        cup = add_item(store, "a Café cup", stamp=3.0)
    everything = Query()
    found = store.search_text((("mug",),), everything, 9)
    equal([seq for seq, _ in found], [best, long])
    expect(found[0][1] < found[1][1], f"ranks are {found}, and small is good")
    equal(len(store.search_text((("mug",),), everything, 1)), 1)
    equal(sorted(store.find_text((("cafe", "mug"),))), [best, long, cup])
    equal(store.find_text((("mug",), ("besides",))), [long])
    equal(store.find_text((("caf*",),)), [cup])
    equal([store.count_text(((word,),)) for word in ("red", "cup", "teapot")], [2, 1, 0])
    for number in range(20):
        with store.transaction():
            seq = add_item(store, f"token{number} x")
        equal(store.find_text(((f"token{number}",),)), [seq])
    store.close()


def filters_are_exact(open_named: Open) -> None:
    """A search by words keeps to kinds, to an interval with its ends, and to the ball's box."""
    store = open_named("filters_are_exact", WRITER)
    with store.transaction():
        near = add_item(store, "a mug", stamp=1.0, position=(1.0, 2.0, 0.5))
        far = add_item(store, "a mug", stamp=2.0, position=(9.0, 2.0, 0.5), kind="step")
        nowhere = add_item(store, "a mug", stamp=3.0, position=None)
        add_item(store, "a cup", stamp=1.0, position=(1.0, 2.0, 0.5))

    def found(query: Query) -> list[int]:
        return sorted(seq for seq, _ in store.search_text((("mug",),), query, 9))

    equal(found(Query()), [near, far, nowhere])
    equal(found(Query(kinds=("step", "object"))), [far])
    equal(found(Query(since=2.0)), [far, nowhere])
    equal(found(Query(since=1.0, until=2.0)), [near, far])
    equal(found(Query(near=(1.5, 2.0, 0.5), radius=1.0)), [near])
    equal(found(Query(near=(1.5, 2.0, 0.5), radius=1.0, since=2.0)), [])
    store.close()


def rolled_back_is_not_found(open_named: Open) -> None:
    """Words find what the running transaction wrote, and no longer once it is rolled back."""
    store = open_named("rolled_back_is_not_found", WRITER)

    def fail() -> None:
        with store.transaction():
            add_item(store, "a ghost")
            equal(store.count_text((("ghost",),)), 1)
            raise KeyError

    raises(KeyError, fail)
    equal(store.find_text((("ghost",),)), [])
    with store.transaction():
        seq = add_item(store, "a teapot")
    equal(store.find_text((("ghost", "teapot"),)), [seq])
    store.close()


def forgotten_is_gone(open_named: Open) -> None:
    """A forgotten item is found nowhere, and found again once it is put back."""
    store = open_named("forgotten_is_gone", WRITER)
    with store.transaction():
        secret = add_item(store, "the secret mug", position=(1.0, 1.0, 1.0))
        other = add_item(store, "another mug", position=(1.0, 1.0, 1.0))
        store.put_vector(secret, "m", bytes(8))
    equal(sorted(store.find_text((("mug",),))), [secret, other])
    columns = ", ".join(store.columns("item"))
    (row,) = store.query(f"SELECT {columns} FROM item WHERE seq = ?", (secret,))
    with store.transaction():
        store.execute("DELETE FROM item WHERE seq = ?", (secret,))
    around = Query(near=(1.0, 1.0, 1.0), radius=0.5)
    equal(store.find_text((("mug", "secret"),)), [other])
    equal(store.count_text((("secret",),)), 0)
    equal([seq for seq, _ in store.search_text((("mug",),), around, 9)], [other])
    equal(store.vectors("m"), [])
    with store.transaction():
        store.execute(f"INSERT INTO item ({columns}) VALUES ({','.join('?' * len(row))})", row)
    equal(store.find_text((("secret",),)), [secret])
    store.close()
