# SPDX-License-Identifier: Apache-2.0
"""open(container) and close(container)."""

from __future__ import annotations

from dataclasses import replace

from memagent.executor.body import SkillFailure
from memagent.executor.collision import handle_position
from memagent.executor.handles import (
    BACKED_OFF,
    HandlePlan,
    carried,
    path_length,
    plan_handle,
)
from memagent.executor.navigation import wrap
from memagent.executor.skills.job import Job, go_near, let_go, step_back, step_to
from memagent.types import Code, Pose2D

_DONE = 0.12
"""Openings so close to the goal count as reached."""
_PRESS = 0.006
"""Metres that the hand pushes on after a front should have closed."""
_STOP_SHORT = 0.02
"""Metres before its end that a drawer is pulled to: a base that overshoots would tear the hand off
the handle there."""


def open_container(job: Job) -> str:
    """Pull a drawer out or swing a door open, by its handle."""
    return _move_front(job, 1.0, "open")


def close_container(job: Job) -> str:
    """Push a drawer in or swing a door shut, by its handle."""
    return _move_front(job, 0.0, "closed")


def _move_front(job: Job, goal: float, word: str) -> str:
    body, place, scene = job.body, job.place, job.scene
    if not place.is_container:
        containers = [p.name for p in scene.site.places if p.is_container]
        raise SkillFailure(
            Code.BAD_ARGUMENT, f"{place.name} does not open; these do: {', '.join(containers)}"
        )
    if body.hand.held is not None and body.hand.grips:
        raise SkillFailure(
            Code.BAD_ARGUMENT, f"the hand holds the {body.hand.held.label}; put it down first"
        )
    go_near(job)
    opening = look_at_front(job)
    if abs(opening - goal) <= _DONE:
        return f"{place.name} is already {word}"
    plan = plan_handle(body, place, opening, goal)
    if plan is None:
        closed = _clear_the_way(job)
        plan = plan_handle(body, place, opening, goal) if closed else None
    if plan is None:
        raise SkillFailure(Code.UNREACHABLE, f"no pose from which to move {place.name}")
    _take_handle(job, plan)
    moved = _carry(job, plan, opening, goal)
    lost = not body.hand.grips
    _let_go(job, moved)
    step_back(job)
    seen = look_at_front(job)
    if abs(seen - goal) > max(_DONE, abs(plan.opening - goal) + 0.05):
        how = f"{place.name} is {100 * seen:.0f} % open after trying to get it {word}"
        if lost:
            raise SkillFailure(Code.GRASP_FAILED, f"lost the handle, {how}")
        raise SkillFailure(Code.BLOCKED, how)
    return f"{place.name} is {word}"


def _clear_the_way(job: Job) -> bool:
    """Close what stands open in the same furniture, such as the drawer above; False if nothing."""
    home = job.place.stand
    others = [
        p
        for p in job.scene.site.places
        if p.is_container
        and p.name != job.place.name
        and p.stand == home
        and job.scene.opening(p.name) > _DONE
    ]
    for other in others:
        close_container(replace(job, place=other))
    return bool(others)


def look_at_front(job: Job) -> float:
    """How far the container is open: as seen now, or as last known where it is not seen."""
    body, place = job.body, job.place
    since = body.state.stamp
    for opening in dict.fromkeys((job.scene.opening(place.name), 0.0)):
        gaze = body.eyes.look_to(_front_middle(job, opening))
        body.eyes.fixate(gaze)
        seen = body.sightings.container(place.name, since)
        if seen is not None:
            return seen.opening
    return job.scene.opening(place.name)


def _front_middle(job: Job, opening: float) -> tuple[float, float, float]:
    """Between the handle and the inside: where both tell whether it is open."""
    x, y, z = handle_position(job.place, opening)
    x0, y0, x1, y1 = job.scene.bounds(job.place)
    return (x + (x0 + x1) / 2) / 2, (y + (y0 + y1) / 2) / 2, z


def _take_handle(job: Job, plan: HandlePlan) -> None:
    body, name = job.body, job.place.name
    job.report(f"stepping up to {name}", 0.1)
    body.hand.open(wait=False)
    # The hand reaches out from a little further away, so that it meets nothing on the way up.
    step_to(job, plan.base)
    job.report(f"reaching for the handle of {name}", 0.25)
    body.arm.move(plan.approach[0])
    body.arm.start_line(plan.approach, BACKED_OFF, job.config.arm.approach_speed)
    body.arm.finish()
    body.hand.on_handle = True
    if body.hand.close() < job.config.arm.held_width:
        let_go(body)
        raise SkillFailure(Code.GRASP_FAILED, f"the fingers missed the handle of {name}")


def _carry(job: Job, plan: HandlePlan, opening: float, goal: float) -> float:
    """Move hand and base along with the front; returns the opening that was reached."""
    body, place = job.body, job.place
    job.report(f"moving {place.name}", 0.45)
    start = body.state.base
    end = plan.opening
    assert place.joint is not None
    if plan.opening == goal:
        lever = path_length(place, start, 0.0, 1.0)
        if goal == 0.0:
            end -= _PRESS / lever
        elif place.joint.kind == "slide":
            end -= _STOP_SHORT / lever
    duration = 15 / 8 * path_length(place, start, opening, end) / job.config.base.pull_speed

    def pose_at(share: float) -> Pose2D:
        return carried(place, start, opening, opening + share * (end - opening))

    body.wheels.sweep(pose_at, max(duration, 1.0))
    return _opening_of_base(job, start, opening)


def _opening_of_base(job: Job, start: Pose2D, opening: float) -> float:
    """How far the container must be open for the base to have got where it is."""
    place, base = job.place, job.body.state.base
    joint = place.joint
    assert joint is not None
    if joint.kind == "hinge":
        change = wrap(base.yaw - start.yaw) / joint.travel
    else:
        along = (base.x - start.x) * joint.axis[0] + (base.y - start.y) * joint.axis[1]
        change = along / joint.travel
    return min(max(opening + change, 0.0), 1.0)


def _let_go(job: Job, opening: float) -> None:
    job.report(f"letting go of {job.place.name}", 0.75)
    job.scene.set_opening(job.place.name, opening)
    let_go(job.body)
