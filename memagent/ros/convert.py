# SPDX-License-Identifier: Apache-2.0
"""Between memagent's data model and its ROS messages: the only place where this is written.

``to_msg`` functions take a value of ``memagent.types`` and return the message that mirrors it;
``from_msg`` functions invert them. Optional numbers travel as NaN, optional positions with a flag.
"""

from __future__ import annotations

import json
import math
from typing import Any, cast

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Transform, Vector3
from geometry_msgs.msg import Pose2D as Pose2DMsg
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from memagent import types
from memagent_interfaces import msg


def stamp_to_msg(seconds: float) -> Time:
    whole = math.floor(seconds)
    nanoseconds = round((seconds - whole) * 1e9)
    if nanoseconds == 1_000_000_000:
        whole, nanoseconds = whole + 1, 0
    return Time(sec=int(whole), nanosec=nanoseconds)


def stamp_from_msg(stamp: Time) -> float:
    return float(stamp.sec) + float(stamp.nanosec) * 1e-9


def header(seconds: float, frame_id: str = "map") -> Header:
    return Header(stamp=stamp_to_msg(seconds), frame_id=frame_id)


def _optional_to_msg(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _optional_from_msg(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def point_to_msg(position: types.Vector3) -> Point:
    return Point(x=float(position[0]), y=float(position[1]), z=float(position[2]))


def point_from_msg(point: Point) -> types.Vector3:
    return (point.x, point.y, point.z)


def _place_point(message: Any, position: types.Vector3 | None) -> None:
    """Fill ``has_position`` and ``position`` of any message that has both."""
    message.has_position = position is not None
    if position is not None:
        message.position = point_to_msg(position)


def _placed_point(message: Any) -> types.Vector3 | None:
    return point_from_msg(message.position) if message.has_position else None


def pose2d_to_msg(pose: types.Pose2D) -> Pose2DMsg:
    return Pose2DMsg(x=float(pose.x), y=float(pose.y), theta=float(pose.yaw))


def pose2d_from_msg(pose: Pose2DMsg) -> types.Pose2D:
    return types.Pose2D(pose.x, pose.y, pose.theta)


# --- geometry and images ------------------------------------------------------------------------


def quaternion_from_yaw(yaw: float) -> tuple[float, float, float, float]:
    """x, y, z, w."""
    return (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))


def transform_to_msg(matrix: types.FloatArray) -> Transform:
    """From a 4x4 rigid transform."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(matrix[:3, :3]).as_quat()
    message = Transform()
    message.translation = Vector3(
        x=float(matrix[0, 3]), y=float(matrix[1, 3]), z=float(matrix[2, 3])
    )
    message.rotation.x, message.rotation.y = float(x), float(y)
    message.rotation.z, message.rotation.w = float(z), float(w)
    return message


def transform_from_msg(message: Transform) -> types.FloatArray:
    """To a 4x4 rigid transform."""
    from scipy.spatial.transform import Rotation

    q = message.rotation
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat([q.x, q.y, q.z, q.w]).as_matrix()
    matrix[:3, 3] = (message.translation.x, message.translation.y, message.translation.z)
    return matrix


def image_to_msg(pixels: NDArray[Any], head: Header) -> Image:
    """From an rgb8 array of shape (h, w, 3) or a 32FC1 array of shape (h, w)."""
    import array

    encoding = "rgb8" if pixels.dtype == np.uint8 else "32FC1"
    message = Image(
        header=head,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=pixels.strides[0],
    )
    # rclpy copies an array.array in one go and anything else byte by byte.
    message.data = array.array("B", np.ascontiguousarray(pixels).tobytes())
    return message


def image_from_msg(message: Image) -> NDArray[Any]:
    """To the array that :func:`image_to_msg` takes.

    Also reads depth in 16UC1 millimetres, which many camera drivers publish.

    Raises:
        ValueError: the encoding is none of rgb8, bgr8, 32FC1, 16UC1.
    """
    shape = (message.height, message.width)
    if message.encoding in ("rgb8", "bgr8"):
        rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
        pixels = rows[:, : message.width * 3].reshape(*shape, 3)
        return pixels if message.encoding == "rgb8" else pixels[..., ::-1]
    if message.encoding == "32FC1":
        return np.frombuffer(message.data, np.float32).reshape(message.height, -1)[
            :, : message.width
        ]
    if message.encoding == "16UC1":
        millimetres = np.frombuffer(message.data, np.uint16).reshape(message.height, -1)
        return millimetres[:, : message.width].astype(np.float32) * 1e-3
    raise ValueError(
        f"image encoding {message.encoding!r} is not supported; "
        "use rgb8, bgr8, 32FC1 (m) or 16UC1 (mm)"
    )


# --- perception -----------------------------------------------------------------------------------


def percept_to_msg(percept: types.Percept) -> msg.Percept:
    return msg.Percept(
        header=header(percept.stamp),
        base=pose2d_to_msg(percept.base),
        objects=[object_to_msg(o) for o in percept.objects],
        containers=[
            msg.ContainerObservation(
                name=c.name,
                is_open=bool(c.is_open),
                opening=float(c.opening),
                confidence=float(c.confidence),
            )
            for c in percept.containers
        ],
        relations=[relation_to_msg(r) for r in percept.relations],
        viewed=[msg.PlaceView(place=p, value=float(v)) for p, v in percept.viewed.items()],
        holding=bool(percept.holding),
        room=percept.room,
        summary=percept.summary,
        queries=list(percept.queries),
        boundary=bool(percept.boundary),
        source=percept.source,
    )


def percept_from_msg(message: msg.Percept) -> types.Percept:
    return types.Percept(
        stamp=stamp_from_msg(message.header.stamp),
        base=pose2d_from_msg(message.base),
        objects=tuple(object_from_msg(o) for o in message.objects),
        containers=tuple(
            types.ContainerObservation(c.name, c.is_open, c.opening, c.confidence)
            for c in message.containers
        ),
        relations=tuple(relation_from_msg(r) for r in message.relations),
        viewed={v.place: v.value for v in message.viewed},
        holding=message.holding,
        room=message.room,
        summary=message.summary,
        queries=tuple(message.queries),
        boundary=message.boundary,
        source=message.source,
    )


def object_to_msg(observation: types.ObjectObservation) -> msg.ObjectObservation:
    o = observation
    return msg.ObjectObservation(
        track_id=int(o.track_id),
        label=o.label,
        category=o.category,
        colour=o.colour,
        shape=o.shape,
        position=point_to_msg(o.position),
        yaw=float(o.yaw),
        size=Vector3(x=float(o.size[0]), y=float(o.size[1]), z=float(o.size[2])),
        confidence=float(o.confidence),
        pixels=int(o.pixels),
    )


def object_from_msg(m: msg.ObjectObservation) -> types.ObjectObservation:
    return types.ObjectObservation(
        track_id=m.track_id,
        label=m.label,
        category=m.category,
        colour=m.colour,
        shape=m.shape,
        position=point_from_msg(m.position),
        yaw=m.yaw,
        size=(m.size.x, m.size.y, m.size.z),
        confidence=m.confidence,
        pixels=m.pixels,
    )


def relation_to_msg(relation: types.Relation) -> msg.Relation:
    return msg.Relation(
        subject=relation.subject,
        predicate=relation.predicate,
        object=relation.object,
        confidence=float(relation.confidence),
    )


def relation_from_msg(m: msg.Relation) -> types.Relation:
    return types.Relation(m.subject, cast(types.Predicate, m.predicate), m.object, m.confidence)


# --- acting ---------------------------------------------------------------------------------------


def call_to_msg(call: types.SkillCall) -> msg.SkillCall:
    message = msg.SkillCall(name=call.name, place=call.place, object=call.object)
    _place_point(message, call.position)
    return message


def call_from_msg(m: msg.SkillCall) -> types.SkillCall:
    return types.SkillCall(name=m.name, place=m.place, object=m.object, position=_placed_point(m))


def outcome_to_msg(outcome: types.SkillOutcome) -> msg.SkillOutcome:
    return msg.SkillOutcome(
        call=call_to_msg(outcome.call),
        code=outcome.code.value,
        message=outcome.message,
        started=float(outcome.started),
        finished=float(outcome.finished),
    )


def outcome_from_msg(m: msg.SkillOutcome) -> types.SkillOutcome:
    return types.SkillOutcome(
        call_from_msg(m.call), types.Code(m.code), m.message, m.started, m.finished
    )


def plan_to_msg(plan: types.Plan, stamp: float = 0.0) -> msg.Plan:
    return msg.Plan(
        header=header(stamp),
        instruction=plan.instruction,
        goal=plan.goal,
        steps=[
            msg.Step(call=call_to_msg(s.call), status=s.status, note=s.note) for s in plan.steps
        ],
        revision=int(plan.revision),
        reason=plan.reason,
    )


def plan_from_msg(m: msg.Plan) -> types.Plan:
    return types.Plan(
        instruction=m.instruction,
        goal=m.goal,
        steps=tuple(
            types.Step(call_from_msg(s.call), cast(types.StepStatus, s.status), s.note)
            for s in m.steps
        ),
        revision=m.revision,
        reason=m.reason,
    )


# --- memory ---------------------------------------------------------------------------------------


def item_to_msg(item: types.MemoryItem) -> msg.MemoryItem:
    message = msg.MemoryItem(
        id=item.id,
        kind=item.kind,
        text=item.text,
        stamp=float(item.stamp),
        valid_from=_optional_to_msg(item.valid_from),
        valid_to=_optional_to_msg(item.valid_to),
        episode=item.episode,
        confidence=float(item.confidence),
        source=item.source,
        data=json.dumps(dict(item.data)),
    )
    _place_point(message, item.position)
    return message


def item_from_msg(m: msg.MemoryItem) -> types.MemoryItem:
    return types.MemoryItem(
        id=m.id,
        kind=cast(types.MemoryKind, m.kind),
        text=m.text,
        stamp=m.stamp,
        position=_placed_point(m),
        valid_from=_optional_from_msg(m.valid_from),
        valid_to=_optional_from_msg(m.valid_to),
        episode=m.episode,
        confidence=m.confidence,
        source=m.source,
        data=json.loads(m.data) if m.data else {},
    )


def fact_to_msg(fact: types.Fact) -> msg.Fact:
    message = msg.Fact(
        id=fact.id,
        relation=relation_to_msg(fact.relation),
        valid_from=float(fact.valid_from),
        valid_to=_optional_to_msg(fact.valid_to),
        learned=float(fact.learned),
        by_robot=bool(fact.by_robot),
        source=fact.source,
    )
    _place_point(message, fact.position)
    return message


def fact_from_msg(m: msg.Fact) -> types.Fact:
    return types.Fact(
        id=m.id,
        relation=relation_from_msg(m.relation),
        valid_from=m.valid_from,
        valid_to=_optional_from_msg(m.valid_to),
        learned=m.learned,
        position=_placed_point(m),
        by_robot=m.by_robot,
        source=m.source,
    )


def belief_to_msg(belief: types.ObjectBelief) -> msg.ObjectBelief:
    candidates = []
    for c in belief.candidates:
        candidate = msg.PlaceBelief(
            place=c.place,
            predicate=c.predicate,
            probability=float(c.probability),
            last_seen=_optional_to_msg(c.last_seen),
            evidence=c.evidence,
        )
        _place_point(candidate, c.position)
        candidates.append(candidate)
    return msg.ObjectBelief(
        name=belief.name, category=belief.category, colour=belief.colour, candidates=candidates
    )


def belief_from_msg(m: msg.ObjectBelief) -> types.ObjectBelief:
    return types.ObjectBelief(
        name=m.name,
        category=m.category,
        colour=m.colour,
        candidates=tuple(
            types.PlaceBelief(
                place=c.place,
                predicate=cast(types.Predicate, c.predicate),
                probability=c.probability,
                position=_placed_point(c),
                last_seen=_optional_from_msg(c.last_seen),
                evidence=c.evidence,
            )
            for c in m.candidates
        ),
    )


def world_to_msg(world: types.WorldBelief) -> msg.WorldBelief:
    message = msg.WorldBelief(
        stamp=float(world.stamp),
        has_base=world.base is not None,
        holding=world.holding,
        objects=[belief_to_msg(o) for o in world.objects],
        containers=[
            msg.ContainerBelief(
                name=c.name, is_open=bool(c.is_open), confidence=float(c.confidence)
            )
            for c in world.containers
        ],
        viewed=[msg.PlaceView(place=p, value=float(v)) for p, v in world.viewed.items()],
    )
    if world.base is not None:
        message.base = pose2d_to_msg(world.base)
    return message


def world_from_msg(m: msg.WorldBelief) -> types.WorldBelief:
    return types.WorldBelief(
        stamp=m.stamp,
        base=pose2d_from_msg(m.base) if m.has_base else None,
        holding=m.holding,
        objects=tuple(belief_from_msg(o) for o in m.objects),
        containers=tuple(
            types.ContainerBelief(c.name, c.is_open, c.confidence) for c in m.containers
        ),
        viewed={v.place: v.value for v in m.viewed},
    )


def lesson_to_msg(lesson: types.Lesson) -> msg.Lesson:
    return msg.Lesson(
        skill=lesson.skill,
        subject=lesson.subject,
        text=lesson.text,
        successes=int(lesson.successes),
        failures=int(lesson.failures),
    )


def lesson_from_msg(m: msg.Lesson) -> types.Lesson:
    return types.Lesson(m.skill, m.subject, m.text, m.successes, m.failures)


def result_to_request(result: types.TaskResult, message: Any) -> Any:
    """Copy a task's result into any message that has its fields (EndEpisode, ExecuteTask)."""
    message.status = result.status.value
    message.reason = result.reason
    message.skills = int(result.skills)
    message.replans = int(result.replans)
    message.duration = float(result.duration)
    message.saved = result.saved
    return message


def result_from_msg(m: Any, instruction: str) -> types.TaskResult:
    return types.TaskResult(
        status=types.TaskStatus(m.status),
        reason=m.reason,
        instruction=instruction,
        skills=m.skills,
        replans=m.replans,
        duration=m.duration,
        saved=m.saved,
    )
