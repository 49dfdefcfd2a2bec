# SPDX-License-Identifier: Apache-2.0
"""Percepts and outcomes in one line each."""

from __future__ import annotations

from dataclasses import replace

from memagent.memory import LifelongMemory, MemoryEvent
from memagent.types import (
    Code,
    ContainerObservation,
    ObjectObservation,
    Percept,
    Pose2D,
    Relation,
    SkillCall,
    SkillOutcome,
    Vector3,
)

DESK: Vector3 = (6.0, 5.6, 0.745)
DRAWER: Vector3 = (2.5, 0.5, 0.6)
STUDY = Pose2D(6.1, 4.95, 1.57)
KITCHEN = Pose2D(1.35, 1.0, -1.57)
DAY = 86400.0


def thing(
    label: str, position: Vector3, track: int = 1, confidence: float = 0.9
) -> ObjectObservation:
    words = label.split()
    colour = words[0] if len(words) > 1 else "yellow"
    return ObjectObservation(
        track, label, words[-1], colour, "cylinder", position, 0.0, (0.07, 0.07, 0.09), confidence,
        200,
    )  # fmt: skip


def percept(
    stamp: float,
    *seen: ObjectObservation,
    where: dict[str, str] | None = None,
    viewed: dict[str, float] | None = None,
    base: Pose2D = STUDY,
    holding: bool = False,
    containers: dict[str, bool] | None = None,
    relations: tuple[Relation, ...] = (),
    summary: str = "",
    boundary: bool = False,
) -> Percept:
    """``where`` maps labels to "on desk" or "in fridge"."""
    said = []
    for label, text in (where or {}).items():
        predicate, _, place = text.partition(" ")
        said.append(Relation(label, predicate, place))  # type: ignore[arg-type]
    return Percept(
        stamp, base, seen,
        tuple(
            ContainerObservation(name, is_open, float(is_open), 0.9)
            for name, is_open in (containers or {}).items()
        ),
        (*said, *relations), viewed or {}, holding, "", summary, (), boundary, "head/test",
    )  # fmt: skip


def mug_on_desk(stamp: float, position: Vector3 = DESK) -> Percept:
    return percept(stamp, thing("red mug", position), where={"red mug": "on desk"})


def outcome(
    text: str,
    code: Code = Code.OK,
    finished: float = 0.0,
    took: float = 5.0,
    position: Vector3 | None = None,
) -> SkillOutcome:
    """``text`` is "pick red mug @ desk", "open @ fridge" or "place red mug @ fridge"."""
    call, _, place = text.partition("@")
    name, _, label = call.strip().partition(" ")
    return SkillOutcome(
        SkillCall(name, place.strip(), label.strip(), position), code, "", finished - took, finished
    )


def show(memory: LifelongMemory, seen: Percept) -> tuple[MemoryEvent, ...]:
    """Observe a scene in two frames, the last of them at its stamp: enough to believe it."""
    first = replace(seen, stamp=seen.stamp - 0.2, summary="", boundary=False)
    return (*memory.observe(first), *memory.observe(seen))


def watch(
    memory: LifelongMemory, template: Percept, start: float, seconds: float, step: float = 0.2
) -> list[MemoryEvent]:
    """Observe the same scene again and again."""
    events: list[MemoryEvent] = []
    for i in range(round(seconds / step) + 1):
        events += memory.observe(replace(template, stamp=start + i * step))
    return events
