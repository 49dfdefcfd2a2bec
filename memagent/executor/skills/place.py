# SPDX-License-Identifier: Apache-2.0
"""place(object, place)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from memagent.executor.body import Held, SkillFailure
from memagent.executor.collision import box_distances
from memagent.executor.grasps import Grasp
from memagent.executor.scene import object_boxes
from memagent.executor.sightings import is_called
from memagent.executor.skills.containers import look_at_front
from memagent.executor.skills.job import Job, bring_above, go_near, step_back, step_to
from memagent.executor.skills.look import exposed, inspect, objects_in
from memagent.executor.stances import Reach, find_reach, reach_from
from memagent.types import Code, ObjectObservation, Vector3

_RIM = 0.02
"""Metres to leave between an object and the edge of what it is put on."""
_DEPTH = 0.16
"""Preferred distance of an object from the edge that the robot stands at."""
_ROOMY = 0.2
"""Metres to neighbours that are worth going aside for."""
_GRID = 0.03
_MOST_SPOTS = 30
_UNKNOWN = Held("", 0.06, (0.07, 0.07, 0.1))
"""Assumed of something that was in the hand before the executor started."""


def place(job: Job) -> str:
    """Find a free spot, put down what is in the hand, and check that it is there."""
    body = job.body
    if not body.hand.grips:
        body.hand.held = None
        raise SkillFailure(Code.BAD_ARGUMENT, "the hand is empty: pick something first")
    held = body.hand.held or _UNKNOWN
    name = job.call.object or held.label
    if held.label and name not in held.label:
        raise SkillFailure(Code.BAD_ARGUMENT, f"the hand holds the {held.label}, not the {name}")
    body.hand.held = held
    go_near(job)
    since = inspect(job)
    if not job.scene.is_open(job.place) and look_at_front(job) > 0.0:
        since = inspect(job)
    if not job.scene.is_open(job.place):
        raise SkillFailure(Code.BAD_ARGUMENT, f"{job.place.name} is closed; open it first")
    others = [o for o in objects_in(job, since) if not _in_hand(job, o)]
    reach = _find_spot(job, held, others)
    job.report(f"stepping up to {job.place.name}", 0.3)
    step_to(job, reach.base)
    spot = _lower(job, reach, others)
    body.hand.held = None
    job.report(f"stepping back from {job.place.name}", 0.75)
    step_back(job, object_boxes(others))
    return _verify(job, name, spot, held)


def _in_hand(job: Job, seen: ObjectObservation) -> bool:
    return math.dist(seen.position, job.body.arm.tool()[:3, 3]) < 0.2


def _find_spot(job: Job, held: Held, others: list[ObjectObservation]) -> Reach:
    body = job.body
    extra = object_boxes(others)
    height = job.config.arm.approach_height
    for spot in itertools.islice(_spots(job, held, others), _MOST_SPOTS):
        reach = find_reach(body, job.place, _goals(job, held, spot), height=height, extra=extra)
        if reach is not None:
            return reach
    raise SkillFailure(Code.UNREACHABLE, f"found no free spot within reach at {job.place.name}")


def _goals(job: Job, held: Held, spot: tuple[float, float]) -> tuple[Grasp, ...]:
    z = job.place.height + held.above_bottom + 0.006
    facing = job.place.stand[2]
    return tuple(
        Grasp((*spot, z), facing + angle, held.size[1], held.above_bottom, held.tilt)
        for angle in (-math.pi / 2, math.pi / 2, -math.pi / 2 + 0.4, -math.pi / 2 - 0.4)
    )


def _spots(job: Job, held: Held, others: list[ObjectObservation]) -> Iterator[tuple[float, float]]:
    """Free spots, best first: near the edge where the robot stands, clear of what is there."""
    place = job.place
    x0, y0, x1, y1 = exposed(job)
    c, s = math.cos(place.stand[2]), math.sin(place.stand[2])
    # The fingers close sideways, so the object's longer side lies along the robot's heading.
    along, across = held.size[0] / 2, held.size[1] / 2
    half_x = abs(c) * along + abs(s) * across + _RIM
    half_y = abs(s) * along + abs(c) * across + _RIM
    xs, ys = _steps(x0 + half_x, x1 - half_x), _steps(y0 + half_y, y1 - half_y)
    footprints = [replace(b, centre=(*b.centre[:2], 0.0)) for b in object_boxes(others)]
    spots = []
    for x, y in itertools.product(xs, ys):
        at = np.array([x, y, 0.0])
        gap = float(box_distances(at, footprints).min()) if others else math.inf
        if gap < job.config.object_gap:
            continue
        crowded = max(0.0, _ROOMY - gap)
        depth = _depth(job, x, y, c, s)
        aside = abs((x - place.stand[0]) * -s + (y - place.stand[1]) * c)
        spots.append((abs(depth - _DEPTH) + 0.4 * aside + crowded, (x, y)))
    spots.sort()
    return (spot for _, spot in spots)


def _depth(job: Job, x: float, y: float, c: float, s: float) -> float:
    """How far a point lies behind the edge that faces the stand."""
    x0, y0, x1, y1 = job.scene.bounds(job.place)
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    edge = min(c * a + s * b for a, b in corners)
    return c * x + s * y - edge


def _steps(low: float, high: float) -> list[float]:
    if high <= low:
        return [(low + high) / 2]
    count = max(1, int((high - low) / _GRID))
    return [float(v) for v in np.linspace(low, high, count + 1)]


def _lower(job: Job, reach: Reach, others: list[ObjectObservation]) -> Vector3:
    """Put the object down and draw the hand back up; returns where the object should now be."""
    body, arm = job.body, job.config.arm
    again = reach_from(
        body,
        body.state.base,
        (reach.grasp,),
        height=arm.approach_height,
        extra=object_boxes(others),
    )
    reach = again or reach
    job.report(f"putting it down at {job.place.name}", 0.5)
    if bring_above(job, reach.above, object_boxes(others)):
        aimed = reach_from(body, body.state.base, (reach.grasp,), height=arm.approach_height)
        if aimed is not None:
            reach = aimed
            body.arm.move(reach.above)
    body.arm.start_line(reach.descent, arm.approach_height, arm.approach_speed)
    body.arm.finish(stop_at_contact=True)
    x, y, _ = body.arm.tool()[:3, 3]
    body.hand.open()
    body.arm.rise(arm.lift_height, reach.descent)
    return float(x), float(y), job.place.height


def _verify(job: Job, name: str, spot: Vector3, held: Held) -> str:
    """Look where it was put.

    Raises:
        SkillFailure: DROPPED, it is not there; the message says where it is if it is seen.
    """
    body, place = job.body, job.place
    job.report(f"checking {place.name}", 0.9)
    middle = (spot[0], spot[1], spot[2] + held.size[2] / 2)
    since = body.state.stamp
    body.eyes.fixate(body.eyes.look_to(middle))
    for attempt in range(2):
        if attempt:
            inspect(job)
        opening = job.scene.opening(place.name)
        seen = [o for o in body.sightings.objects(since) if is_called(o, name)]
        if any(place.contains(o.position, opening, 0.05) for o in seen):
            return f"the {name} is at {place.name}"
    where = "; it is not in sight"
    if seen:
        x, y, z = seen[0].position
        where = f"; it is at ({x:.2f}, {y:.2f}, {z:.2f})"
    raise SkillFailure(Code.DROPPED, f"the {name} is not at {place.name}{where}")
