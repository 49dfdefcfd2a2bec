# SPDX-License-Identifier: Apache-2.0
"""pick(object, place, position)."""

from __future__ import annotations

import math

from memagent.executor.body import Held, SkillFailure
from memagent.executor.grasps import top_down_grasps
from memagent.executor.scene import object_boxes
from memagent.executor.sightings import is_called
from memagent.executor.skills.job import Job, bring_above, go_near, step_back, step_to
from memagent.executor.skills.look import find, inspect
from memagent.executor.stances import LEANS, Reach, find_reach, reach_from
from memagent.types import Code, ObjectObservation

_SAME_SPOT = 0.06
"""Metres within which a target may shift when it is seen again from nearby."""
_NEIGHBOUR = 0.5
_STOPPED_EARLY = 0.012
"""Metres above its goal that a hand was stopped so that it counts as too early."""
_TURNED_ENOUGH = 0.45
"""Sine of the angle by which a second grasp should differ from one that failed."""
_LEAST_SHARE = 0.35
"""Of the expected width; fingers that are closer together hold something else, like a handle."""
_WHOLE_SHARE = 0.8
"""The same where the hand did not get all the way down."""


def pick(job: Job) -> str:
    """Find an object, step up to it, grasp it from above and step back with it."""
    body, name = job.body, job.call.object
    if not name:
        raise SkillFailure(Code.BAD_ARGUMENT, "pick needs the name of an object")
    if body.hand.held is not None and body.hand.grips:
        raise SkillFailure(Code.BAD_ARGUMENT, f"the hand already holds the {body.hand.held.label}")
    body.hand.held = None
    body.hand.open(wait=False)
    go_near(job)
    target = search(job)
    reach = _step_up(job, target)
    target, reach = _look_again(job, target, reach)
    held = _grasp(job, target, reach)
    if not held:
        job.report(f"trying to grasp the {name} again", 0.6)
        missed = reach.grasp.yaw
        step_back(job)
        target = search(job)
        reach = _step_up(job, target)
        target, reach = _look_again(job, target, reach, missed)
        held = _grasp(job, target, reach)
    if not held:
        step_back(job)
        raise SkillFailure(Code.GRASP_FAILED, f"the fingers got no hold of the {name}")
    _lift(job, target, reach)
    job.report(f"stepping back with the {name}", 0.85)
    step_back(job, object_boxes(_obstacles(job, target)))
    if not body.hand.grips:
        body.hand.held = None
        body.hand.open(wait=False)
        raise SkillFailure(Code.GRASP_FAILED, f"the {name} slipped out of the hand")
    return f"holding the {name}"


def search(job: Job) -> ObjectObservation:
    """Look where the object is believed to be, then at the whole place.

    Raises:
        SkillFailure: NOT_FOUND, or BLOCKED where the place is closed.
    """
    body, call, place = job.body, job.call, job.place
    job.report(f"looking for the {call.object}", 0.05)
    since = body.state.stamp
    near = call.position
    if near is not None:
        body.eyes.fixate(body.eyes.look_to(near))
        found = find(job, call.object, since, near)
        if found is not None:
            return found
    inspect(job)
    found = find(job, call.object, since, near)
    if found is not None:
        return found
    if not job.scene.is_open(place):
        raise SkillFailure(Code.BLOCKED, f"{place.name} is closed; open it first")
    elsewhere = [o for o in body.sightings.objects(since) if is_called(o, call.object)]
    hint = ""
    if elsewhere:
        x, y, z = elsewhere[0].position
        hint = f", but there is one at ({x:.2f}, {y:.2f}, {z:.2f})"
    raise SkillFailure(Code.NOT_FOUND, f"no {call.object} seen at {place.name}{hint}")


def _surface(job: Job, target: ObjectObservation) -> float:
    """Height of what the target stands on."""
    bottom = target.position[2] - target.size[2] / 2
    return job.place.height if abs(bottom - job.place.height) < 0.05 else bottom


def _obstacles(job: Job, target: ObjectObservation) -> list[ObjectObservation]:
    """Neighbours of the target; not the target itself, on its spot or in the hand."""
    hand = job.body.arm.tool()[:3, 3]
    return [
        o
        for o in job.body.sightings.objects(job.started)
        if _SAME_SPOT / 2 < math.dist(o.position, target.position) < _NEIGHBOUR
        and not (
            o.label == target.label
            and (math.dist(o.position, target.position) < 0.1 or math.dist(o.position, hand) < 0.2)
        )
    ]


def _step_up(job: Job, target: ObjectObservation) -> Reach:
    body = job.body
    job.report(f"stepping up to the {job.call.object}", 0.2)
    grasps = top_down_grasps(
        target, _surface(job, target), body.description.gripper, job.place.stand[2]
    )
    if not grasps:
        raise SkillFailure(
            Code.UNREACHABLE,
            f"the {job.call.object} is {min(target.size[:2]):.3f} m wide, "
            f"the hand opens {body.description.gripper.max_width} m",
        )
    extra = object_boxes(_obstacles(job, target))
    height = job.config.arm.approach_height
    reach = find_reach(body, job.place, grasps, height=height, extra=extra)
    # Failing that, lean the hand back, and at last reach in between neighbours that may be touched.
    reach = reach or find_reach(body, job.place, grasps, height=height, extra=extra, leans=LEANS)
    reach = reach or find_reach(body, job.place, grasps, height=height, leans=LEANS)
    if reach is None:
        raise SkillFailure(
            Code.UNREACHABLE, f"no pose from which the arm reaches the {job.call.object}"
        )
    body.eyes.look_to(target.position, reach.base)
    step_to(job, reach.base)
    return reach


def _look_again(
    job: Job, target: ObjectObservation, reach: Reach, missed: float | None = None
) -> tuple[ObjectObservation, Reach]:
    """Refine the grasp from nearby, where the object is seen best.

    Args:
        job: the skill.
        target: the object as seen from the stand.
        reach: the grasp planned for that.
        missed: direction of a closing axis that failed before, radians; the hand is then turned
            away from it if it can be.
    """
    body = job.body
    job.report(f"looking closely at the {job.call.object}", 0.4)
    since = body.state.stamp
    body.eyes.fixate(body.eyes.look_to(target.position), job.config.looking.close_percepts)
    again = find(job, job.call.object, since, target.position)
    if again is not None and math.dist(again.position, target.position) < _SAME_SPOT:
        target = again
    base, lean = body.state.base, abs(reach.grasp.tilt)
    grasps = top_down_grasps(target, _surface(job, target), body.description.gripper, base.yaw)
    if lean:
        grasps = tuple(g.leaning(base.yaw, lean) for g in grasps)
    if missed is not None:
        grasps = tuple(sorted(grasps, key=lambda g: abs(math.sin(g.yaw - missed)) < _TURNED_ENOUGH))
    extra = object_boxes(_obstacles(job, target))
    height = job.config.arm.approach_height
    better = reach_from(body, base, grasps, height=height, extra=extra)
    better = better or reach_from(body, base, grasps, height=height)
    return target, better or reach


def _grasp(job: Job, target: ObjectObservation, reach: Reach) -> bool:
    """Reach, close, and say whether the object is between the fingers."""
    body, arm = job.body, job.config.arm
    job.report(f"reaching for the {job.call.object}", 0.5)
    body.hand.open(wait=False)
    share = _LEAST_SHARE if _descend(job, target, reach) else _WHOLE_SHARE
    # Close even where a finger came down on something, a mug's handle perhaps: wedged open fingers
    # would carry the object along unheld.
    width = body.hand.close()
    if width > max(arm.held_width, share * reach.grasp.width):
        return True
    body.hand.open()
    body.arm.rise(arm.approach_height, reach.descent)
    return False


def _descend(job: Job, target: ObjectObservation, reach: Reach) -> bool:
    """Bring the open hand above the target and down; False where something stopped it early."""
    body, arm = job.body, job.config.arm
    around = object_boxes([*_obstacles(job, target), target])
    if bring_above(job, reach.above, around):
        aimed = reach_from(body, body.state.base, (reach.grasp,), height=arm.approach_height)
        if aimed is not None:
            reach = aimed
            body.arm.move(reach.above)
    body.arm.start_line(reach.descent, arm.approach_height, arm.approach_speed)
    touched = body.arm.finish(stop_at_contact=True)
    return not (touched and body.arm.tool()[2, 3] > reach.grasp.position[2] + _STOPPED_EARLY)


def _lift(job: Job, target: ObjectObservation, reach: Reach) -> None:
    """Lift and check that the object came along.

    Raises:
        SkillFailure: GRASP_FAILED, it slipped; the robot has stepped back with open fingers.
    """
    body, name = job.body, job.call.object
    job.report(f"lifting the {name}", 0.7)
    tip = float(body.arm.tool()[2, 3])
    height = max(tip - _surface(job, target), 0.01)
    body.arm.rise(job.config.arm.lift_height, reach.descent)
    if not body.hand.grips:
        body.hand.open(wait=False)
        step_back(job)
        raise SkillFailure(Code.GRASP_FAILED, f"the {name} slipped out while it was lifted")
    body.hand.held = Held(target.label, height, target.size, reach.grasp.tilt)
