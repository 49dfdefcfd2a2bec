# SPDX-License-Identifier: Apache-2.0
"""What spatial memory answers over ROS: one function per service.

Each fills the response, or raises a MemagentError that says why there is no answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from memagent.memory.spatial import SpatialMemory, Spot
from memagent.ros import convert
from memagent.types import Vector3
from memagent_interfaces import msg, srv

Answer = Callable[[SpatialMemory, Any, Any], None]


def measured(space: SpatialMemory, request: Any, response: Any) -> None:
    """Add to an answer of ``where`` what was seen of the thing in space."""
    found = space.where(request.name)
    stays = [("now", s, s.last) for s in found.now] + [("past", s, s.last) for s in found.past]
    response.measured = [_item(kind, s.label, s.position, stamp=last) for kind, s, last in stays]


def near(space: SpatialMemory, request: Any, response: Any) -> None:
    found = space.near(_spot(request.name, request.position), request.radius or 1.0)
    response.position = convert.point_to_msg(found.position)
    response.found = [
        _item(n.kind, n.name, n.position, n.distance, stamp=n.seen) for n in found.neighbours
    ]
    response.items = [convert.item_to_msg(item) for item in found.items]
    response.obstacle = float(found.obstacle)


def route(space: SpatialMemory, request: Any, response: Any) -> None:
    start = (request.start.x, request.start.y) if request.has_start else None
    way = space.route(_spot(request.goal, request.position), start)
    response.points = convert.points_to_msg(way.points)
    response.places = list(way.places)
    response.length, response.seconds = float(way.length), float(way.seconds)
    response.probability = float(way.probability)


def route_lengths(space: SpatialMemory, request: Any, response: Any) -> None:
    start = request.start.x, request.start.y
    goals = [(goal.x, goal.y) for goal in request.goals]
    response.lengths = [float(length) for length in space.route_lengths(start, goals)]


def unexplored(space: SpatialMemory, request: Any, response: Any) -> None:
    response.found = [
        _item(u.kind, u.name, (*u.position, 0.0), u.distance, u.width) for u in space.unexplored()
    ]


def changed(space: SpatialMemory, request: Any, response: Any) -> None:
    found = space.changed(request.since)
    response.things = [_item(c.kind, c.label, c.position, stamp=c.stamp) for c in found.things]
    response.facts = [convert.fact_to_msg(fact) for fact in found.facts]


SERVICES: tuple[tuple[Any, str, Answer], ...] = (
    (srv.Near, "near", near),
    (srv.Route, "route", route),
    (srv.RouteLengths, "route_lengths", route_lengths),
    (srv.Unexplored, "unexplored", unexplored),
    (srv.Changed, "changed", changed),
)


def _spot(name: str, position: Any) -> Spot:
    return name or convert.point_from_msg(position)


def _item(
    kind: str,
    name: str,
    position: Vector3,
    distance: float = math.nan,
    width: float = math.nan,
    stamp: float = math.nan,
) -> msg.SpatialItem:
    return msg.SpatialItem(
        kind=kind, name=name, position=convert.point_to_msg(position), distance=float(distance),
        width=float(width), stamp=float(stamp),
    )  # fmt: skip
