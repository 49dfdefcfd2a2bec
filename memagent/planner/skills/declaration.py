# SPDX-License-Identifier: Apache-2.0
"""What a skill is, declared once: its arguments, when it makes sense, what it brings about, and how
it can fail. The planner's problem, the critic, prompts and documentation are read from this.

Conditions and effects are literals over the skill's arguments and its further variables, written as
``"at(place) holding(object)"``. What each literal means is defined by ``PREDICATES``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from memagent.types import Code, SkillCall

Field = Literal["object", "place"]
"""Where an argument is found in a :class:`SkillCall`."""

ObjectName = Annotated[str, "object"]
"""The name of a thing that can be carried."""
PlaceName = Annotated[str, "place"]
"""The name of a place of the site."""
DeviceName = Annotated[str, "object"]
"""The name of an appliance of the site."""
ContainerName = Annotated[str, "place"]
"""The name of a thing that other things can be put into."""

PREDICATES: Mapping[str, str] = {
    "at": "the robot stands where it works on the place",
    "elsewhere": "the robot stands where it works on any other place",
    "free": "nothing is in the gripper",
    "holding": "the object is in the gripper",
    "open": "the place is open; so is one without a door",
    "closed": "the place is closed",
    "uncovered": "nothing that is open covers the place",
    "accessible": "the place is open and uncovered",
    "located": "the object is in or on the place",
    "inside": "the object is in the container",
    "found": "the object was seen where it is, in this task",
    "seen": "whatever is at the place is found",
    "viewed": "the place was looked at as a whole",
    "on": "the device is on",
    "off": "the device is off",
    "ready": "the door of the device is closed, if it runs only then",
    "quiet": "no device keeps the place from being opened",
    "sliced": "the object is sliced",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition or effect: a predicate over variables."""

    predicate: str
    variables: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.predicate}({', '.join(self.variables)})" if self.variables else (self.predicate)
        )


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a skill."""

    name: str
    field: Field


@dataclass(frozen=True, slots=True)
class Skill:
    """The declaration of one skill."""

    name: str
    words: str
    """What it does, in a sentence."""
    arguments: tuple[Argument, ...]
    needs: tuple[Term, ...] = ()
    makes: tuple[Term, ...] = ()
    ends: tuple[Term, ...] = ()
    treats: bool = False
    """Whether it sets a device to work on each object located at the place: heats it, say."""
    tools: tuple[str, ...] = ()
    """Categories of which the object in the gripper must be one: the variable ``tool``."""
    fails: tuple[Code, ...] = ()

    def binding(self, call: SkillCall) -> dict[str, str]:
        """The arguments' values in a call."""
        return {a.name: getattr(call, a.field) for a in self.arguments}

    def call(self, binding: Mapping[str, str]) -> SkillCall:
        """The call with these values; further variables are not part of it."""
        values = {a.field: binding[a.name] for a in self.arguments}
        return SkillCall(self.name, values.get("place", ""), values.get("object", ""))

    def schema(self) -> dict[str, Any]:
        """The skill as a tool with a JSON schema, as language models' endpoints take it."""
        names = [a.name for a in self.arguments]
        return {
            "name": self.name,
            "description": self.words,
            "parameters": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in names},
                "required": names,
                "additionalProperties": False,
            },
        }

    def __str__(self) -> str:
        """The declaration in words, for prompts and documentation."""
        lines = [f"{self.name}({', '.join(a.name for a in self.arguments)}): {self.words}"]
        for title, terms in (("needs", self.needs), ("makes", self.makes), ("ends", self.ends)):
            if terms:
                lines.append(f"  {title} {', '.join(map(str, terms))}")
        if self.tools:
            lines.append(f"  the tool is a {' or '.join(self.tools)}")
        if self.fails:
            lines.append(f"  may fail with {', '.join(code.value for code in self.fails)}")
        return "\n".join(lines)


def declare(
    function: Callable[..., object],
    needs: str = "",
    makes: str = "",
    ends: str = "",
    *,
    treats: bool = False,
    tools: tuple[str, ...] = (),
    fails: tuple[Code, ...] = (),
) -> Skill:
    """Declare a typed Python function as a skill: its name, arguments and docstring are used.

    Raises:
        ValueError: an argument's type is none of ``ObjectName``, ``PlaceName`` and so on, or a
            literal is unknown or has variables that the skill has not.
    """
    arguments = tuple(_arguments(function))
    words = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
    terms = [_terms(function.__name__, text) for text in (needs, makes, ends)]
    known = {a.name for a in arguments} | {"tool", "place"}
    for term in (t for group in terms for t in group):
        if term.predicate not in PREDICATES or not known.issuperset(term.variables):
            raise ValueError(f"skill {function.__name__}: no meaning for {term}")
    return Skill(
        function.__name__, words, arguments, terms[0], terms[1], terms[2], treats, tools, fails
    )


def declare_action(
    name: str, words: str, fields: Mapping[str, str], needs: str = "", makes: str = "",
    ends: str = "", *, fails: tuple[Code, ...] = (),
) -> Skill:  # fmt: skip
    """Declare a ROS action as a skill.

    Args:
        name: of the skill.
        words: what it does, in a sentence.
        fields: of the action's goal, ``Action.Goal.get_fields_and_field_types()``.
        needs: conditions, as in :func:`declare`.
        makes: what becomes true.
        ends: what becomes false.
        fails: the codes with which it may fail.

    Raises:
        ValueError: a field is no string called "object" or "place", or a literal is unknown.
    """
    arguments = []
    for field, kind in fields.items():
        if kind != "string" or field not in get_args(Field):
            raise ValueError(
                f'action {name}: a goal has strings "object" and "place", got {kind} {field!r}'
            )
        arguments.append(Argument(field, field))  # type: ignore[arg-type]
    terms = [_terms(name, text) for text in (needs, makes, ends)]
    return Skill(name, words, tuple(arguments), terms[0], terms[1], terms[2], fails=fails)


def describe(skills: Mapping[str, Skill]) -> str:
    """All declarations in words: part of a prompt, or a section of documentation."""
    return "\n".join(map(str, skills.values()))


def _arguments(function: Callable[..., object]) -> list[Argument]:
    arguments = []
    for name, hint in get_type_hints(function, include_extras=True).items():
        if name == "return":
            continue
        field = get_args(hint)[1] if get_origin(hint) is Annotated else ""
        if field not in ("object", "place"):
            raise ValueError(
                f"skill {function.__name__}: {name} is no ObjectName, PlaceName, DeviceName or "
                f"ContainerName but {hint}"
            )
        arguments.append(Argument(name, "place" if field == "place" else "object"))
    return arguments


def _terms(skill: str, text: str) -> tuple[Term, ...]:
    terms = []
    for match in re.finditer(r"(\w+)(?:\(([^)]*)\))?|(\S)", text):
        predicate, variables, stray = match.groups()
        if stray or predicate not in PREDICATES:
            raise ValueError(f"skill {skill}: no meaning for {match[0]!r} in {text!r}")
        terms.append(Term(predicate, tuple(v.strip() for v in (variables or "").split(",") if v)))
    return tuple(terms)
