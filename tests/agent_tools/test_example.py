# SPDX-License-Identifier: Apache-2.0
"""The example, with a model that calls tools and without any; and the documentation's code."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from language_model.server import says, serving

from memagent.resources import CHECKOUT

pytestmark = pytest.mark.unit


def run(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["ask_a_memory.py", *options])
    runpy.run_path(str(CHECKOUT / "examples/ask_a_memory.py"), run_name="__main__")


def wants(name: str, arguments: str) -> dict[str, object]:
    """A model's message that calls a tool."""
    call = {"id": "call-1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"content": None, "tool_calls": [call]}


def test_without_a_model_the_tools_answer_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch)
    told = capsys.readouterr().out
    assert "no model is asked" in told
    assert "silver keys: last seen on the shelf, 120 min ago" in told


def test_a_model_asks_with_the_tools_until_it_can_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(
        says("", message=wants("where", '{"object": "keys"}')),
        says("", message=wants("where", '{"thing": "keys"}')),
        says("On the shelf, two hours ago."),
    ) as server:
        run(monkeypatch, "--url", server.url, "--model", "tiny")
    assert capsys.readouterr().out.strip().endswith("On the shelf, two hours ago.")
    first, second, third = server.asked
    assert "where" in {tool["function"]["name"] for tool in first["tools"]}
    assert "It takes: thing" in json.loads(second["messages"][-1]["content"])["error"]
    assert json.loads(third["messages"][-1]["content"])["name"] == "silver keys"
    assert third["messages"][-1]["tool_call_id"] == "call-1"


def test_the_documentations_code_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (CHECKOUT / "docs/tools.md").read_text(encoding="utf-8")
    known: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, known)
    assert "blue bowl" in capsys.readouterr().out
    assert known["Battery"].openai_schema()["function"]["name"] == "battery"
