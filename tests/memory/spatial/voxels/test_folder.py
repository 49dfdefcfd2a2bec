# SPDX-License-Identifier: Apache-2.0
"""A voxel map's folder keeps what was acknowledged through kills, damage and full disks."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from memagent.errors import MemagentError
from memagent.memory.spatial.voxels import DamagedFileError, VoxelConfig, VoxelError, VoxelMap

pytestmark = pytest.mark.unit

CONFIG = VoxelConfig(resolution=0.1, durability="normal")


def cloud(number: int, count: int = 200) -> np.ndarray:
    points = np.random.default_rng(number).uniform(-2, 2, (count, 3))
    return np.add(points, (number % 7 * 13.0, 0.0, 0.0))


def hits(voxels: VoxelMap) -> dict[tuple[float, ...], int]:
    found = voxels.level(0)
    return dict(zip(map(tuple, found.centres.round(3).tolist()), found.hits.tolist(), strict=True))


def hits_of(numbers) -> dict[tuple[float, ...], int]:
    voxels = VoxelMap(CONFIG)
    for number in numbers:
        voxels.insert(cloud(number), float(number))
    return hits(voxels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a map with a snapshot, a region on disk, and a journal."""
    with VoxelMap(CONFIG, tmp_path / "map") as voxels:
        for number in range(4):
            voxels.insert(cloud(number), float(number))
        assert voxels.evict(1.0) >= 1
        voxels.checkpoint()
        for number in range(4, 8):
            voxels.insert(cloud(number), float(number))
    return tmp_path / "map"


def test_all_is_there_after_opening_again(folder: Path) -> None:
    for _ in range(2):
        with VoxelMap(CONFIG, folder) as voxels:
            assert voxels.recovered == 0
            assert hits(voxels) == hits_of(range(8))


def test_clearing_and_moving_far_are_journalled_too(tmp_path: Path) -> None:
    mug, far = [[1.0, 0.05, 0.05]], [[60_000.0, 0.0, 0.0]]
    with VoxelMap(CONFIG, tmp_path) as voxels:
        voxels.insert(mug)
        for _ in range(3):
            voxels.insert([[3.0, 0.05, 0.05]], sensor=(0.05, 0.05, 0.05))
        assert voxels.lookup(mug).tolist() == [-1]
        voxels.insert(mug, 5.0)
        voxels.checkpoint()
        voxels.insert(far)
        voxels.evict(5.0)
        voxels.insert(mug, 6.0)
        before = hits(voxels)
    with VoxelMap(CONFIG, tmp_path) as voxels:
        assert hits(voxels) == before
        assert voxels.voxels(voxels.lookup(mug)).hits.tolist() == [2]


def test_eviction_bounds_memory_and_regions_come_back_by_themselves(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"resident_voxels": 2000, "journal_bytes": 60_000})
    with VoxelMap(config, tmp_path) as voxels:
        for number in range(40):
            voxels.insert(np.add(cloud(number), (0.0, number * 20.0, 0.0)), float(number))
            assert len(voxels) <= 2200
        assert (voxels.lookup(cloud(0)) >= 0).all()
        assert len(voxels.within(np.add(cloud(1)[0], (0, 20.0, 0)), 0.3)) >= 1
        assert voxels.nearest((0, 39 * 20.0, 0))[1] < 70
        everything = hits(voxels)
        assert sum(everything.values()) == 8000
    with VoxelMap(config, tmp_path) as voxels:
        assert hits(voxels) == everything
    assert len(list(tmp_path.glob("journal-*.log"))) == 1


def test_a_region_on_disk_can_be_seen_away(tmp_path: Path) -> None:
    mug = [[1.0, 0.05, 0.05]]
    with VoxelMap(CONFIG, tmp_path) as voxels:
        voxels.insert(mug, 1.0)
        for _ in range(3):
            voxels.evict(100.0)
            assert len(voxels) == 0
            voxels.insert([[3.0, 0.05, 0.05]], 2.0, sensor=(0.05, 0.05, 0.05))
        assert len(voxels.all()) == 1


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from memagent.memory.spatial.voxels import VoxelMap
from test_folder import CONFIG, cloud
config = CONFIG.model_copy(update={{"journal_bytes": 30_000, "resident_voxels": 1500}})
with VoxelMap(config, Path({folder!r})) as voxels:
    for number in range(int(sys.argv[1]), 100_000):
        voxels.insert(cloud(number), float(number))
        print(number, flush=True)
"""


def test_kill_9_at_any_instant_loses_no_acknowledged_insert(tmp_path: Path) -> None:
    script = _WRITER.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "map"))
    chance, known = random.Random(3), 0
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(known)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.25))
        writer.send_signal(signal.SIGKILL)
        acknowledged = [known, *map(int, writer.stdout.read().split())]
        writer.wait()
        with VoxelMap(CONFIG, tmp_path / "map") as voxels:
            found = hits(voxels)
        # The one that was being written may be there or not, never half.
        inserted = sum(found.values()) // 200
        assert acknowledged[-1] + 1 <= inserted <= acknowledged[-1] + 2
        known = inserted
    assert found == hits_of(range(known))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def test_a_flipped_bit_anywhere_is_found_and_nothing_is_touched(folder: Path) -> None:
    chance = random.Random(1)
    for name in files(folder):
        path = folder / name
        whole = path.read_bytes()
        for at in [0, 5, 9, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(6))]:
            flipped = bytearray(whole)
            flipped[at] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            with (
                pytest.raises(MemagentError, match=name.split(".")[0]),
                VoxelMap(CONFIG, folder) as v,
            ):
                v.all()
            assert path.read_bytes() == flipped
        path.write_bytes(whole)
    with VoxelMap(CONFIG, folder) as voxels:
        assert hits(voxels) == hits_of(range(8))


def test_a_file_cut_short_is_found(folder: Path) -> None:
    for name in files(folder):
        if name.startswith("journal"):
            continue
        whole = (folder / name).read_bytes()
        for length in (0, 10, len(whole) // 2, len(whole) - 1):
            (folder / name).write_bytes(whole[:length])
            with pytest.raises(DamagedFileError, match=name), VoxelMap(CONFIG, folder) as voxels:
                voxels.all()
        (folder / name).unlink()
        with pytest.raises(DamagedFileError, match=name), VoxelMap(CONFIG, folder) as voxels:
            voxels.all()
        (folder / name).write_bytes(whole)


def test_a_torn_journal_keeps_all_before_the_tear(folder: Path, tmp_path: Path) -> None:
    (journal,) = folder.glob("journal-*.log")
    whole = journal.read_bytes()
    chance = random.Random(2)
    ends = [0, *np.cumsum(_record_lengths(whole))]
    for length in [1, 10, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(8))]:
        copy = tmp_path / f"torn-{length}"
        shutil.copytree(folder, copy)
        tail = bytes(300) if length % 2 else b""  # A power cut may leave zeros.
        (copy / journal.name).write_bytes(
            whole[:length] + tail if length in ends else whole[:length]
        )
        kept = sum(end <= length for end in ends) - 1
        with VoxelMap(CONFIG, copy) as voxels:
            assert voxels.recovered == length - ends[kept]
            voxels.insert(cloud(50))
        with VoxelMap(CONFIG, copy) as voxels:
            assert voxels.recovered == 0
            assert hits(voxels) == hits_of([*range(4 + kept), 50])


def test_zeros_after_the_last_record_are_a_tear(folder: Path) -> None:
    (journal,) = folder.glob("journal-*.log")
    journal.write_bytes(journal.read_bytes() + bytes(300))
    with VoxelMap(CONFIG, folder) as voxels:
        assert voxels.recovered == 300
        assert hits(voxels) == hits_of(range(8))


def _record_lengths(data: bytes) -> list[int]:
    lengths, at = [], 0
    while at < len(data):
        lengths.append(24 + int.from_bytes(data[at + 8 : at + 16], "little"))
        at += lengths[-1]
    return lengths


def test_a_full_disk_is_an_error_and_loses_nothing(folder: Path, monkeypatch) -> None:
    with VoxelMap(CONFIG, folder) as voxels:
        before = hits(voxels)
        with monkeypatch.context() as patch:
            _fill_up(voxels, patch)
            with pytest.raises(VoxelError, match=r"journal-1\.log: cannot be written: No space"):
                voxels.insert(cloud(99))
            assert hits(voxels) == before
        voxels.insert(cloud(8))
    with VoxelMap(CONFIG, folder) as voxels:
        assert voxels.recovered == 0
        assert hits(voxels) == hits_of(range(9))


def _fill_up(voxels: VoxelMap, monkeypatch) -> None:
    """The disk takes ten more bytes."""
    real = voxels._held.folder.journal._file

    class Full:
        closed = False
        left = 10
        fileno = staticmethod(real.fileno)

        def write(self, data) -> int:
            if not self.left:
                raise OSError(28, "No space left on device")
            self.left, taken = 0, self.left
            return real.write(data[:taken])

    monkeypatch.setattr(voxels._held.folder.journal, "_file", Full())


def test_a_full_disk_stops_a_snapshot_and_the_map_goes_on(folder: Path, monkeypatch) -> None:
    with VoxelMap(CONFIG, folder) as voxels:
        before = files(folder)
        with monkeypatch.context() as patch:

            def full(*_: object) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr(Path, "replace", full)
            with pytest.raises(VoxelError, match="No space"):
                voxels.checkpoint()
        assert files(folder) == before
        voxels.insert(cloud(8))
        voxels.checkpoint()
    with VoxelMap(CONFIG, folder) as voxels:
        assert hits(voxels) == hits_of(range(9))


def test_another_resolution_schema_or_process_is_refused(folder: Path) -> None:
    with pytest.raises(VoxelError, match="resolution"):
        VoxelMap(VoxelConfig(resolution=0.2), folder)
    with VoxelMap(CONFIG, folder), pytest.raises(VoxelError, match="another process"):
        VoxelMap(CONFIG, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": 2}))
    with pytest.raises(VoxelError, match="schema 2"):
        VoxelMap(CONFIG, folder)


def test_a_closed_map_and_one_without_a_folder_say_so(tmp_path: Path) -> None:
    voxels = VoxelMap(CONFIG, tmp_path / "map")
    voxels.close()
    with pytest.raises(VoxelError, match="closed"):
        voxels.insert(cloud(0))
    for change in (VoxelMap().checkpoint, lambda: VoxelMap().evict(0.0)):
        with pytest.raises(VoxelError, match="no folder"):
            change()
    (tmp_path / "file").write_text("")
    with pytest.raises(VoxelError, match="file"):
        VoxelMap(CONFIG, tmp_path / "file")
