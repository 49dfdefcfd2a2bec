# SPDX-License-Identifier: Apache-2.0
"""Percepts, with the objects and relations in them."""

from __future__ import annotations

from typing import cast

from geometry_msgs.msg import Vector3

from memagent import types
from memagent.ros.convert.geometry import (
    header,
    point_from_msg,
    point_to_msg,
    pose2d_from_msg,
    pose2d_to_msg,
    stamp_from_msg,
)
from memagent_interfaces import msg


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
