# SPDX-License-Identifier: Apache-2.0
"""A memory on a server: its namespaces and its one writer, time-outs, what is refused and why."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pytest
from pydantic import ValidationError

from memagent.errors import DependencyError, StoreError
from memagent.memory import LifelongMemory, MemoryConfig, MemoryReader, StoreConfig
from memagent.memory.store import PostgresStore, SQLiteStore, open_store
from memagent.memory.store.postgres import namespace as namespace_module
from memagent.memory.store.postgres import session as session_module
from memagent.memory.store.postgres.dialect import translated
from memagent.memory.store.schema import TABLES
from memagent.site import Site
from memagent.types import Query
from postgres_server import Server, installations, temporary_server

from ..scenes import mug_on_desk, outcome, watch

pytestmark = pytest.mark.unit

DEADLINE_S = 30.0


def config(namespace: str, **store: object) -> MemoryConfig:
    return MemoryConfig(store=StoreConfig.model_validate({"namespace": namespace, **store}))


def texts(memory: LifelongMemory | MemoryReader, words: str) -> list[str]:
    return sorted(item.text for item in memory.recall(Query(text=words, limit=500)).items)


@contextmanager
def admin(server: Server) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with closing(psycopg.connect(server.dsn, autocommit=True)) as session:
        yield session


# --- namespaces -----------------------------------------------------------------------------------


def test_each_robot_has_a_memory_of_its_own(server: Server, site: Site) -> None:
    with (
        LifelongMemory(server.dsn, site, config("ann")) as ann,
        LifelongMemory(server.dsn, site, config("bob")) as bob,
    ):
        watch(ann, mug_on_desk(0.0), 1.0, 1.0)
        bob.remember("the key hangs by the door", stamp=1.0)
        assert ann.where("red mug").candidates[0].place == "desk"
        assert bob.facts() == ()
        assert texts(ann, "key") == []


@pytest.mark.parametrize("name", ["", "Ann", "ann bob", "1st", "pg_ann", "public", 'a"b', "a" * 64])
def test_a_namespace_is_a_plain_word(name: str) -> None:
    with pytest.raises(ValidationError, match="namespace"):
        StoreConfig(namespace=name)


@pytest.mark.parametrize("name", ["user", "order", "item", "vector", "a_1"])
def test_words_of_sql_are_names_as_well(server: Server, name: str) -> None:
    with LifelongMemory(server.dsn, config=config(name)) as memory:
        memory.remember("a mug", stamp=1.0)
    with MemoryReader(server.dsn, config=config(name)) as memory:
        assert texts(memory, "mug") == ["a mug"]


def test_a_schema_of_another_program_is_refused_and_left_alone(
    server: Server, namespace: str
) -> None:
    with admin(server) as session:
        session.execute(f"CREATE SCHEMA {namespace}; CREATE TABLE {namespace}.contacts (name TEXT)")
    with pytest.raises(StoreError, match="another program; choose another namespace"):
        LifelongMemory(server.dsn, config=config(namespace))
    with admin(server) as session:
        sql = "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
        assert session.execute(sql, (namespace,)).fetchall() == [("contacts",)]


def test_an_empty_schema_that_an_administrator_made_is_taken(
    server: Server, namespace: str
) -> None:
    with admin(server) as session:
        session.execute(f"CREATE SCHEMA {namespace}")
    with LifelongMemory(server.dsn, config=config(namespace)) as memory:
        memory.remember("hello", stamp=1.0)
    with MemoryReader(server.dsn, config=config(namespace)) as reader:
        assert texts(reader, "hello") == ["hello"]


def test_a_newer_schema_is_refused_with_both_versions(server: Server, namespace: str) -> None:
    LifelongMemory(server.dsn, config=config(namespace)).close()
    with admin(server) as session:
        session.execute(f"UPDATE {namespace}.memagent SET version = 99")
    newest = len(namespace_module.migrations())
    with pytest.raises(StoreError, match=f"version 99.*up to {newest}.*upgrade memagent"):
        LifelongMemory(server.dsn, config=config(namespace))


def test_an_older_schema_is_upgraded_all_or_nothing(
    server: Server, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LifelongMemory(server.dsn, config=config(namespace)) as memory:
        memory.remember("a mug", stamp=1.0)
    good = namespace_module.migrations()
    bad = (*good, "CREATE TABLE extra (a INTEGER)", "DROP TABLE nothing")
    monkeypatch.setattr(namespace_module, "migrations", lambda: bad)
    with pytest.raises(StoreError, match="nothing"):
        LifelongMemory(server.dsn, config=config(namespace))
    monkeypatch.setattr(namespace_module, "migrations", lambda: bad[:-1])
    with pytest.raises(StoreError, match="open it once for writing"):
        PostgresStore(server.dsn, StoreConfig(namespace=namespace, read_only=True))
    with LifelongMemory(server.dsn, config=config(namespace)) as memory:
        assert texts(memory, "mug") == ["a mug"]
    store = open_store(server.dsn, StoreConfig(namespace=namespace))
    assert store.query("SELECT count(*) FROM extra") == [(0,)]
    store.close()


def test_both_engines_have_the_same_tables(server: Server, namespace: str) -> None:
    with (
        closing(SQLiteStore(":memory:")) as file,
        closing(PostgresStore(server.dsn, StoreConfig(namespace=namespace))) as other,
    ):
        for table in TABLES:
            assert other.columns(table) == file.columns(table), table


# --- one writer -----------------------------------------------------------------------------------


def _write_for_ever(dsn: str, namespace: str, pipe: int) -> None:
    with LifelongMemory(dsn, config=config(namespace)) as memory:
        number = 0
        while True:
            memory.remember(f"marker{number}", stamp=float(number))
            os.write(pipe, b".")
            number += 1


def test_kill_9_of_the_writer_frees_its_namespace_and_loses_nothing(
    server: Server, namespace: str
) -> None:
    reading, writing = os.pipe()
    child = multiprocessing.get_context("fork").Process(
        target=_write_for_ever, args=(server.dsn, namespace, writing)
    )
    child.start()
    os.close(writing)
    try:
        acknowledged = len(os.read(reading, 1))
        with pytest.raises(StoreError, match=rf"process {child.pid} on .*already writing"):
            LifelongMemory(server.dsn, config=config(namespace, lock_timeout=0.1))
    finally:
        child.kill()
    while chunk := os.read(reading, 65536):
        acknowledged += len(chunk)
    os.close(reading)
    child.join()
    with LifelongMemory(server.dsn, config=config(namespace)) as memory:
        kept = {item.text for item in memory.timeline(limit=100_000)}
        assert {f"marker{n}" for n in range(acknowledged)} <= kept
        assert len(kept) <= acknowledged + 1
        memory.remember("the next one", stamp=1e6)


def test_a_writer_that_lost_its_namespace_to_another_does_not_write_again(
    server: Server, namespace: str
) -> None:
    with LifelongMemory(server.dsn, config=config(namespace)) as first:
        first.remember("a mug", stamp=1.0)
        with admin(server) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"
                " AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = 'memagent')"
            )
        with LifelongMemory(server.dsn, config=config(namespace)) as second:
            second.remember("a cup", stamp=2.0)
        with pytest.raises(StoreError, match="went away"):
            first.remember("a plate", stamp=3.0)
        for _ in range(2):
            with pytest.raises(StoreError, match=r"another process wrote.*open it again"):
                first.remember("a plate", stamp=3.0)
    with LifelongMemory(server.dsn, config=config(namespace)) as memory:
        assert texts(memory, "mug cup plate") == ["a cup", "a mug"]


# --- time-outs ------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_or_silent_is_named_without_the_password() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        dsn = f"postgresql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/home"
        began = time.monotonic()
        with pytest.raises(StoreError, match=r"ann@127.0.0.1.*cannot be reached") as refused:
            open_store(dsn, StoreConfig(connect_timeout=2.0))
        assert time.monotonic() - began < 10.0
    with pytest.raises(StoreError, match="cannot be reached") as gone:
        open_store(dsn)
    assert "secret" not in f"{refused.value} {gone.value}"
    with pytest.raises(StoreError, match="no PostgreSQL address"):
        open_store("postgresql://host/home?colour=blue")


def test_a_statement_that_takes_too_long_ends(server: Server, namespace: str) -> None:
    store = PostgresStore(server.dsn, StoreConfig(namespace=namespace, statement_timeout=0.2))
    with pytest.raises(StoreError, match="statement_timeout"):
        store.query("SELECT pg_sleep(30)")
    assert store.query("SELECT 1") == [(1,)]
    store.close()


def test_a_lock_that_is_held_too_long_fails_the_call_and_nothing_else(
    server: Server, namespace: str
) -> None:
    with LifelongMemory(server.dsn, config=config(namespace, lock_timeout=0.2)) as memory:
        with admin(server) as session, session.transaction():
            session.execute(f"LOCK TABLE {namespace}.item")
            with pytest.raises(StoreError, match="lock_timeout"):
                memory.remember("a mug", stamp=1.0)
        memory.remember("a cup", stamp=1.0)
        assert texts(memory, "mug cup") == ["a cup"]


def test_a_server_that_froze_fails_the_call_in_time(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_GRACE", 0.2)
    frozen = config("robot", statement_timeout=0.5)
    with LifelongMemory(own_server.dsn, config=frozen) as memory:
        memory.remember("a mug", stamp=1.0)
        processes = list(own_server.processes())
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(StoreError, match="went away"):
                memory.remember("a cup", stamp=2.0)
            assert time.monotonic() - began < 10.0
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)
        patiently(lambda: memory.remember("a plate", stamp=3.0))
        assert texts(memory, "mug plate cup") == ["a mug", "a plate"]


def patiently(call: object) -> None:
    """Repeat a call until the server answers."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return call()  # type: ignore[operator, no-any-return]
        except StoreError:
            if time.monotonic() > deadline:
                raise


# --- what is kept ---------------------------------------------------------------------------------


def test_a_commit_whose_acknowledgement_was_lost_is_told_and_then_known(
    server: Server, namespace: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = session_module.Session.execute

    def cut_the_line(self: session_module.Session, query: bytes, *args: object, **more: object):  # type: ignore[no-untyped-def]
        cursor = execute(self, query, *args, **more)  # type: ignore[arg-type]
        if query == b"COMMIT":
            self.close()
            raise psycopg.OperationalError("the line was cut")
        return cursor

    with LifelongMemory(server.dsn, site, config(namespace)) as memory:
        memory.remember("a mug", stamp=1.0)
        memory.observe(mug_on_desk(1.8))
        with monkeypatch.context() as patch:
            patch.setattr(session_module.Session, "execute", cut_the_line)
            with pytest.raises(StoreError, match=r"acknowledged this call.*ask the memory"):
                memory.observe(mug_on_desk(2.0))
        assert memory.latest_stamp == 2.0  # It was kept, and memory knows.
        assert memory.where("red mug").candidates[0].place == "desk"
        memory.remember("a cup", stamp=3.0)
        assert texts(memory, "cup") == ["a cup"]


def test_text_that_the_server_cannot_keep_is_refused(server: Server, namespace: str) -> None:
    with LifelongMemory(server.dsn, config=config(namespace)) as memory:
        for text in ("zero \0 inside", "half \ud800 a pair"):
            with pytest.raises(StoreError, match="cannot be kept"):
                memory.remember(text, stamp=1.0)
        memory.remember("a mug", stamp=1.0)
        assert [item.text for item in memory.timeline()] == ["a mug"]


@pytest.mark.parametrize(("durability", "setting"), [("full", "on"), ("normal", "off")])
def test_durability_is_what_was_asked_for(
    server: Server, namespace: str, durability: str, setting: str
) -> None:
    asked = StoreConfig.model_validate({"namespace": namespace, "durability": durability})
    with closing(PostgresStore(server.dsn, asked)) as store:
        assert store.query("SHOW synchronous_commit") == [(setting,)]


def test_a_limit_on_a_files_size_is_refused(server: Server) -> None:
    with pytest.raises(StoreError, match="size_limit_mb is for files"):
        open_store(server.dsn, StoreConfig(size_limit_mb=1.0))


def test_words_rank_as_in_a_file(server: Server, namespace: str) -> None:
    dice = np.random.default_rng(3)
    words = [
        "red",
        "blue",
        "mug",
        "cup",
        "plate",
        "kitchen",
        "desk",
        "drawer",
        "open",
        "seen",
        "washed",
        "the",
    ]
    with (
        LifelongMemory(":memory:") as file,
        LifelongMemory(server.dsn, config=config(namespace)) as other,
    ):
        for number in range(60):
            text = " ".join(dice.choice(words, 6))
            for memory in (file, other):
                memory.remember(text, stamp=float(number), position=(number, 0.0, 0.0))
        for query in (
            Query(text="red mug"), Query(text="washed plates", since=20.0, until=50.0),
            Query(text="kitch", near=(30.0, 0.0, 0.0), radius=9.0), Query(kinds=("note",)),
        ):  # fmt: skip
            found, wanted = other.recall(query), file.recall(query)
            assert [i.text for i in found.items] == [i.text for i in wanted.items]
            assert found.scores == pytest.approx(wanted.scores)


def test_a_snapshot_is_a_memory_file_with_all_beliefs(
    server: Server, namespace: str, site: Site, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.memory"
    with LifelongMemory(server.dsn, site, config(namespace)) as memory:
        memory.begin_episode("fetch the mug")
        watch(memory, mug_on_desk(0.0), 1.0, 1.0)
        memory.record(outcome("open @ fridge", finished=5.0))
        memory.teach("never open the oven", skill="open")
        memory.correct("red mug", "shelf")
        memory.snapshot(copy)
        told = memory.export(), memory.stats(), memory.history("red mug"), memory.operations()
        memory.remember("after it", stamp=9.0)
    with LifelongMemory(copy, site) as other:
        assert (other.export(), other.stats(), other.history("red mug"), other.operations()) == told
        other.undo()
        assert other.where("red mug").candidates[0].place == "desk"


# --- readers --------------------------------------------------------------------------------------


def test_a_streaming_replica_is_read_and_refuses_writers() -> None:
    programs = next(iter(installations().values()), None)
    if programs is None:
        pytest.skip("no PostgreSQL is installed")
    with temporary_server(programs, synced=False) as primary:
        with LifelongMemory(primary.dsn) as memory:
            secret = memory.remember("the secret mug", stamp=1.0)
            replica = Server(programs, primary.folder / "replica", of=primary, synced=False)
            replica.start()
            with MemoryReader(replica.dsn, config=MemoryConfig(reader_delay=0.0)) as reader:
                memory.remember("another mug", stamp=2.0)
                eventually(lambda: texts(reader, "mug") == ["another mug", "the secret mug"])
                memory.forget(secret.id)
                eventually(lambda: texts(reader, "mug") == ["another mug"])
            with pytest.raises(StoreError, match=r"replica or read-only.*primary"):
                LifelongMemory(replica.dsn)
        replica.kill()


def eventually(holds: object) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never came true"


# --- without the driver, and its SQL --------------------------------------------------------------


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("memagent.memory.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DependencyError, match=re.escape("pip install memagent[postgres]")):
        LifelongMemory("postgresql://host/database")


def test_parameters_are_translated_outside_of_literals_only() -> None:
    assert translated("SELECT '?', ? FROM item") == (b"SELECT '?', %s FROM item", False)
    assert translated("SELECT 'it''s 5 %?' WHERE ? % 2")[0] == b"SELECT 'it''s 5 %%?' WHERE %s %% 2"
    assert translated("INSERT INTO item (kind) VALUES (?)") == (
        b"INSERT INTO item (kind) VALUES (%s) RETURNING seq",
        True,
    )
