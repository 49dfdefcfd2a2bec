#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A language model asks a robot's memory: "Where did you last see my keys?"

    python examples/ask_a_memory.py --url http://localhost:11434/v1 --model qwen3

The memory is recorded first: a morning in which the robot saw the keys at two places. The model, on
any OpenAI-compatible server, gets the tools that read it; a key is taken from OPENAI_API_KEY.
Without --url, the tool's own answer is printed: what a model would get to read.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from memagent.agent_tools import MEMORY_TOOLS, Toolbox
from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, MemoryReader
from memagent.types import ObjectObservation, Percept, Pose2D, Relation

QUESTION = "Where did you last see my keys?"
SYSTEM = "You are a household robot. Ask your memory with the tools; answer in one sentence."
ROUNDS = 6
TIMEOUT_S = 60.0


def record(file: Path) -> None:
    """Live through a morning: the keys are on the desk at 8, on the shelf at 9; then they wait."""
    with LifelongMemory(file) as memory:
        for hour, place, position in (
            (8, "desk", (6.0, 5.0, 0.74)),
            (9, "shelf", (7.7, 4.4, 0.65)),
        ):
            for frame in range(5):
                memory.observe(sight_of_keys(hour * 3600 + 0.3 * frame, place, position))
        memory.observe(Percept(11 * 3600.0, Pose2D(1, 1), summary="saw an empty hall"))


def sight_of_keys(stamp: float, place: str, position: tuple[float, float, float]) -> Percept:
    """What the preprocessor makes of a camera frame."""
    keys = ObjectObservation(
        track_id=1, label="silver keys", category="keys", colour="silver", shape="box",
        position=position, yaw=0.0, size=(0.07, 0.03, 0.01), confidence=0.9, pixels=150,
    )  # fmt: skip
    relation = Relation("silver keys", "on", place)
    summary = f"saw the silver keys on the {place}"
    return Percept(stamp, Pose2D(6, 4), (keys,), relations=(relation,), summary=summary)


def chat(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """One request of the chat completions protocol; the model's message."""
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENAI_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(
        f"{url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        message: dict[str, Any] = json.load(answer)["choices"][0]["message"]
        return message


def carry_out(tools: Toolbox, function: dict[str, str]) -> str:
    """What a tool says; an error, too, is for the model to read, and to do better."""
    try:
        answer = tools.call(function["name"], json.loads(function["arguments"] or "{}"))
    except (MemagentError, ValueError) as error:
        answer = {"error": str(error)}
    print(f"  {function['name']}({function['arguments']})")
    return json.dumps(answer)


def ask(tools: Toolbox, url: str, model: str) -> str:
    """Let the model call tools until it answers."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": QUESTION},
    ]
    for _ in range(ROUNDS):
        message = chat(url, {"model": model, "messages": messages, "tools": tools.openai_schemas()})
        messages.append(message)
        if not message.get("tool_calls"):
            return str(message["content"])
        for call in message["tool_calls"]:
            content = carry_out(tools, call["function"])
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})
    return f"(no answer within {ROUNDS} rounds)"


def main() -> None:
    parser = argparse.ArgumentParser(description="Let a language model ask a robot's memory.")
    parser.add_argument("--url", default="", help="the server's address, up to /v1")
    parser.add_argument("--model", default="gpt-4o-mini", help="its name on the server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "robot.db"
        record(file)
        with MemoryReader(file) as memory:
            tools = Toolbox([(MEMORY_TOOLS, memory)])
            print(QUESTION)
            if options.url:
                print(ask(tools, options.url, options.model))
            else:
                print("(no --url, so no model is asked; it would call where and read:)")
                print(json.dumps(tools.call("where", {"thing": "keys"}), indent=2))


if __name__ == "__main__":
    main()
