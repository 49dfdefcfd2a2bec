# SPDX-License-Identifier: Apache-2.0
"""What each service of spatial memory answers, with a real one behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("memagent_interfaces")

from memagent import resources
from memagent.errors import MemagentError
from memagent.memory import LifelongMemory
from memagent.memory.spatial import Exit, Sight, SpatialMemory
from memagent.ros import convert
from memagent.ros import spatial_services as services
from memagent.site import load_site
from memagent.types import ObjectObservation, Percept, Pose2D, Relation
from memagent_interfaces import srv

pytestmark = pytest.mark.unit

MUG = (6.0, 5.6, 0.745)
EYE = (6.1, 4.95, 1.5)


@pytest.fixture
def space(tmp_path: Path) -> Iterator[SpatialMemory]:
    site = load_site(resources.find("configs/sites/flat.yaml"))
    mug = ObjectObservation(
        1, "red mug", "mug", "red", "cylinder", MUG, 0.0, (0.07, 0.07, 0.09), 0.9, 200
    )
    points = np.array(MUG) + np.random.default_rng(0).uniform(-0.03, 0.03, (200, 3))
    with (
        LifelongMemory(tmp_path / "robot.memory", site) as memory,
        SpatialMemory(knowledge=memory, site=site) as opened,
    ):
        for n in range(4):
            pose = Pose2D(1.0 + 1.5 * n, 4.95)
            look = np.random.default_rng(n).normal(size=16)
            opened.arrive(Sight(10.0 * n, pose, look, exits=(Exit((0.0, 2.0), 0.9),)))
        for stamp in (31.0, 32.0):
            opened.look(points, stamp, EYE, objects=(mug,))
            memory.observe(
                Percept(stamp, Pose2D(5.5, 4.95), (mug,), (), (Relation("red mug", "on", "desk"),))
            )
        yield opened


def ask(space: SpatialMemory, kind: Any, **fields: Any) -> Any:
    """Answer as the node does."""
    response = kind.Response()
    answer = {service: answer for service, _, answer in services.SERVICES}[kind]
    answer(space, kind.Request(**fields), response)
    return response


def test_where_tells_what_was_measured(space: SpatialMemory) -> None:
    response = srv.Where.Response()
    services.measured(space, srv.Where.Request(name="mug"), response)
    (item,) = response.measured
    assert (item.kind, item.name, item.stamp) == ("now", "red mug", 32.0)
    assert convert.point_from_msg(item.position) == MUG


def test_near_a_thing_and_near_a_position(space: SpatialMemory) -> None:
    found = ask(space, srv.Near, name="desk", radius=2.0)
    assert "red mug" in [item.name for item in found.found]
    assert found.obstacle < 2.0
    at = convert.point_to_msg(MUG)
    close = ask(space, srv.Near, position=at)
    assert [item.name for item in close.found if item.kind == "thing"] == ["red mug"]
    assert close.found[0].distance == 0.0
    with pytest.raises(MemagentError, match="unicorn"):
        ask(space, srv.Near, name="unicorn")


def test_route_and_lengths(space: SpatialMemory) -> None:
    way = ask(space, srv.Route, goal="place-0")
    assert way.length == pytest.approx(4.5)
    assert len(way.places) == 4
    assert (way.points[-1].x, way.points[-1].y) == (1.0, 4.95)
    start = convert.point_to_msg((1.0, 4.95, 0.0))
    to_mug = ask(space, srv.Route, goal="red mug", has_start=True, start=start)
    assert to_mug.length == pytest.approx(4.5 + math.dist((5.5, 4.95), MUG[:2]))
    goals = convert.points_to_msg([(2.5, 4.95), (1.0, 0.3)])
    lengths = ask(space, srv.RouteLengths, start=start, goals=goals).lengths
    assert lengths[0] == pytest.approx(1.5)
    assert math.isnan(lengths[1])


def test_the_unexplored_and_changes(space: SpatialMemory) -> None:
    found = ask(space, srv.Unexplored).found
    assert {"exit", "place"} <= {item.kind for item in found}
    assert [item.distance for item in found] == sorted(item.distance for item in found)
    changes = ask(space, srv.Changed, since=30.0)
    assert [(item.kind, item.name) for item in changes.things] == [("appeared", "red mug")]
    assert "red mug" in {fact.relation.subject for fact in changes.facts}
    assert not ask(space, srv.Changed, since=99.0).things
