# SPDX-License-Identifier: Apache-2.0
"""Rules of transactions."""

from __future__ import annotations

from memagent.errors import StoreError
from memagent.memory.store.check.saying import WRITER, Open, equal, expect, keys, put, raises


def all_or_nothing(open_named: Open) -> None:
    """What a transaction wrote is there once it is over; if it raised, none of it."""
    store = open_named("all_or_nothing", WRITER)
    with store.transaction():
        expect(not store.dirty, "dirty before anything is written")
        put(store, "a", "1")
        put(store, "b", "2")
        expect(store.dirty, "not dirty after a write")
    expect(not store.dirty, "dirty after the transaction")

    def fail() -> None:
        with store.transaction():
            put(store, "c", "3")
            store.execute("DELETE FROM meta WHERE key = ?", ("a",))
            raise KeyError("halfway")

    raises(KeyError, fail)
    equal(keys(store), ["a", "b"])
    with store.transaction():
        put(store, "d", "4")
    equal(keys(store), ["a", "b", "d"])
    store.close()


def nested_joins(open_named: Open) -> None:
    """A transaction within another is a part of it: what fails inside undoes all of it."""
    store = open_named("nested_joins", WRITER)
    with store.transaction():
        put(store, "a", "1")
        with store.transaction():
            put(store, "b", "2")

    def fail() -> None:
        with store.transaction():
            put(store, "c", "3")
            with store.transaction():
                put(store, "d", "4")
            raise KeyError("outer")

    raises(KeyError, fail)

    def swallow() -> None:
        with store.transaction():
            put(store, "c", "3")
            raises(KeyError, fail)

    raises(StoreError, swallow)
    equal(keys(store), ["a", "b"])
    store.close()


def failed_write_undoes(open_named: Open) -> None:
    """After a write has failed, its transaction cannot be committed, and the store goes on."""
    store = open_named("failed_write_undoes", WRITER)

    def swallow() -> None:
        with store.transaction():
            put(store, "a", "1")
            raises(StoreError, lambda: store.execute("INSERT INTO meta (key) VALUES ('no value')"))

    raises(StoreError, swallow)
    equal(keys(store), [])
    with store.transaction():
        put(store, "b", "2")
    equal(keys(store), ["b"])
    store.close()


def writes_need_a_transaction(open_named: Open) -> None:
    """A write outside of a transaction is refused."""
    store = open_named("writes_need_a_transaction", WRITER)
    raises(StoreError, lambda: put(store, "a", "1"))
    equal(keys(store), [])
    store.close()
