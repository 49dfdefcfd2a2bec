# SPDX-License-Identifier: Apache-2.0
"""What each service of the memory node answers, and refuses, with a real memory behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("memagent_interfaces")

from memagent import resources
from memagent.errors import MemagentError
from memagent.memory import LifelongMemory
from memagent.ros import convert
from memagent.ros import memory_services as services
from memagent.site import load_site
from memagent.types import (
    Code,
    ObjectObservation,
    Percept,
    Pose2D,
    Relation,
    SkillCall,
    SkillOutcome,
    Vector3,
)
from memagent_interfaces import srv

pytestmark = pytest.mark.unit

DESK: Vector3 = (6.0, 5.6, 0.745)
SHELF: Vector3 = (7.0, 5.0, 1.0)


def _see(memory: LifelongMemory, label: str, place: str, at: Vector3, start: float) -> None:
    seen = ObjectObservation(
        1, label, label.split()[-1], "red", "cylinder", at, 0.0, (0.07, 0.07, 0.09), 0.9, 200
    )
    for step in range(16):
        memory.observe(
            Percept(
                start + 0.2 * step, Pose2D(6.1, 4.95, 1.57), (seen,), (),
                (Relation(label, "on", place),), {}, False, "", f"sees a {label} on the {place}",
                (), step == 0, "head/test",
            )
        )  # fmt: skip


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[LifelongMemory]:
    site = load_site(resources.find("configs/sites/flat.yaml"))
    with LifelongMemory(tmp_path / "robot.memory", site) as opened:
        _see(opened, "red mug", "desk", DESK, 0.0)
        _see(opened, "red mug", "shelf", SHELF, 100.0)
        call = SkillCall("pick", "shelf", "red mug")
        opened.record(SkillOutcome(call, Code.GRASP_FAILED, "slipped", 110.0, 115.0))
        yield opened


def _ask(memory: LifelongMemory, kind: Any, **fields: Any) -> Any:
    """Answer as the node does."""
    response = kind.Response()
    answer = {service: answer for service, _, answer in services.SERVICES}[kind]
    answer(memory, kind.Request(**fields), response)
    return response


def test_retrieve_says_what_all_four_kinds_know(memory: LifelongMemory) -> None:
    found = _ask(memory, srv.Retrieve, text="bring me the red mug")
    assert found.stamp == 115.0
    assert "sees a red mug on the desk" in " ".join(found.temporal)
    assert ("red mug", "shelf") in {(f.relation.subject, f.relation.object) for f in found.facts}
    assert len(found.items) == len(found.scores) > 0
    assert "GRASP_FAILED" in [code for lesson in found.lessons for code in lesson.codes]


def test_the_graph_of_then_has_the_facts_of_then_whole(memory: LifelongMemory) -> None:
    asked = _ask(memory, srv.Graph, around="red mug", has_as_of=True, as_of=50.0)
    told = {convert.fact_from_msg(message) for message in asked.facts}
    assert told == {fact for fact in memory.history("red mug") if fact.relation.object == "desk"}
    assert "desk" in asked.nodes


def test_habits_cite_their_visits(memory: LifelongMemory) -> None:
    habits = _ask(memory, srv.Habits, name="red mug").habits
    assert {h.place for h in habits} == {"desk", "shelf"}
    assert all(h.of == 2 and len(h.evidence) == h.visits for h in habits)


def test_chronology_answers_or_says_that_it_does_not_know(memory: LifelongMemory) -> None:
    nowhen = {"since": math.nan, "until": math.nan}
    texts = ["sees red mug on the desk", "sees red mug on the shelf"]
    assert _ask(memory, srv.Chronology, question="before", texts=texts, **nowhen).yes
    after = _ask(memory, srv.Chronology, question="after", texts=texts, **nowhen)
    assert (after.known, after.yes) == (True, False)
    assert len(after.evidence) == 2
    ago = _ask(memory, srv.Chronology, question="how_long_ago", texts=texts[1:], **nowhen)
    assert ago.known
    assert 0.0 <= ago.seconds <= 15.0
    unknown = _ask(memory, srv.Chronology, question="before", texts=["unicorn", "mug"], **nowhen)
    assert not unknown.known
    assert "unicorn" in unknown.message


@pytest.mark.parametrize(
    ("question", "texts", "said"),
    [
        ("when", ["mug"], "how_long_ago"),
        ("before", ["mug"], "needs 2"),
        ("first", ["a"], "or more"),
    ],
)
def test_a_question_that_cannot_be_asked_says_how_to(
    memory: LifelongMemory, question: str, texts: list[str], said: str
) -> None:
    with pytest.raises(MemagentError, match=said):
        _ask(memory, srv.Chronology, question=question, texts=texts)


def test_a_correction_can_be_undone(memory: LifelongMemory) -> None:
    done = _ask(memory, srv.Correct, what="red mug", place="fridge")
    assert memory.where("red mug").candidates[0].place == "fridge"
    undone = _ask(memory, srv.Undo)
    assert undone.operation == done.operation
    assert memory.where("red mug").candidates[0].place == "shelf"


def test_one_name_becomes_two_and_one_again(memory: LifelongMemory) -> None:
    two = _ask(memory, srv.Split, name="red mug", has_since=True, since=50.0)
    assert memory.where(two.new_name).candidates[0].place == "shelf"
    _ask(memory, srv.Merge, kept="red mug", other=two.new_name)
    assert memory.where("red mug").candidates[0].place == "shelf"
    with pytest.raises(MemagentError, match="unicorn"):
        _ask(memory, srv.Merge, kept="red mug", other="unicorn")


def test_what_is_exported_is_imported_elsewhere(memory: LifelongMemory, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    _ask(memory, srv.Export, path=str(file))
    assert json.loads(file.read_text())["rooms"]
    with LifelongMemory(tmp_path / "another.memory") as another:
        told = _ask(another, srv.Import, path=str(file)).message
        assert "items" in told
        assert another.where("red mug").candidates[0].place == "shelf"
        with pytest.raises(MemagentError, match="before"):
            _ask(another, srv.Import, path=str(file))


def test_where_tells_the_history(memory: LifelongMemory) -> None:
    found = _ask(memory, srv.Where, name="mug")
    assert "shelf" in found.message
    assert [f.relation.object for f in found.history] == ["desk"]


def test_lessons_travel_whole(memory: LifelongMemory) -> None:
    messages = _ask(memory, srv.Lessons, skill="pick", subject="red mug").lessons
    assert tuple(map(convert.lesson_from_msg, messages)) == memory.lessons("pick", "red mug")


def test_habits_travel_whole(memory: LifelongMemory) -> None:
    messages = _ask(memory, srv.Habits, name="red mug").habits
    assert tuple(map(convert.habit_from_msg, messages)) == memory.habits("red mug")
