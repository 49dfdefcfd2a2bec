# SPDX-License-Identifier: Apache-2.0
"""Tools over a real memory: what they answer, what they change, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memagent.agent_tools import MEMORY_TOOLS, TASK_TOOLS, TaskRunner, Toolbox, ToolError
from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, MemoryReader
from memagent.types import Query

pytestmark = pytest.mark.unit


@pytest.fixture
def reading(file: Path) -> Iterator[Toolbox]:
    with MemoryReader(file) as memory:
        yield Toolbox([(MEMORY_TOOLS, memory), (TASK_TOOLS, TaskRunner())])


@pytest.fixture
def memory(file: Path) -> Iterator[LifelongMemory]:
    with LifelongMemory(file) as opened:
        yield opened


@pytest.fixture
def writing(memory: LifelongMemory) -> Toolbox:
    return Toolbox([(MEMORY_TOOLS, memory)], ("read", "write"))


def test_where_tells_the_last_sight_and_the_places_before(reading: Toolbox) -> None:
    told = reading.call("where", {"thing": "keys"})
    assert told["name"] == "silver keys"
    assert told["answer"].startswith("silver keys: last seen on the shelf, just now")
    assert told["candidates"][0]["place"] == "shelf"
    assert [fact["relation"]["object"] for fact in told["earlier"]] == ["desk"]


def test_what_was_never_seen_is_said_to_be_unknown(reading: Toolbox) -> None:
    told = reading.call("where", {"thing": "unicorn"})
    assert told["answer"].startswith("no unicorn was seen")
    assert told["earlier"] == []
    assert reading.call("facts", {"thing": "unicorn"}) == {"facts": []}
    assert reading.call("habits", {"thing": "unicorn"}) == {"habits": []}
    assert reading.call("graph", {"around": "unicorn"})["edges"] == []


def test_recall_filters_by_words_place_time_and_kind(reading: Toolbox) -> None:
    (tea,) = reading.call("recall", {"text": "tea", "kinds": ["note"]})["items"]
    assert tea["text"] == "the guest likes tea"
    assert reading.call("recall", {"near": [1, 2], "since": "1min"})["items"] == [tea]
    assert reading.call("near", {"position": [1, 2, 0]})["items"][0] == tea
    past = reading.call("timeline", {"until": "100"})["items"]
    assert past
    assert all(item["stamp"] <= 100.0 for item in past)


def test_facts_and_graph_are_told_as_of_now_and_then(reading: Toolbox) -> None:
    def places(**arguments: str) -> list[str]:
        found = reading.call("facts", {"thing": "keys", **arguments})["facts"]
        return [fact["relation"]["object"] for fact in found]

    assert places() == ["shelf"]
    assert places(as_of="20") == ["desk"]
    edges = reading.call("graph", {"around": "keys", "hops": 1})["edges"]
    assert ("silver keys", "on", "shelf") in {(e["from"], e["predicate"], e["to"]) for e in edges}


def test_what_was_lived_through_is_told(reading: Toolbox) -> None:
    (episode,) = reading.call("episodes", {})["episodes"]
    assert (episode["instruction"], episode["status"]) == ("fetch the keys", "FAILED")
    assert reading.call("lessons", {"skill": "pick"})["lessons"][0]["failures"] == 1
    assert reading.call("habits", {"thing": "keys"})["habits"]
    asked = {"question": "before", "texts": ["keys on desk", "keys on shelf"]}
    assert reading.call("chronology", asked)["value"] is True
    unknown = reading.call("chronology", {"question": "how_long_ago", "texts": ["zebra"]})
    assert unknown["known"] is False


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("where", {}, "thing: Field required"),
        ("where", {"thing": ""}, "thing"),
        ("where", {"object": "keys"}, "It takes: thing"),
        ("recall", {"near": [1]}, "near"),
        ("recall", {"near": [1, float("nan")]}, "near"),
        ("recall", {"kinds": ["dream"]}, "kinds"),
        ("recall", {"limit": 1000}, "limit"),
        ("timeline", {"since": "yesterday-ish"}, "2h"),
        ("chronology", {"question": "before", "texts": ["one"]}, "needs 2 texts"),
        ("chronology", {"question": "how_long", "texts": ["one"], "since": "1h"}, "since"),
        ("remove", {}, "there are recall, where"),
        ("forget", {"id": "item-1"}, "needs the scope 'write'"),
        ("execute_task", {"instruction": "dance"}, "needs the scope 'act'; allowed here: read"),
    ],
)
def test_a_wrong_call_is_told_what_would_be_right(
    reading: Toolbox, name: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(MemagentError, match=says):
        reading.call(name, arguments)


def test_only_tools_in_scope_are_listed(reading: Toolbox, file: Path) -> None:
    listed = {schema["function"]["name"] for schema in reading.openai_schemas()}
    assert {"recall", "where", "chronology"} <= listed
    assert not listed & {"remember", "correct", "forget", "undo", "execute_task", "cancel_task"}


def test_changes_are_made_and_taken_back(writing: Toolbox, memory: LifelongMemory) -> None:
    item = writing.call("remember", {"text": "the plumber comes", "when": "1h"})["remembered"]
    assert memory.recall(Query("plumber")).items[0].id == item["id"]
    assert item["stamp"] == pytest.approx((memory.latest_stamp or 0.0) - 3600.0)
    writing.call("correct", {"thing": "silver keys", "place": "desk"})
    assert memory.where("keys").candidates[0].place == "desk"
    writing.call("undo", {})
    assert memory.where("keys").candidates[0].place == "shelf"
    assert writing.call("forget", {"id": item["id"]}) == {"forgotten": item["id"]}
    with pytest.raises(ToolError, match="recall tells the ids"):
        writing.call("forget", {"id": item["id"]})
    with pytest.raises(MemagentError, match="fact-999"):
        writing.call("correct", {"thing": "fact-999", "place": "desk"})


def test_every_answer_is_json(writing: Toolbox) -> None:
    for name, arguments in {
        "recall": {"text": "keys"},
        "timeline": {},
        "facts": {"thing": "keys"},
        "graph": {"around": "keys"},
        "habits": {"thing": "keys"},
        "lessons": {},
        "episodes": {},
        "remember": {"text": "a note", "position": [1, 2]},
    }.items():
        answer = writing.call(name, arguments)
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer, name
