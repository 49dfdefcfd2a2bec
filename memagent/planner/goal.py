# SPDX-License-Identifier: Apache-2.0
"""What an instruction asks for, as conditions on the world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from memagent.types import ObjectBelief

Relation = Literal[
    "in", "on", "at", "holding", "open", "closed", "seen",
    "heated", "cooled", "cleaned", "sliced", "lit",
]  # fmt: skip
State = Literal["heated", "cooled", "cleaned", "sliced"]
STATES: tuple[State, ...] = get_args(State)

ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """The objects that a noun phrase means, by description."""

    label: str
    """As a person would say it: "red mug", "fruit", "everything"."""
    categories: tuple[str, ...] = ()
    """Any of these; empty for things of any kind."""
    colour: str = ""
    quantity: int | Literal["all"] = 1
    sources: tuple[str, ...] = ()
    """Only those in or on one of these places; empty for anywhere."""
    labels: tuple[str, ...] = ()
    """What such an object can be called, to look for one that was never seen."""

    def fits(self, known: ObjectBelief) -> bool:
        """Whether a remembered object is one of those meant."""
        if self.colour and known.colour and known.colour != self.colour:
            return False
        return not self.categories or known.category in self.categories

    def __str__(self) -> str:
        if self.quantity == 1:
            return f"the {self.label}"
        if self.quantity == "all":
            return self.label if self.label == "everything" else f"all {_plural(self.label)}"
        return f"{self.quantity} {_plural(self.label)}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is to be true: ``in``/``on`` (object, place), ``holding``/``seen`` (object),
    ``seen``/``open``/``closed`` (place), ``at`` ("robot", place or room), a state (object), or
    ``lit`` (device). A place or device may be named by its kind: any of these.

    With a ``container``, the object is to be in one of those, and that in or on ``place``.
    """

    relation: Relation
    subject: ObjectRef | str
    """An object, a place, or "robot"."""
    place: str = ""
    container: ObjectRef | None = None

    def __str__(self) -> str:
        subject = str(self.subject)
        if self.container is not None:
            at = f", that at the {self.place}" if self.place else ""
            return f"{subject} in {self.container}{at}"
        if self.relation == "holding":
            return f"the robot holds {subject}"
        name = f"the {subject}" if isinstance(self.subject, str) else subject
        return (
            f"{name} {self.relation} the {self.place}" if self.place else f"{name} {self.relation}"
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """Conditions that are to hold together, and what is to be done after that."""

    conditions: tuple[Condition, ...]
    text: str
    """The instruction."""
    then: Goal | None = None

    @property
    def stages(self) -> Iterator[Goal]:
        """The goal itself and those after it, in order."""
        stage: Goal | None = self
        while stage is not None:
            yield stage
            stage = stage.then

    def __str__(self) -> str:
        return "; then ".join(
            " and ".join(str(c) for c in stage.conditions) for stage in self.stages
        )


def _plural(label: str) -> str:
    return label if label.endswith("s") or label in ("fruit", "food", "drinkware") else label + "s"
