# SPDX-License-Identifier: Apache-2.0
"""Grounding for others: instructions and scenes in as lines of JSON, goals out as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from memagent.errors import ConfigError
from memagent.planner.grounding.alfred import pddl_params, task_type
from memagent.planner.grounding.household import Grounding, HouseholdGrounder
from memagent.planner.grounding.scene import SceneObject

_LONGEST = 4000
"""Characters of an instruction."""


class _Thing(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    id: str = ""
    position: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = (0.0, 0.0, 0.0)


class GroundingTask(BaseModel):
    """One line: what was said, and what memory knows of the things around."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str | int
    instruction: Annotated[str, Field(max_length=_LONGEST)]
    objects: tuple[_Thing, ...] = ()
    """Names by kind ("Mug"), positions in metres, y up."""

    @property
    def scene(self) -> list[SceneObject]:
        return [SceneObject(o.name, o.id, o.position) for o in self.objects]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no task, and why."""

    number: int
    reason: str


def read_tasks(path: Path) -> Iterator[GroundingTask | BadLine]:
    """The tasks of a file of JSON lines, in order; empty lines are skipped.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _task(line, number, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def answer(task: GroundingTask, grounding: Grounding) -> str:
    """The line that answers a task, without its end."""
    fields = {
        "id": task.id,
        "task_type": task_type(grounding.goal),
        "goal": asdict(pddl_params(grounding.goal)),
        "confidence": grounding.confidence,
        "question": grounding.question,
    }
    return json.dumps(fields, ensure_ascii=False)


def ground_lines(
    source: Path, out: Path, on_line: Callable[[BadLine | None], None] = lambda bad: None
) -> tuple[int, int]:
    """Answer every task of ``source`` in ``out``; returns how many were answered and how many not.

    ``on_line`` is told of each line, with what is wrong with it if something is.

    Raises:
        ConfigError: a file cannot be read or written.
    """
    grounder = HouseholdGrounder()
    good = bad = 0
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", encoding="utf-8") as answers:
            for task in read_tasks(source):
                if isinstance(task, BadLine):
                    bad += 1
                    on_line(task)
                else:
                    grounding = grounder.ground(task.instruction, task.scene)
                    answers.write(answer(task, grounding) + "\n")
                    good += 1
                    on_line(None)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from error
    return good, bad


def _task(line: bytes, number: int, path: Path) -> GroundingTask | BadLine:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        return BadLine(number, f"{path}:{number}: is not JSON: {error}")
    if not isinstance(data, dict):
        return BadLine(
            number, f"{path}:{number}: must be an object with id, instruction and objects, "
            f"got {type(data).__name__}",
        )  # fmt: skip
    try:
        return GroundingTask.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        given = repr(problem.get("input"))[:80]
        return BadLine(number, f"{path}:{number}: {key}: {problem['msg']} (got {given})")
