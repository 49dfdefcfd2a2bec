# SPDX-License-Identifier: Apache-2.0
"""Spatial memory as a whole: what it takes in, what it answers, what it refuses, what it keeps."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memagent.errors import MemagentError
from memagent.memory import LifelongMemory
from memagent.memory.spatial import (
    DamagedFileError,
    Exit,
    Pinhole,
    Sight,
    SpatialConfig,
    SpatialMemory,
    TopologyError,
    VoxelError,
    scan_look,
)
from memagent.site import Site
from memagent.types import Percept, Pose2D

from ..scenes import DESK, mug_on_desk, show
from .rooms import CONFIG, CORNER, EYE, MUG, mug, scan

pytestmark = pytest.mark.unit


def looked(space: SpatialMemory, stamp: float, *things) -> None:
    """Two scans, the last of them at ``stamp``: enough to believe them."""
    for when in (stamp - 0.2, stamp):
        space.look(scan(*things), when, EYE, objects=things)


def look_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=32)


def tour(space: SpatialMemory) -> list[str]:
    """Five places in a row, two metres apart."""
    places = []
    for n in range(5):
        sight = Sight(10.0 * n, Pose2D(2.0 * n, 0.0), look_of(n), label=f"spot {n}")
        places.append(space.arrive(sight).place)
    return places


# --- where ----------------------------------------------------------------------------------------


def test_a_thing_is_where_it_was_seen_and_its_past_is_kept() -> None:
    space = SpatialMemory(config=CONFIG)
    assert space.where("red mug").position is None
    looked(space, 1.0, mug())
    assert space.where("red mug").position == MUG
    assert space.where("mug").seen == 1.0  # its last word will do
    looked(space, 9.0, mug(CORNER))
    found = space.where("red mug")
    assert found.position == CORNER
    assert [s.position for s in found.past] == [MUG]
    assert found.past[0].last == 1.0
    assert found.past[0].gone == 9.0


def test_two_alike_things_in_one_view_are_both_believed() -> None:
    space = SpatialMemory(config=CONFIG)
    other = replace(mug(), position=(MUG[0] + 1.0, MUG[1], MUG[2]))
    looked(space, 1.0, mug(), other)
    kept = [stay.position for stay in space.sketch().things]
    assert sorted(kept) == sorted([MUG, other.position])


def test_a_thing_that_was_taken_away_is_nowhere() -> None:
    space = SpatialMemory(config=CONFIG)
    looked(space, 1.0, mug())
    looked(space, 2.0)
    assert space.where("red mug").position is None
    assert space.where("red mug").past[0].gone == 2.0


def test_a_hidden_thing_is_still_there() -> None:
    space = SpatialMemory(config=CONFIG)
    looked(space, 1.0, mug())
    screen = mug((2.6, 1.8, 0.5), "grey screen")
    big = type(screen)(**{**_fields(screen), "size": (0.3, 0.3, 1.0)})
    for when in (2.0, 3.0, 4.0):
        space.look(scan(mug(), big), when, EYE)  # it recognises nothing
    assert space.where("red mug").position == MUG


def _fields(thing):
    return {name: getattr(thing, name) for name in thing.__slots__}


def test_one_misread_frame_moves_nothing() -> None:
    space = SpatialMemory(config=CONFIG)
    looked(space, 1.0, mug())
    space.look(scan(mug()), 2.0, EYE, objects=(mug(CORNER),))
    assert space.where("red mug").position == MUG
    assert not space.where("red mug").past


def test_voxels_carry_the_things_labels_until_something_else_is_there() -> None:
    space = SpatialMemory(config=CONFIG)
    looked(space, 1.0, mug())
    number = space._state.label("red mug")
    at = space._voxels.voxels(space._voxels.labelled(number)).centres
    assert len(at) >= 1
    assert np.abs(at - MUG).max() < 0.1
    for when in range(2, 9):
        looked(space, float(when))
    assert not len(space._voxels.labelled(number))


def test_instances_and_names_will_do_instead_of_boxes() -> None:
    space = SpatialMemory(config=CONFIG)
    points = scan(mug())
    near = np.linalg.norm(points - MUG, axis=1) < 0.07
    for stamp in (1.0, 2.0):
        space.look(points, stamp, EYE, instances=near.astype(int), names=("blue cup",))
    found = space.where("blue cup").position
    assert found is not None
    assert math.dist(found, MUG) < 0.08


def test_depth_images_say_the_same_as_clouds() -> None:
    camera = Pinhole(200.0, 200.0, 99.5, 99.5)
    pose = np.eye(4)  # straight down from above the mug
    pose[:3, 1], pose[:3, 2], pose[:3, 3] = (0, -1, 0), (0, 0, -1), (3.0, 2.0, 1.4)
    row, column = np.mgrid[:200, :200]
    with_mug = np.full((200, 200), 1.4, np.float32)
    at = (np.abs(column - 99.5) < 5) & (np.abs(row - 99.5) < 5)
    with_mug[at] = 1.4 - 0.09
    space = SpatialMemory(config=CONFIG)
    for stamp in (1.0, 2.0):
        space.look_depth(with_mug, camera, pose, stamp, objects=(mug(),))
    assert space.where("red mug").position == MUG
    assert len(space._voxels.labelled(space._state.label("red mug")))
    bare = np.full((200, 200), 1.4, np.float32)
    for stamp in (3.0, 4.0):
        space.look_depth(bare, camera, pose, stamp)
    assert space.where("red mug").position is None


def test_the_knowledge_graph_answers_too_and_newer_evidence_wins(
    memory: LifelongMemory, site: Site
) -> None:
    space = SpatialMemory(config=CONFIG, knowledge=memory, site=site)
    show(memory, mug_on_desk(5.0))
    found = space.where("red mug")
    assert found.belief is not None
    assert found.belief.candidates[0].place == "desk"
    assert found.position == DESK
    assert found.facts
    looked(space, 9.0, mug())
    assert space.where("red mug").position == MUG
    show(memory, mug_on_desk(20.0))
    assert space.where("red mug").position == DESK


# --- near, routes, the unexplored, changes --------------------------------------------------------


def test_near_tells_things_places_items_and_obstacles(memory: LifelongMemory) -> None:
    memory.remember("tea was spilt", stamp=1.0, position=(2.9, 2.0, 0.0))
    space = SpatialMemory(config=CONFIG, knowledge=memory)
    space.arrive(Sight(0.0, Pose2D(2.0, 1.5), look_of(1), label="kitchen"))
    looked(space, 1.0, mug(), mug(CORNER, "blue cup"))
    found = space.near("red mug", 1.2)
    assert [n.name for n in found.neighbours] == ["red mug", "kitchen"]
    assert [item.text for item in found.items] == ["tea was spilt"]
    assert found.obstacle < 0.06
    with pytest.raises(TopologyError, match="nothing is known of 'unicorn'"):
        space.near("unicorn", 1.0)
    with pytest.raises(VoxelError, match="finite"):
        space.near((math.nan, 0.0), 1.0)


def test_a_route_leads_through_known_places() -> None:
    space = SpatialMemory(config=CONFIG)
    places = tour(space)
    way = space.route(places[0])
    assert way.places == tuple(reversed(places))
    assert way.length == pytest.approx(8.0)
    assert way.points[-1].tolist() == [0.0, 0.0]
    assert space.route((2.0, 0.5)).length == pytest.approx(6.5)
    lengths = space.route_lengths((8.0, 0.0), [(4.0, 0.0), (50.0, 0.0)])
    assert lengths[0] == pytest.approx(4.0)
    assert math.isnan(lengths[1])
    with pytest.raises(TopologyError, match="no way is known"):
        space.route((50.0, 0.0))


def test_a_passage_that_fails_is_avoided() -> None:
    space = SpatialMemory(config=CONFIG)
    a, b, *_ = tour(space)
    for _ in range(30):
        space.tried(a, b, success=False)
    assert space.route(a).probability < 0.5
    with pytest.raises(TopologyError):
        space.tried(a, a, success=True)


def test_the_unexplored_is_told_nearest_first(memory: LifelongMemory, site: Site) -> None:
    space = SpatialMemory(config=CONFIG, knowledge=memory, site=site)
    space.arrive(Sight(0.0, Pose2D(1.5, 1.5), look_of(1), exits=(Exit((1.0, 0.0), 0.9),)))
    points = scan()
    half = points[points[:, 0] < 2.5]  # nothing was seen of the other half of the room
    space.look(half, 1.0, EYE)
    found = space.unexplored()
    assert {u.kind for u in found} == {"exit", "border", "place"}
    assert [u.distance for u in found] == sorted(u.distance for u in found)
    (border,) = [u for u in found if u.kind == "border"]
    assert border.position[0] == pytest.approx(2.5, abs=0.15)
    assert border.width == pytest.approx(3.0, abs=0.3)
    space.look(points, 2.0, EYE)
    assert not [u for u in space.unexplored() if u.kind == "border"]


def test_the_floor_plan_is_free_occupied_and_unknown() -> None:
    space = SpatialMemory(config=CONFIG)
    assert space.floor_plan().cells.size == 0
    space.look(scan(), 1.0, EYE)
    plan = space.floor_plan()

    def at(x: float, y: float) -> int:
        column, row = ((np.array([x, y]) - plan.origin) / plan.resolution).astype(int)
        return int(plan.cells[row, column])

    assert at(1.0, 1.0) == 0
    assert at(4.01, 1.5) == 100
    assert at(-0.04, -0.04) in (-1, 100)


def test_changes_since_a_time(memory: LifelongMemory) -> None:
    space = SpatialMemory(config=CONFIG, knowledge=memory)
    looked(space, 1.0, mug())
    looked(space, 5.0, mug(CORNER))
    show(memory, mug_on_desk(5.0))
    changes = space.changed(3.0)
    assert [(c.kind, c.position) for c in changes.things] == [("appeared", CORNER), ("gone", MUG)]
    assert {f.relation.subject for f in changes.facts} >= {"red mug"}
    later = space.changed(6.0)
    assert not later.things
    assert not later.facts


def test_a_robot_that_stands_still_piles_up_no_poses() -> None:
    space = SpatialMemory(config=CONFIG)
    for second in range(1000):
        assert space.drive(Pose2D(1.0, 2.0, math.pi), float(second))
    assert len(space._state.driven) == 1


def test_a_place_is_found_by_the_id_that_it_had_before_it_was_merged() -> None:
    space = SpatialMemory(config=CONFIG)
    places = tour(space)
    space._state.graph.aliases["once"] = places[2]
    assert space.near("once", 1.0).position == space.near(places[2], 1.0).position


def test_places_are_recognised_by_what_they_looked_like() -> None:
    space = SpatialMemory(config=CONFIG)
    assert space.recognise(look_of(3)) == []
    places = tour(space)
    best, likeness = space.recognise(look_of(3))[0]
    assert best == places[3]
    assert likeness == pytest.approx(1.0, abs=1e-3)


def test_a_robot_that_perceives_notes_places_on_its_way() -> None:
    space = SpatialMemory(config=SpatialConfig(**{**dict(CONFIG), "localised": True}))
    visits = []
    for n in range(12):
        eye = np.array([0.5 + 0.25 * n, 1.5, 1.4])
        space.look(scan(eye=eye), float(n), eye)
        percept = Percept(float(n), Pose2D(eye[0], eye[1]), room="hall")
        visits.append(space.follow(percept))
    noted = [v.place for v in visits if v is not None]
    assert len(noted) == 6  # every half metre
    assert 3 <= len(set(noted)) < 6  # and again the same, where nearer than a place is wide
    assert space.route((0.5, 1.5)).length == pytest.approx(2.75, abs=0.3)


def test_the_last_things_move_with_the_robot() -> None:
    space = SpatialMemory(config=CONFIG)
    space.drive(Pose2D(2.0, 1.5, 0.0), 0.0)
    looked(space, 1.0, mug())
    space.drive(Pose2D(2.0, 1.5, math.pi / 2), 2.0)
    (hit,) = space.around("mug")
    np.testing.assert_allclose(hit.position, (0.5, -1.0, 0.045), atol=1e-9)
    assert space.around("xylophone") == []


def test_obstacles_around_the_robot_leave_out_the_floor() -> None:
    space = SpatialMemory(config=CONFIG)
    space.look(scan(), 1.0, EYE)
    near = space.obstacles((3.5, 1.5), 0.8)
    assert len(near)
    assert near[:, 2].min() > 0.1
    assert np.hypot(near[:, 0] - 3.5, near[:, 1] - 1.5).max() <= 0.8


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("nonsense", "points"),
        (np.zeros((4, 2)), "shape"),
        (np.zeros((4, 3), dtype=object), "object"),
        (np.zeros((4, 3), dtype=complex), "complex"),
    ],
)
def test_what_is_no_cloud_is_an_error_and_changes_nothing(points, message) -> None:
    space = SpatialMemory(config=CONFIG)
    looked(space, 1.0, mug())
    before = space.stats()
    with pytest.raises(VoxelError, match=message):
        space.look(points, 2.0, EYE)
    assert space.stats() == before


def test_points_that_cannot_be_are_counted() -> None:
    space = SpatialMemory(config=CONFIG)
    points = scan()
    bad = np.vstack([points, [[math.nan, 0, 0], [0, math.inf, 0], [900.0, 0, 0], [1e300, 0, 0]]])
    order = np.random.default_rng(0).permutation(len(bad))
    done = space.look(bad[order], 1.0, EYE)
    assert (done.points, done.not_finite) == (len(points), 1)
    assert done.out_of_range == 3
    assert space.stats()["rejected_points"] == 4
    assert space.look(np.zeros((0, 3)), 2.0, EYE).points == 0
    clean = SpatialMemory(config=CONFIG)
    clean.look(points, 1.0, EYE)
    assert clean.stats()["voxels"] == space.stats()["voxels"]


def test_a_jump_of_kilometres_is_rejected_and_a_robot_that_was_carried_is_believed() -> None:
    space = SpatialMemory(config=CONFIG)
    places = tour(space)
    assert not space.drive(Pose2D(4000.0, 0.0), 40.1)
    assert not space.drive(Pose2D(math.nan, 0.0), 40.1)
    with pytest.raises(TopologyError, match="too far"):
        space.arrive(Sight(40.2, Pose2D(0.0, 9000.0), look_of(9)))
    assert space.look(np.add(scan(), (5000, 0, 0)), 40.3, np.add(EYE, (5000, 0, 0))).points == 0
    assert space.stats()["rejected_poses"] == 3
    assert space.stats()["rejected_clouds"] == 1
    assert space.drive(Pose2D(8.1, 0.0), 40.5)
    assert space.route(places[0]).length == pytest.approx(8.1, abs=0.2)
    believed = [space.drive(Pose2D(30.0, 0.1 * n), 41.0 + n) for n in range(3)]
    assert believed == [False, False, True]
    visit = space.arrive(Sight(45.0, Pose2D(30.0, 0.3), look_of(7)))
    with pytest.raises(TopologyError, match="no way"):
        space.route(places[0])  # nobody has driven there
    assert not visit.recognised


def test_a_sight_or_label_that_cannot_be_is_an_error() -> None:
    space = SpatialMemory(config=CONFIG)
    tour(space)
    before = space.stats()
    for look in (np.zeros(32), np.full(32, np.nan), np.ones(5)):
        with pytest.raises(TopologyError):
            space.arrive(Sight(41.0, Pose2D(8.0, 0.0), look))
    with pytest.raises(VoxelError, match="instances"):
        space.look(np.ones((4, 3)), 1.0, EYE, instances=np.ones(3, int), names=("a",))
    with pytest.raises(VoxelError, match="names"):
        space.look(np.ones((4, 3)), 1.0, EYE, instances=np.full(4, 7), names=("a",))
    assert space.stats() == before


# --- the folder -----------------------------------------------------------------------------------


def everything(space: SpatialMemory) -> tuple[object, ...]:
    voxels = space._voxels.level(0)
    return (
        voxels.centres.tolist(), voxels.labels.tolist(), voxels.seen.tolist(),
        space._state.snapshot()[:3], [w.embedding.tolist() for p in space._state.looks.places
        for w in space._state.looks.read(p)],
    )  # fmt: skip


def test_all_is_there_after_opening_again(tmp_path: Path) -> None:
    with SpatialMemory(tmp_path, CONFIG) as space:
        tour(space)
        looked(space, 41.0, mug())
        space.checkpoint()
        looked(space, 52.0, mug(CORNER))
        space.arrive(Sight(53.0, Pose2D(8.0, 2.0), look_of(8)), landmarks=[("lamp", (0.5, 0.0))])
        space.tried("place-0", "place-1", success=False)
        before = everything(space)
    for _ in range(2):
        with SpatialMemory(tmp_path, CONFIG) as space:
            assert space.recovered == 0
            assert everything(space) == before
            assert space.where("mug").position == CORNER
            assert space.near("lamp", 0.1).position[:2] == pytest.approx((8.5, 2.0))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "places-1.log", "places.snapshot", "voxels",
    ]  # fmt: skip


def test_no_way_leads_from_where_the_robot_was_when_memory_was_last_open(tmp_path: Path) -> None:
    with SpatialMemory(tmp_path, CONFIG) as space:
        last = tour(space)[-1]
    with SpatialMemory(tmp_path, CONFIG) as space:
        here = space.arrive(Sight(100.0, Pose2D(3.0, 6.0), look_of(8))).place
        with pytest.raises(TopologyError, match="no way"):
            space.route(last)
    with SpatialMemory(tmp_path, CONFIG) as space:  # it stood still meanwhile
        space.arrive(Sight(110.0, Pose2D(3.2, 6.0), look_of(8)))
        assert space.arrive(Sight(115.0, Pose2D(3.0, 8.0), look_of(9))).place != here
        assert space.route(here).length == pytest.approx(2.0, abs=0.3)


def test_snapshots_are_taken_by_themselves_in_the_midst_of_a_drive(tmp_path: Path) -> None:
    config = SpatialConfig(**{**dict(CONFIG), "journal_bytes": 2000})
    with SpatialMemory(tmp_path, config) as space, SpatialMemory(config=config) as other:
        for each in (space, other):
            for n in range(12):
                each.drive(Pose2D(0.5 * n, 0.1), 2.0 * n)
                each.arrive(Sight(2.0 * n + 1, Pose2D(0.5 * n, 0.0), look_of(n % 5)))
        assert everything(space) == everything(other)
    with SpatialMemory(tmp_path, config) as again:
        assert everything(again) == everything(other)


def test_a_torn_tail_is_cut_off_wherever_it_tears(tmp_path: Path) -> None:
    with SpatialMemory(tmp_path / "a", CONFIG) as space:
        tour(space)
    journal = tmp_path / "a" / "places-0.log"
    whole = journal.read_bytes()
    for cut in np.random.default_rng(0).integers(1, len(whole), 12).tolist():
        journal.write_bytes(whole[:cut])
        with SpatialMemory(tmp_path / "a", CONFIG) as space:
            assert space.stats()["places"] <= 5
            assert space.recovered > 0 or journal.stat().st_size == cut
            space.arrive(Sight(100.0, Pose2D(0.0, 0.0), look_of(1)))


def test_damage_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    with SpatialMemory(tmp_path, CONFIG) as space:
        tour(space)
        space.checkpoint()
        space.arrive(Sight(60.0, Pose2D(8.0, 1.0), look_of(9)))
    for name in ("places.snapshot", "places-1.log"):
        path = tmp_path / name
        whole = path.read_bytes()
        path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        with pytest.raises(DamagedFileError, match=name):
            SpatialMemory(tmp_path, CONFIG)
        path.write_bytes(whole)
    snapshot = tmp_path / "places.snapshot"
    whole = snapshot.read_bytes()
    snapshot.write_bytes(whole[:-7])
    with pytest.raises(DamagedFileError, match="cut short"):
        SpatialMemory(tmp_path, CONFIG)
    snapshot.unlink()
    with pytest.raises(DamagedFileError, match="missing"):
        SpatialMemory(tmp_path, CONFIG)
    snapshot.write_bytes(whole)
    with SpatialMemory(tmp_path, CONFIG) as space:
        assert space.stats()["places"] == 6


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path, monkeypatch) -> None:
    with SpatialMemory(tmp_path, CONFIG) as space:
        tour(space)
        before = space.stats()
        real = space._log.journal._file

        class Full:
            closed = False
            fileno = real.fileno
            close = real.close

            def write(self, data: memoryview) -> int:
                real.write(data[:5])
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(space._log.journal, "_file", Full())
        for _ in range(2):
            with pytest.raises(VoxelError, match="No space left"):
                space.arrive(Sight(60.0, Pose2D(8.0, 2.0), look_of(9)))
        assert {**space.stats()} == before
        monkeypatch.setattr(space._log.journal, "_file", real)
        space.arrive(Sight(60.0, Pose2D(8.0, 2.0), look_of(9)))
    with SpatialMemory(tmp_path, CONFIG) as space:
        assert space.stats()["places"] == 6


def test_only_one_process_writes(tmp_path: Path) -> None:
    with SpatialMemory(tmp_path, CONFIG), pytest.raises(MemagentError, match="another process"):
        SpatialMemory(tmp_path, CONFIG)


# --- looks ----------------------------------------------------------------------------------------


def test_a_scan_looks_like_itself_a_step_aside_and_not_like_one_elsewhere() -> None:
    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    here = scan_look(scan(), EYE)
    aside = np.add(EYE, (0.15, 0.1, 0.0))
    there = np.array([0.8, 0.8, 1.4])
    assert cosine(here, scan_look(scan(eye=aside), aside)) > 0.8
    assert cosine(here, scan_look(scan(eye=there), there)) < 0.6
