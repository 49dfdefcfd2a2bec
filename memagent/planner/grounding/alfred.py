# SPDX-License-Identifier: Apache-2.0
"""A goal in the terms of ALFRED (Shridhar et al., arXiv 1912.01734): one of seven types of task,
with parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

from memagent.planner.goal import Goal, ObjectRef

_TREATED = {
    "cleaned": "pick_clean_then_place_in_recep",
    "heated": "pick_heat_then_place_in_recep",
    "cooled": "pick_cool_then_place_in_recep",
}


@dataclass(frozen=True, slots=True)
class PddlParams:
    """Kinds by AI2-THOR's names; "" for what a task has not."""

    object_target: str = ""
    parent_target: str = ""
    mrecep_target: str = ""
    toggle_target: str = ""
    object_sliced: bool = False


def pddl_params(goal: Goal) -> PddlParams:
    """The parameters of a goal that is one of ALFRED's tasks; of several things, the first's."""
    refs = [c for c in goal.conditions if isinstance(c.subject, ObjectRef)]
    thing = _kind(refs[0].subject) if refs else ""
    lamp = next((str(c.subject) for c in goal.conditions if c.relation == "lit"), "")
    sliced = any(c.relation == "sliced" for c in goal.conditions)
    parent = next((c.place for c in refs if c.place), "")
    carrier = next((_kind(c.container) for c in refs if c.container is not None), "")
    return PddlParams(thing, parent, carrier, lamp, sliced)


def task_type(goal: Goal) -> str:
    """ALFRED's name for the kind of task."""
    params = pddl_params(goal)
    if params.mrecep_target:
        return "pick_and_place_with_movable_recep"
    if params.toggle_target:
        return "look_at_obj_in_light"
    for condition in goal.conditions:
        if condition.relation in _TREATED:
            return _TREATED[condition.relation]
    quantities = [c.subject.quantity for c in goal.conditions if isinstance(c.subject, ObjectRef)]
    several = any(quantity != 1 for quantity in quantities)
    return "pick_two_obj_and_place" if several else "pick_and_place_simple"


def _kind(subject: ObjectRef | str) -> str:
    return subject.categories[0] if isinstance(subject, ObjectRef) and subject.categories else ""
