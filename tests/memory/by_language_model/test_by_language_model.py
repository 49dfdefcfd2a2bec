# SPDX-License-Identifier: Apache-2.0
"""A language model beside memory, over real HTTP: what it says is kept, nothing waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from language_model.server import Handler, Reaction, completion, fails, hangs, says, serving

from memagent.language_model import EndpointConfig
from memagent.memory import LifelongMemory, MemoryConfig, StateConfig
from memagent.memory.temporal import TemporalConfig
from memagent.types import Code

from ..scenes import outcome, percept

pytestmark = pytest.mark.unit

SETTLE_S = 20.0


def config_of(url: str, **settings: Any) -> MemoryConfig:
    model = EndpointConfig(url=url, model="small", pause=0.0, **settings)
    state = StateConfig(temporal=TemporalConfig(steps=4, interval=0.0))
    return MemoryConfig(language_model=model, state=state)


def live(memory: LifelongMemory, count: int) -> None:
    for number in range(count):
        memory.observe(percept(float(number), summary=f"saw thing {number}"))


def by_kind(**reactions: Reaction) -> Reaction:
    """Reacts to each kind of question in its own way, told apart by the shape asked for."""
    shapes = {"_Told": "summarise", "_Choices": "merge"}

    def react(handler: Handler) -> None:
        shape = handler.asked["response_format"]["json_schema"]["name"]
        reactions[shapes[shape]](handler)

    return react


def test_old_steps_are_told_in_the_models_words(tmp_path: Path) -> None:
    with serving(says({"summary": "Looked around the flat."})) as server:
        with LifelongMemory(tmp_path / "m.db", config=config_of(server.url)) as memory:
            live(memory, 6)
            assert memory.settle(SETTLE_S)
            told = memory.context()
        asked = server.asked[0]["messages"][1]["content"]
    assert any("Looked around the flat." in text for text in told)
    assert "saw thing 0" in asked
    assert "$" not in asked
    with LifelongMemory(tmp_path / "m.db") as memory:
        assert any("Looked around the flat." in text for text in memory.context())


def test_lessons_are_judged_by_the_model(tmp_path: Path) -> None:
    def merge(handler: Handler) -> None:
        asked = handler.asked["messages"][1]["content"]
        known = "lesson-" in asked
        choice = {
            "action": "UPDATE" if known else "ADD",
            "lesson": "lesson-" + asked.split("lesson-")[1].split(" ")[0] if known else "",
            "words": "tea boxes slip",
        }
        handler.send(completion({"decisions": [choice]}))

    with (
        serving(by_kind(merge=merge)) as server,
        LifelongMemory(tmp_path / "m.db", config=config_of(server.url)) as memory,
    ):
        for number in range(3):
            memory.record(outcome(f"pick tea box {number}", Code.GRASP_FAILED, finished=number))
        assert memory.settle(SETTLE_S)
        lesson = memory.lessons("pick", "tea box 0")[0]
    assert (lesson.text, lesson.failures) == ("tea boxes slip", 3)
    assert "ended with GRASP_FAILED" in server.asked[-1]["messages"][1]["content"]


@pytest.mark.parametrize(
    "reaction",
    [
        fails(500),
        hangs,
        says("no idea"),
        says({"summary": ""}),
        says({"decisions": [{"action": "DELETE", "lesson": "lesson-99", "words": ""}]}),
    ],
)
def test_rules_stand_where_the_model_is_of_no_use(tmp_path: Path, reaction: Reaction) -> None:
    with (
        serving(reaction) as server,
        LifelongMemory(tmp_path / "m.db", config=config_of(server.url, deadline=0.2)) as memory,
    ):
        live(memory, 6)
        memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=9.0))
        assert memory.settle(SETTLE_S)
        assert any("saw thing 0" in text for text in memory.context())
        assert memory.lessons("pick", "tea box")[0].failures == 1
