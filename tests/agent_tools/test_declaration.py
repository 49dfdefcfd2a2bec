# SPDX-License-Identifier: Apache-2.0
"""Declarations: what agents are told of a tool, and what comes back as JSON."""

from __future__ import annotations

import json
import math

import pytest
from typer.testing import CliRunner

from memagent.agent_tools import MEMORY_TOOLS, TASK_TOOLS, Tool, Toolbox
from memagent.agent_tools.declaration import plain
from memagent.cli import app
from memagent.types import Fact, Relation, TaskStatus

jsonschema = pytest.importorskip("jsonschema")

pytestmark = pytest.mark.unit

TOOLS = (*MEMORY_TOOLS, *TASK_TOOLS)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.called())
def test_parameters_are_a_valid_schema_of_an_object(tool: type[Tool]) -> None:
    schema = tool.parameters()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(tool.model_fields)
    assert '"title"' not in json.dumps(schema)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.called())
def test_a_tool_says_in_a_sentence_what_it_is_for(tool: type[Tool]) -> None:
    told = tool.openai_schema()["function"]["description"]
    assert 20 < len(told) < 200
    assert told.endswith(".")
    assert "\n" not in told


def test_memory_tools_have_the_names_of_the_memory_nodes_services() -> None:
    services = pytest.importorskip("memagent.ros.memory_services").SERVICES
    without_service = {"near", "facts", "episodes"}
    names = {tool.called() for tool in MEMORY_TOOLS} - without_service
    assert names <= {name for _, name, _ in services}


def test_an_argument_may_be_called_title() -> None:
    class Label(Tool):
        """Label something."""

        title: str

        def carry_out(self, subject: object) -> dict[str, object]:
            return {"title": self.title}

    assert Label.parameters()["properties"] == {"title": {"type": "string"}}
    assert Toolbox([((Label,), None)]).call("label", {"title": "x"}) == {"title": "x"}


def test_answers_are_json_without_what_is_empty() -> None:
    fact = Fact("fact-1", Relation("mug", "on", "desk"), 1.0, None, math.inf)
    told = plain({"facts": (fact,), "status": TaskStatus.FAILED, "none": ()})
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["facts"][0]["valid_from"] == 1.0
    assert "valid_to" not in told["facts"][0]
    assert told["status"] == "FAILED"
    assert told["none"] == []


def test_the_command_prints_the_schemas_that_openai_compatible_servers_take() -> None:
    printed = CliRunner().invoke(app, ["tools", "schema"])
    assert [tool["function"]["name"] for tool in json.loads(printed.stdout)] == [
        tool.called() for tool in TOOLS
    ]
    narrow = CliRunner().invoke(app, ["tools", "schema", "--scope", "act"])
    assert json.loads(narrow.stdout) == [tool.openai_schema() for tool in TASK_TOOLS]
