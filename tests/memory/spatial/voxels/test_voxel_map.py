# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from memagent.errors import MemagentError
from memagent.memory.spatial.voxels import Pinhole, VoxelConfig, VoxelError, VoxelMap

pytestmark = pytest.mark.unit

CAMERA = Pinhole(525.0, 525.0, 319.5, 239.5)


def cloud(count: int = 5000, seed: int = 0, side: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-side, side, (count, 3))


def state(voxels: VoxelMap) -> dict[str, np.ndarray]:
    found = voxels.level(0)
    return {name: getattr(found, name) for name in ("centres", "hits", "seen", "labels", "colours")}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_a_voxel_says_what_its_points_said() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=0.1))
    points = [[0.01, 0.02, 0.03], [0.05, 0.02, 0.03], [-0.01, 0.0, 0.0]]
    colours = np.array([[1, 2, 3], [4, 5, 6], [0, 0, 0]], np.uint8)
    done = voxels.insert(points, 7.0, labels=[1, 2, 0], colours=colours, confidence=[1.0, 0.5, 0.1])
    assert (done.points, done.not_finite, done.out_of_range) == (3, 0, 0)
    rows = voxels.lookup([*points, [5.0, 5.0, 5.0]])
    assert rows[0] == rows[1] != rows[2]
    assert rows[3] == -1
    found = voxels.voxels(rows[[0, 2]])
    np.testing.assert_allclose(found.centres, [[0.05, 0.05, 0.05], [-0.05, 0.05, 0.05]])
    np.testing.assert_allclose(found.points[0], [0.03, 0.02, 0.03], atol=0.1 / 256)
    assert found.hits.tolist() == [2, 1]
    assert found.labels.tolist() == [2, 0]
    assert found.colours.tolist() == [[4, 5, 6], [1, 1, 1]]
    assert found.confidence[0] > 0.75 > 0.53 > found.confidence[1] > 0.5
    assert found.seen.tolist() == [7.0, 7.0]


def test_one_by_one_together_and_in_any_portion_are_the_same_map() -> None:
    points, labels = cloud(), np.arange(5000) % 7
    whole, single, portions = (VoxelMap(VoxelConfig(resolution=0.2)) for _ in range(3))
    whole.insert(points, 1.0, labels=labels)
    for start in range(0, 5000, 100):
        single.insert(points[start : start + 100], 1.0, labels=labels[start : start + 100])
        len(single)  # Has it sorted in.
    for start in range(0, 5000, 700):
        portions.insert(points[start : start + 700], 1.0, labels=labels[start : start + 700])
    assert_same(state(whole), state(single))
    assert_same(state(whole), state(portions))


def test_a_caller_may_reuse_its_array() -> None:
    voxels, points = VoxelMap(), cloud(10)
    kept = points.copy()
    voxels.insert(points)
    points[:] = 99.0
    assert (voxels.lookup(kept) >= 0).all()


def test_a_late_label_wins_and_none_does_not_erase_it() -> None:
    voxels = VoxelMap()
    for label in (3, 4, 0):
        voxels.insert([[0.0, 0.0, 0.0]], labels=label)
    assert voxels.voxels(voxels.lookup([[0.0, 0.0, 0.0]])).labels.tolist() == [4]
    assert len(voxels.labelled(4)) == 1
    assert len(voxels.labelled(3)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e300, 1e12])
def test_points_that_cannot_be_are_counted_and_the_rest_kept(bad: float) -> None:
    voxels = VoxelMap()
    done = voxels.insert([[0.0, 0.0, 0.0], [bad, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert done.points == 2
    assert done.not_finite + done.out_of_range == 1
    assert (done.not_finite == 1) == (not np.isfinite(bad))
    assert len(voxels) == 2


@pytest.mark.parametrize(
    "points",
    [
        "points", None, [1.0, 2.0, 3.0], [[1.0, 2.0]], [[1.0, 2.0, 3.0], [1.0]], 7,
        np.zeros((2, 3), complex), np.array([["a", "b", "c"]]), np.zeros((1, 3), bool),
        np.zeros((2, 3, 3)), [[None, 1.0, 2.0]],
    ],
)  # fmt: skip
def test_what_is_no_cloud_is_an_error_and_nothing_is_lost(points: object) -> None:
    voxels = VoxelMap()
    voxels.insert(cloud())
    before = state(voxels)
    with pytest.raises(MemagentError, match="points"):
        voxels.insert(points)  # type: ignore[arg-type]
    assert_same(before, state(voxels))


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("labels", {"labels": [1.5, 2.0]}), ("labels", {"labels": [1]}), ("labels", {"labels": -1}),
        ("labels", {"labels": 1 << 16}), ("colours", {"colours": np.zeros((2, 3))}),
        ("colours", {"colours": np.zeros((1, 3), np.uint8)}), ("confidence", {"confidence": 0.0}),
        ("confidence", {"confidence": 1.1}), ("confidence", {"confidence": [np.nan, 1.0]}),
        ("confidence", {"confidence": "sure"}), ("stamp", {"stamp": np.nan}),
        ("stamp", {"stamp": "now"}), ("sensor", {"sensor": [0.0, np.nan, 0.0]}),
        ("sensor", {"sensor": [1.0]}), ("sensor", {"sensor": [1e15, 0.0, 0.0]}),
    ],
)  # fmt: skip
def test_what_goes_with_a_cloud_is_checked(what: str, given: dict[str, object]) -> None:
    voxels = VoxelMap()
    with pytest.raises(VoxelError, match=what):
        voxels.insert([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], **given)  # type: ignore[arg-type]
    assert len(voxels) == 0


def test_an_empty_cloud_is_no_change() -> None:
    voxels = VoxelMap()
    for empty in ([], np.zeros((0, 3)), np.zeros((0, 3), np.float32)):
        assert voxels.insert(empty).points == 0
    assert len(voxels) == 0
    assert len(voxels.level(3)) == len(voxels.within((0, 0, 0), 1.0)) == 0
    assert voxels.nearest((0, 0, 0)) == (-1, np.inf)
    assert voxels.lookup([]).tolist() == []


def test_integers_and_strided_clouds_are_clouds() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=1.0))
    voxels.insert(np.arange(12).reshape(4, 3))
    voxels.insert(np.arange(60.0).reshape(3, 20).T[::2])
    voxels.insert(cloud(10).astype(np.float32))
    assert (voxels.lookup(np.arange(12).reshape(4, 3)) >= 0).all()


def test_the_map_follows_a_robot_far_away_and_keeps_what_it_had() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=0.01))
    home = cloud(500)
    voxels.insert(home)
    before = voxels.level(0)
    for x in (12_000.0, 19_000.0):  # The window reaches 10.4 km to each side.
        assert voxels.insert(home + np.array([x, 0.0, 0.0])).out_of_range == 0
    assert (voxels.lookup(home) >= 0).all()
    assert (voxels.lookup(home + np.array([19_000.0, 0.0, 0.0])) >= 0).all()
    rows = voxels.lookup(before.centres)
    np.testing.assert_array_equal(voxels.voxels(rows).hits, before.hits)
    assert voxels.insert([[-5000.0, 0.0, 0.0]]).out_of_range == 1
    assert voxels.insert([[-1000.0, 0.0, 0.0]]).out_of_range == 0


def test_radius_nearest_and_box_agree_with_all_pairs_by_blocks_and_by_tree() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=0.05))
    for seed in range(4):
        voxels.insert(cloud(2000, seed, 1.0))
        len(voxels)
    everything = voxels.level(0).centres
    random = np.random.default_rng(1)
    for prepared in (False, True):
        if prepared:
            voxels.prepare()
        for _ in range(20):
            at, radius = random.uniform(-1.5, 1.5, 3), random.uniform(0, 0.7)
            distances = np.linalg.norm(everything - at, axis=1)
            found = voxels.voxels(voxels.within(at, radius)).centres
            wanted = everything[distances <= radius]
            np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(wanted, axis=0))
            _, distance = voxels.nearest(at)
            assert distance == pytest.approx(distances.min())
    low, high = np.array([-0.52, -0.3, 0.11]), np.array([0.4, 0.31, 0.9])
    inside = ((everything + 0.025 > low) & (everything - 0.025 <= high)).all(axis=1)
    assert len(voxels.box(low, high)) == np.count_nonzero(inside)


def test_searching_a_map_that_stands_still_grows_a_tree() -> None:
    voxels = VoxelMap()
    voxels.insert(cloud(3000))
    found = [np.sort(voxels.within((0.1, 0.2, 0.3), 0.5)) for _ in range(20)]
    assert voxels._near._tree is not None
    assert all((rows == found[0]).all() for rows in found)
    voxels.insert([[0.1, 0.2, 0.3]])
    assert len(voxels.within((0.1, 0.2, 0.3), 0.5)) == len(found[0]) + 1


def test_rays_hit_the_first_voxel() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=0.1))
    voxels.insert([[1.05, 0.05, 0.05], [2.05, 0.05, 0.05], [0.05, -3.05, 0.05]])
    rows = voxels.ray([[0.05, 0.05, 0.05]] * 4, [[1, 0, 0], [0, -9, 0], [0, 1, 0], [-1, 0, 0]], 5.0)
    hit = voxels.voxels(rows[:2]).centres
    np.testing.assert_allclose(hit, [[1.05, 0.05, 0.05], [0.05, -3.05, 0.05]])
    assert rows[2:].tolist() == [-1, -1]
    assert voxels.ray([[0.05, 0.05, 0.05]], [[1, 0, 0]], 0.9).tolist() == [-1]
    with pytest.raises(VoxelError, match="ray"):
        voxels.ray([[0, 0, 0]], [[0, 0, 0]], 1.0)
    with pytest.raises(VoxelError, match="ray"):
        voxels.ray([[0, 0, 0]], [[1, 0, 0]], np.inf)


def test_levels_are_prefixes_and_lose_no_point() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=0.1))
    points = cloud(2000)
    voxels.insert(points, labels=np.arange(2000) % 3)
    for level in range(8):
        cells = voxels.level(level)
        assert cells.hits.sum() == 2000
        assert cells.side == pytest.approx(0.1 * 2**level)
        expected = np.unique(np.floor(points / cells.side), axis=0)
        assert len(cells) == len(expected)
        assert (np.abs(cells.points - cells.centres) <= cells.side / 2 + 1e-9).all()
    np.testing.assert_allclose(
        np.average(cells.points, axis=0, weights=cells.hits), points.mean(axis=0), atol=1e-3
    )
    with pytest.raises(VoxelError, match="level"):
        voxels.level(22)


def test_a_cloud_sees_through_what_has_gone() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=0.05))
    wall = np.stack(np.meshgrid([3.0], np.arange(-1, 1, 0.02), np.arange(-1, 1, 0.02)), -1)
    wall = wall.reshape(-1, 3)
    mug, behind = np.array([[1.5, 0.0, 0.0]]), np.array([[4.0, 0.0, 0.0]])
    voxels.insert(np.vstack([mug, behind]))
    scans = 0
    while voxels.lookup(mug)[0] >= 0:
        voxels.insert(wall, sensor=(0.0, 0.0, 0.0))
        scans += 1
        assert scans < 10
    assert scans == 3  # 0.85 of evidence, 0.41 less each time.
    assert (voxels.lookup(wall) >= 0).all()
    assert voxels.lookup(behind)[0] >= 0


def test_a_depth_image_moves_an_object() -> None:
    voxels = VoxelMap()
    pose = np.eye(4)
    pose[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]  # Looks along x.
    depth = np.full((480, 640), 2.0, np.float32)
    depth[:, :40] = 0.0
    depth[0, 300] = np.nan
    box = depth.copy()
    box[200:280, 300:380] = 1.0
    labels = np.ones((480, 640), int)
    colours = np.full((480, 640, 3), 9, np.uint8)
    for _ in range(3):
        voxels.insert_depth(box, CAMERA, pose, labels=labels, colours=colours)
    here = (0.95, -0.2, -0.2), (1.05, 0.2, 0.2)
    there = len(voxels.box(*here))
    assert there > 30
    assert len(voxels.labelled(1)) == len(voxels)
    for _ in range(9):
        voxels.insert_depth(depth, CAMERA, pose)
    assert len(voxels.box(*here)) == 0
    centres = voxels.level(0).centres
    assert (abs(centres[:, 0] - 2.01) < 0.02).all()
    # Behind what it measures, outside of its view, and where it has no reading, nothing changes.
    kept = [[3.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 3.0, 0.0], [1.0, 0.59, 0.0]]
    voxels.insert(kept)
    for _ in range(9):
        voxels.insert_depth(depth, CAMERA, pose)
    assert (voxels.lookup(kept) >= 0).all()


def test_thinned_out_pixels_leave_no_voxel_of_a_wall_without_a_point() -> None:
    for distance in (0.5, 1.1, 2.0, 3.9):
        voxels = VoxelMap()
        done = voxels.insert_depth(np.full((480, 640), distance + 0.003), CAMERA, np.eye(4))
        assert done.points <= 480 * 640
        y, x = 230 * distance / 525, 310 * distance / 525
        wall = np.stack(np.meshgrid(np.arange(-x, x, 0.02), np.arange(-y, y, 0.02)), -1)
        wall = np.insert(wall.reshape(-1, 2), 2, distance + 0.003, axis=1)
        assert (voxels.lookup(wall) >= 0).all()


@pytest.mark.parametrize(
    ("depth", "pose", "what"),
    [
        (np.zeros((4, 4), np.uint16), np.eye(4), "depth"), (np.zeros(4), np.eye(4), "depth"),
        (np.ones((4, 4)), np.eye(3), "pose"), (np.ones((4, 4)), 2 * np.eye(4), "pose"),
        (np.ones((4, 4)), np.full((4, 4), np.nan), "pose"), (np.ones((4, 4)), "here", "pose"),
    ],
)  # fmt: skip
def test_what_is_no_depth_image_is_an_error(depth, pose, what: str) -> None:
    with pytest.raises(VoxelError, match=what):
        VoxelMap().insert_depth(depth, CAMERA, pose)


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("labels", {"labels": np.full((480, 640), -1)}), ("confidence", {"confidence": 2.0}),
        ("colours", {"colours": np.zeros((480, 640, 3))}), ("stamp", {"stamp": np.inf}),
    ],
)  # fmt: skip
def test_a_depth_image_with_nonsense_clears_nothing(what: str, given: dict[str, object]) -> None:
    voxels = VoxelMap()
    voxels.insert([[0.0, 0.0, 1.0]], confidence=0.1)
    with pytest.raises(VoxelError, match=what):
        voxels.insert_depth(np.full((480, 640), 2.0), CAMERA, np.eye(4), **given)  # type: ignore[arg-type]
    assert len(voxels) == 1


def test_a_depth_image_without_a_reading_is_no_change() -> None:
    voxels = VoxelMap()
    assert voxels.insert_depth(np.zeros((48, 64)), CAMERA, np.eye(4)).points == 0
    with pytest.raises(VoxelError, match="labels"):
        voxels.insert_depth(np.ones((4, 4)), CAMERA, np.eye(4), labels=np.ones((4, 5), int))


def test_a_million_hits_do_not_overflow() -> None:
    voxels = VoxelMap(VoxelConfig(resolution=1.0))
    points = np.full((200_000, 3), 0.75)
    for _ in range(3):
        voxels.insert(points)
    found = voxels.level(0)
    assert found.hits.tolist() == [600_000]
    np.testing.assert_allclose(found.points, [[0.75, 0.75, 0.75]], atol=1 / 256)
    assert found.confidence[0] == pytest.approx(1 / (1 + np.exp(-3.5)))


def test_surfaces_take_at_most_forty_bytes_a_voxel() -> None:
    flat = np.stack(np.meshgrid(np.arange(0, 4, 0.02), np.arange(0, 4, 0.02)), -1).reshape(-1, 2)
    walls = [np.insert(flat + 0.01, axis, 0.01, axis=1) for axis in range(3)]
    voxels = VoxelMap()
    voxels.insert(np.vstack(walls))
    voxels.all()
    assert len(voxels) > 100_000
    assert voxels.nbytes / len(voxels) <= 40


def test_rows_of_no_voxel_are_an_error() -> None:
    voxels = VoxelMap()
    voxels.insert([[0.0, 0.0, 0.0]])
    for rows in ([-1], [1]):
        with pytest.raises(VoxelError, match="rows"):
            voxels.voxels(np.array(rows))
    for radius in (-1.0, np.nan, np.inf):
        with pytest.raises(VoxelError, match="radius"):
            voxels.within((0, 0, 0), radius)
