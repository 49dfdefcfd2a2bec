# SPDX-License-Identifier: Apache-2.0
"""What memory answers: items, facts, beliefs and lessons."""

from __future__ import annotations

import json
from typing import cast

from memagent import types
from memagent.ros.convert.geometry import (
    optional_from_msg,
    optional_to_msg,
    point_of,
    pose2d_from_msg,
    pose2d_to_msg,
    put_point,
)
from memagent.ros.convert.perception import relation_from_msg, relation_to_msg
from memagent_interfaces import msg


def item_to_msg(item: types.MemoryItem) -> msg.MemoryItem:
    message = msg.MemoryItem(
        id=item.id,
        kind=item.kind,
        text=item.text,
        stamp=float(item.stamp),
        valid_from=optional_to_msg(item.valid_from),
        valid_to=optional_to_msg(item.valid_to),
        episode=item.episode,
        confidence=float(item.confidence),
        source=item.source,
        data=json.dumps(dict(item.data)),
    )
    put_point(message, item.position)
    return message


def item_from_msg(m: msg.MemoryItem) -> types.MemoryItem:
    return types.MemoryItem(
        id=m.id,
        kind=cast(types.MemoryKind, m.kind),
        text=m.text,
        stamp=m.stamp,
        position=point_of(m),
        valid_from=optional_from_msg(m.valid_from),
        valid_to=optional_from_msg(m.valid_to),
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
        valid_to=optional_to_msg(fact.valid_to),
        learned=float(fact.learned),
        by_robot=bool(fact.by_robot),
        source=fact.source,
    )
    put_point(message, fact.position)
    return message


def fact_from_msg(m: msg.Fact) -> types.Fact:
    return types.Fact(
        id=m.id,
        relation=relation_from_msg(m.relation),
        valid_from=m.valid_from,
        valid_to=optional_from_msg(m.valid_to),
        learned=m.learned,
        position=point_of(m),
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
            last_seen=optional_to_msg(c.last_seen),
            evidence=c.evidence,
        )
        put_point(candidate, c.position)
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
                position=point_of(c),
                last_seen=optional_from_msg(c.last_seen),
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
    low, high = lesson.interval
    return msg.Lesson(
        id=lesson.id,
        level=lesson.level,
        skill=lesson.skill,
        subject=lesson.subject,
        claim=lesson.claim,
        text=lesson.text,
        successes=int(lesson.successes),
        failures=int(lesson.failures),
        rate=float(lesson.rate),
        rate_low=float(low),
        rate_high=float(high),
        strength=float(lesson.strength),
        codes=[code for code, _ in lesson.codes],
        code_counts=[int(count) for _, count in lesson.codes],
        preconditions=list(lesson.preconditions),
        episodes=list(lesson.episodes),
        pinned=bool(lesson.pinned),
    )


def lesson_from_msg(m: msg.Lesson) -> types.Lesson:
    return types.Lesson(
        m.skill,
        m.subject,
        m.text,
        m.successes,
        m.failures,
        id=m.id,
        level=cast(types.LessonLevel, m.level),
        claim=cast(types.LessonClaim, m.claim),
        rate=m.rate,
        interval=(m.rate_low, m.rate_high),
        strength=m.strength,
        codes=tuple(zip(m.codes, m.code_counts, strict=True)),
        preconditions=tuple(m.preconditions),
        episodes=tuple(m.episodes),
        pinned=m.pinned,
    )


def habit_to_msg(habit: types.Habit) -> msg.Habit:
    message = msg.Habit(
        thing=habit.thing,
        predicate=habit.predicate,
        place=habit.place,
        visits=int(habit.visits),
        of=int(habit.of),
        text=habit.text,
    )
    for stay in habit.evidence:
        put = msg.Stay(id=stay.id, first=float(stay.first), last=float(stay.last))
        put_point(put, stay.position)
        message.evidence.append(put)
    return message


def habit_from_msg(m: msg.Habit) -> types.Habit:
    return types.Habit(
        thing=m.thing,
        predicate=cast(types.Predicate, m.predicate),
        place=m.place,
        visits=m.visits,
        of=m.of,
        text=m.text,
        evidence=tuple(types.Stay(s.id, s.first, s.last, point_of(s)) for s in m.evidence),
    )
