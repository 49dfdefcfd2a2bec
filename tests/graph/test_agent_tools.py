# SPDX-License-Identifier: Apache-2.0
"""Another agent gives the robot a task over MCP, and asks the memory that the graph writes."""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("mcp")

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

pytestmark = [pytest.mark.graph, pytest.mark.slow]

PATIENCE_S = 120.0
INSTRUCTION = "put everything that is on the counter into the fridge"


def talk(graph, conversation):
    file = str(graph.folder / "memory.db")
    arguments = ["-m", "memagent.cli", "tools", "serve", "--file", file]
    server = StdioServerParameters(
        command=sys.executable,
        args=[*arguments, "--scope", "read", "--scope", "act"],
        env=dict(os.environ),
    )

    async def talking():
        with anyio.fail_after(PATIENCE_S):
            async with Client(stdio_client(server)) as client:
                return await conversation(client)

    return anyio.run(talking)


async def answer(client, name, **arguments):
    told = await client.call_tool(name, arguments)
    assert not told.is_error, told.content[0].text
    return told.structured_content


def test_a_task_that_is_called_off_and_one_that_nobody_waits_for_both_end(graph):
    async def call_off(client):
        begun = await answer(client, "execute_task", instruction=INSTRUCTION, wait=0)
        assert begun["status"] == "RUNNING"
        while not (await answer(client, "episodes"))["episodes"]:
            await anyio.sleep(0.1)
        assert (await answer(client, "cancel_task"))["status"] == "CANCELED"
        return await ended(client, 1)

    async def ended(client, count):
        while True:
            found = (await answer(client, "episodes"))["episodes"]
            if len(found) == count and found[0].get("status"):
                return found[0]["status"]
            await anyio.sleep(0.1)

    async def hang_up(client):
        await answer(client, "execute_task", instruction=INSTRUCTION, wait=0)
        while len((await answer(client, "episodes"))["episodes"]) < 2:
            await anyio.sleep(0.1)

    assert talk(graph, call_off) == "CANCELED"
    talk(graph, hang_up)
    assert talk(graph, lambda client: ended(client, 2)) == "CANCELED"
