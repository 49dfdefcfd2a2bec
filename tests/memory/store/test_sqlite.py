# SPDX-License-Identifier: Apache-2.0
"""The memory file refuses what it cannot hold, says why, and loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from memagent.errors import StoreError
from memagent.memory import LifelongMemory, MemoryConfig, MemoryReader, StoreConfig
from memagent.memory.store import SQLiteStore
from memagent.memory.store import sqlite as store_module
from memagent.memory.store.tables import Tables
from memagent.types import Query

pytestmark = pytest.mark.unit

AT_ONCE = MemoryConfig(reader_delay=0.0)


def _filled(path: Path, notes: int = 5) -> None:
    with LifelongMemory(path) as memory:
        for i in range(notes):
            memory.remember(f"note number{i}", stamp=float(i), position=(float(i), 0.0, 0.0))


def _notes(path: Path) -> list[str]:
    with LifelongMemory(path) as memory:
        return [item.text for item in memory.timeline()]


def test_a_second_writer_is_refused_and_told_who_has_the_file(path: Path) -> None:
    with LifelongMemory(path), pytest.raises(StoreError, match=rf"{path}.*process {os.getpid()}"):
        LifelongMemory(path)
    LifelongMemory(path).close()


def test_readers_see_what_the_writer_committed_but_cannot_write(path: Path) -> None:
    with LifelongMemory(path) as writer:
        writer.remember("the spare key hangs by the door", stamp=1.0)
        with MemoryReader(path, config=AT_ONCE) as reader:
            assert reader.recall(Query(text="key")).items[0].text.startswith("the spare key")
            writer.remember("and another one in the pot", stamp=3.0)
            assert len(reader.timeline()) == 2
        with pytest.raises(StoreError, match="read-only"):
            LifelongMemory(path, config=MemoryConfig(store=StoreConfig(read_only=True)))


def test_reading_a_memory_that_does_not_exist_creates_none(path: Path) -> None:
    with pytest.raises(StoreError, match="no such memory"):
        MemoryReader(path)
    assert not path.exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"my holiday diary, definitely not SQLite\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="choose another path"):
        LifelongMemory(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE contacts (name)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        LifelongMemory(path)
    assert path.read_bytes() == before


def test_damage_is_found_before_anything_is_written(path: Path) -> None:
    _filled(path, notes=400)
    pages = bytearray(path.read_bytes())
    for start in range(4096 * 3, len(pages) - 4096, 4096 * 2):
        pages[start : start + 600] = os.urandom(600)
    path.write_bytes(pages)
    with pytest.raises(StoreError, match=rf"{path}.*damaged.*snapshot"):
        LifelongMemory(path)
    assert path.read_bytes() == bytes(pages)


def test_a_truncated_file_is_refused(path: Path) -> None:
    _filled(path, notes=400)
    path.write_bytes(path.read_bytes()[: 4096 * 5])
    with pytest.raises(StoreError, match="damaged"):
        LifelongMemory(path)


def test_a_newer_schema_is_refused_with_both_versions(path: Path) -> None:
    _filled(path)
    newest = len(store_module.migrations())
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match=rf"version 99.*up to {newest}.*upgrade memagent"):
        LifelongMemory(path)
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {newest}")
    database.close()
    assert len(_notes(path)) == 5


def test_an_older_schema_is_upgraded_once_and_keeps_its_rows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(path)
    scripts = (*store_module.migrations(), "CREATE TABLE extra (a); INSERT INTO extra VALUES (7);")
    monkeypatch.setattr(store_module, "migrations", lambda: scripts)
    for _ in range(2):
        assert len(_notes(path)) == 5
    store = SQLiteStore(path)
    assert store.query("SELECT a FROM extra") == [(7,)]
    store.close()


def test_an_upgrade_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _filled(path)
    good = store_module.migrations()
    monkeypatch.setattr(
        store_module, "migrations", lambda: (*good, "CREATE TABLE extra (a); DROP TABLE nothing;")
    )
    with pytest.raises(StoreError, match="nothing"):
        LifelongMemory(path)
    monkeypatch.setattr(store_module, "migrations", lambda: good)
    assert len(_notes(path)) == 5


def test_a_full_disk_is_reported_and_what_was_acknowledged_stays(path: Path) -> None:
    config = MemoryConfig(store=StoreConfig(size_limit_mb=0.3))
    kept: list[str] = []

    def fill(memory: LifelongMemory) -> None:
        while True:
            text = f"note number{len(kept)} " + "and so on " * 20
            memory.remember(text, stamp=float(len(kept)))
            kept.append(text)

    with LifelongMemory(path, config=config) as memory:
        with pytest.raises(StoreError, match=r"full.*nothing is lost.*size_limit_mb"):
            fill(memory)
        assert len(kept) > 20
        assert [i.text for i in memory.timeline(limit=20_000)] == kept
    assert _notes(path)[-1] == kept[-1]
    with LifelongMemory(path) as memory:
        memory.remember("room again", stamp=1e5)
        assert memory.stats()["item"] == len(kept) + 1


FILLING = """
import sys
from memagent.errors import StoreError
from memagent.memory import LifelongMemory
path, kept = sys.argv[1], []
with LifelongMemory(path) as memory:
    try:
        while True:
            text = f"note number{len(kept)} " + "and so on " * 50
            memory.remember(text, stamp=float(len(kept)))
            kept.append(text)
    except StoreError as error:
        assert "free some space" in str(error), error
    assert [item.text for item in memory.timeline(limit=10**6)] == kept
with LifelongMemory(path) as memory:
    assert [item.text for item in memory.timeline(limit=10**6)] == kept
print(len(kept))
"""


def test_a_file_system_without_space_loses_nothing(tmp_path: Path) -> None:
    """A real one of 2 MB, which only this test's process sees."""
    small = f"mount -t tmpfs -o size=2m tmpfs {tmp_path}"
    fill = [sys.executable, "-c", FILLING, str(tmp_path / "robot.memory")]
    own = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*own, small]).returncode:
        pytest.skip("needs a mount namespace")
    done = subprocess.run(
        [*own, f'{small} && exec "$@"', "sh", *fill], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_a_flipped_bit_in_what_holds_the_file_together_is_found(path: Path) -> None:
    _filled(path, notes=200)
    whole = path.read_bytes()
    for start in range(4096, len(whole), 4096 * 3):
        damaged = bytearray(whole)
        damaged[start] ^= 0x40  # What kind of page it is.
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match=f"{path}.*(damaged|SQLite)"):
            LifelongMemory(path)
        assert path.read_bytes() == bytes(damaged)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "robot.memory"
        _filled(path)
        for file in Path(folder).iterdir():
            file.chmod(0o444)
        Path(folder).chmod(0o555)
        parent, child = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=_open_as, args=(path, child))
        process.start()
        process.join(30)
        Path(folder).chmod(0o755)
        assert parent.recv() == ("StoreError", True)
        assert len(_notes(path)) == 5


def _open_as(path: Path, answer: Connection) -> None:
    if os.getuid() == 0:  # Permissions do not bind root.
        os.setuid(65534)
    try:
        LifelongMemory(path)
    except StoreError as error:
        answer.send(("StoreError", str(path) in str(error) and "writ" in str(error)))
    else:
        answer.send(("opened", False))


def test_an_impossible_path_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another path"):
        LifelongMemory(tmp_path / "file" / "robot.memory")


def test_a_snapshot_taken_in_use_opens_on_its_own(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "monday.memory"
    with LifelongMemory(path) as memory:
        memory.remember("before", stamp=1.0)
        memory.snapshot(copy)
        memory.remember("after", stamp=2.0)
        with pytest.raises(StoreError, match="itself"):
            memory.snapshot(path)
        memory.snapshot(copy)
    assert _notes(copy) == ["before", "after"]
    assert not list(copy.parent.glob("*.partial"))


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    store = SQLiteStore(path)

    def fail_halfway() -> None:
        with store.transaction():
            store.execute("INSERT INTO meta VALUES ('a', '1')")
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    with store.transaction():
        store.execute("INSERT INTO meta VALUES ('b', '2')")
    assert store.query("SELECT key FROM meta") == [("b",)]
    with pytest.raises(StoreError, match="transaction"):
        store.execute("DELETE FROM meta")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.query("SELECT 1")


@pytest.mark.parametrize("durability", ["normal", "full"])
def test_durability_is_what_was_asked_for(path: Path, durability: str) -> None:
    store = SQLiteStore(path, StoreConfig.model_validate({"durability": durability}))
    assert store.query("PRAGMA journal_mode") == [("wal",)]
    assert store.query("PRAGMA synchronous") == [({"normal": 1, "full": 2}[durability],)]
    store.close()


def test_a_memory_of_the_first_version_is_read_with_all_it_knows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = store_module.migrations()
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "migrations", lambda: scripts[:1])
        store = SQLiteStore(path)
        with store.transaction():
            store.execute(
                "INSERT INTO fact (subject, predicate, object, confidence, valid_from, learned, "
                "last_seen, by_robot, source) VALUES ('mug', 'on', 'desk', 0.9, 1, 1, 1, 0, '')"
            )
        store.close()
    with LifelongMemory(path) as memory:
        assert [f.relation.object for f in memory.facts("mug")] == ["desk"]
        (edge,) = (e for _, _, e in memory.graph().edges(data=True))
        assert edge["evidence"] == 1


def test_facts_that_ended_lately_are_found_by_their_index(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLiteStore(path)
    asked: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(store, "query", lambda sql, _: asked.append(sql) or [])
        Tables(store).ended_since(1.0)
    plan = store.query(f"EXPLAIN QUERY PLAN {asked[0]}", (1.0,))
    assert any("USING INDEX fact_ended" in str(row) for row in plan), plan
    store.close()
