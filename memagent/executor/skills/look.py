# SPDX-License-Identifier: Apache-2.0
"""look_at(place), and what other skills ask of the eyes."""

from __future__ import annotations

from memagent.executor.looking import fixations
from memagent.executor.sightings import is_called, nearest
from memagent.executor.skills.job import Job, go_near
from memagent.site import Rectangle
from memagent.types import ObjectObservation, Vector3

_AT_BELIEVED = 0.3
"""Metres from where an object was believed to be within which it still counts as there."""
_OUT_OF_PLACE = 0.05


def look_at(job: Job) -> str:
    """Look at a whole surface or interior from its stand, in as many fixations as it takes."""
    go_near(job)
    inspect(job)
    seen = [o.label for o in objects_in(job, job.started)]
    return f"looked at {job.place.name}; saw {', '.join(seen) if seen else 'nothing there'}"


def inspect(job: Job) -> float:
    """Sweep the head over the place; returns the robot time at which the sweep began."""
    body, place = job.body, job.place
    began = body.state.stamp
    gazes = fixations(
        body.description.head,
        body.description.head_camera,
        body.state.base,
        exposed(job),
        place.height,
        job.config.looking.margin,
    )
    for k, gaze in enumerate(gazes):
        job.report(f"looking at {place.name}", k / len(gazes))
        body.eyes.fixate(gaze)
    return began


def exposed(job: Job) -> Rectangle:
    """The part of a place that can be seen and reached from above.

    Of a drawer, that is what is pulled out of its cabinet; of a closed container, its front.
    """
    place, scene = job.place, job.scene
    if place.is_container and not scene.is_open(place) and place.front is not None:
        return place.front
    x0, y0, x1, y1 = scene.bounds(place)
    if place.kind != "drawer" or place.joint is None:
        return (x0, y0, x1, y1)
    ax, ay = place.joint.axis
    for piece in scene.site.furniture:
        a0, b0, a1, b1 = piece.bounds
        if not (a0 < (x0 + x1) / 2 < a1 or b0 < (y0 + y1) / 2 < b1) or piece.height < place.height:
            continue
        if not (a0 <= place.bounds[0] and place.bounds[2] <= a1 and b0 <= place.bounds[1] <= b1):
            continue
        x0, x1 = (max(x0, a1), x1) if ax > 0.5 else (x0, min(x1, a0)) if ax < -0.5 else (x0, x1)
        y0, y1 = (max(y0, b1), y1) if ay > 0.5 else (y0, min(y1, b0)) if ay < -0.5 else (y0, y1)
    return (x0, y0, x1, y1)


def objects_in(job: Job, since: float) -> list[ObjectObservation]:
    """Objects seen since then that rest on or in the place."""
    opening = job.scene.opening(job.place.name)
    return [
        o
        for o in job.body.sightings.objects(since)
        if job.place.contains(o.position, opening, _OUT_OF_PLACE)
    ]


def find(job: Job, name: str, since: float, near: Vector3 | None) -> ObjectObservation | None:
    """The object of that name in the place, nearest to where it is believed to be."""
    seen = [o for o in job.body.sightings.objects(since) if is_called(o, name)]
    opening = job.scene.opening(job.place.name)
    inside = [o for o in seen if job.place.contains(o.position, opening, _OUT_OF_PLACE)]
    if inside:
        return nearest(inside, near)
    close = nearest(seen, near) if near is not None else None
    if close is None or near is None:
        return None
    gap = sum((a - b) ** 2 for a, b in zip(close.position, near, strict=True)) ** 0.5
    return close if gap < _AT_BELIEVED else None
