# SPDX-License-Identifier: Apache-2.0
"""The MCP server as agents meet it: a process of its own, and the SDK's client."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from memagent.agent_tools import Tool, Toolbox
from memagent.cli import app
from memagent.memory import MemoryReader
from memagent.resources import CHECKOUT
from memagent.types import Query

pytest.importorskip("mcp")

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from memagent.agent_tools import server

pytestmark = pytest.mark.unit

PATIENCE_S = 60.0
SERVE = [sys.executable, "-m", "memagent.cli", "tools", "serve", "--file"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TOKEN": "open sesame"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}

Found = TypeVar("Found")


def over_stdio(file: Path, *options: str) -> Any:
    arguments = [*SERVE[1:], str(file), *options]
    return stdio_client(
        StdioServerParameters(command=sys.executable, args=arguments, env=ENVIRONMENT)
    )


def talk(
    transport: Any, conversation: Callable[[Client], Awaitable[Found]], **options: Any
) -> Found:
    """What a conversation with a server brings; it ends in time."""

    async def talking() -> Found:
        with anyio.fail_after(PATIENCE_S):
            async with Client(transport, **options) as client:
                return await conversation(client)

    return anyio.run(talking)


@contextmanager
def process(file: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    command = [*SERVE, str(file), *options]
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT
    ) as served:
        try:
            yield served
        finally:
            served.kill()


@contextmanager
def over_http(file: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a server that is ready, and its process."""
    with process(file, "--http", "--port", "0", *options) as served:
        assert served.stderr is not None
        yield served.stderr.readline().strip(), served


def post(url: str, **headers: str) -> tuple[int, bytes]:
    """Greet a server without the SDK."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    standard = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    connection.request("POST", parts.path, json.dumps(HELLO), standard | headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


async def ask_for_the_keys(client: Client) -> tuple[list[Any], Any]:
    listed = await client.list_tools()
    return listed.tools, await client.call_tool("where", {"thing": "keys"})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_memory_is_asked_over_stdio(file: Path, mode: str) -> None:
    async def conversation(client: Client) -> None:
        tools, told = await ask_for_the_keys(client)
        names = {tool.name for tool in tools}
        assert {"recall", "where", "timeline", "chronology"} <= names
        assert not names & {"remember", "forget", "execute_task"}
        assert all(tool.annotations.read_only_hint for tool in tools)
        assert told.structured_content["candidates"][0]["place"] == "shelf"
        assert json.loads(told.content[0].text) == told.structured_content
        wrong = await client.call_tool("where", {"thing": 3})
        assert wrong.is_error
        assert "thing" in wrong.content[0].text
        forbidden = await client.call_tool("forget", {"id": "item-1"})
        assert forbidden.is_error
        assert "scope 'write'" in forbidden.content[0].text
        unknown = await client.call_tool("fly", {})
        assert unknown.is_error

    talk(over_stdio(file), conversation, mode=mode)


def test_a_write_is_durable_once_it_is_answered(file: Path) -> None:
    async def conversation(client: Client) -> Any:
        await client.call_tool("remember", {"text": "the plumber comes on Friday"})
        with MemoryReader(file) as memory:  # While the server still holds it.
            return memory.recall(Query("plumber")).items[0].text

    scopes = ("--scope", "read", "--scope", "write")
    assert talk(over_stdio(file, *scopes), conversation) == "the plumber comes on Friday"


class Slow(Tool):
    """Wait for whoever lets it go."""

    def carry_out(self, subject: threading.Event) -> dict[str, object]:
        return {"let_go": subject.wait(PATIENCE_S)}


def test_calls_at_once_do_not_wait_for_one_another() -> None:
    let_go = threading.Event()

    class LetGo(Tool):
        """Let the slow ones go."""

        def carry_out(self, subject: threading.Event) -> dict[str, object]:
            subject.set()
            return {}

    async def conversation(client: Client) -> list[Any]:
        found: list[Any] = []

        async def ask(name: str) -> None:
            found.append((await client.call_tool(name, {})).structured_content)

        async with anyio.create_task_group() as group:
            for name in ("slow", "slow", "slow", "let_go"):
                group.start_soon(ask, name)
        return found

    toolbox = Toolbox([((Slow, LetGo), let_go)])
    found = talk(server.mcp_server(toolbox), conversation)
    assert sorted(found, key=len) == [{}, *[{"let_go": True}] * 3]


def test_a_call_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CALL_S", 0.05)
    let_go = threading.Event()

    async def conversation(client: Client) -> Any:
        try:
            return await client.call_tool("slow", {})
        finally:
            let_go.set()

    told = talk(server.mcp_server(Toolbox([((Slow,), let_go)])), conversation)
    assert told.is_error
    assert "slow: no answer within 0.05 s" in told.content[0].text


def test_a_memory_is_asked_over_http_and_the_server_ends_on_a_signal(file: Path) -> None:
    with over_http(file) as (url, served):
        assert url.startswith("http://127.0.0.1:")
        _, told = talk(streamable_http_client(url), ask_for_the_keys)
        assert told.structured_content["candidates"][0]["place"] == "shelf"
        foreign, _ = post(url, Host="evil.example", Origin="http://evil.example")
        assert foreign in (403, 421)
        served.send_signal(signal.SIGTERM)
        assert served.wait(PATIENCE_S) == 0
        assert served.stderr is not None
        assert "Traceback" not in served.stderr.read()


def test_an_address_that_others_reach_is_let_in_by_token_alone(file: Path) -> None:
    with over_http(
        file,
        "--host",
        "0.0.0.0",
        "--token-variable",
        "TOKEN",
        "--scope",
        "read",
        "--scope",
        "write",
    ) as (url, served):
        url = url.replace("0.0.0.0", "127.0.0.1")
        for shown in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "open sesame"}):
            status, said = post(url, **shown)
            assert status == 401
            assert b"Authorization: Bearer" in said
        right = {"Authorization": "Bearer open sesame"}
        client = httpx2.AsyncClient(headers=right)
        _, told = talk(streamable_http_client(url, http_client=client), ask_for_the_keys)
        assert told.structured_content["name"] == "silver keys"
        served.send_signal(signal.SIGINT)
        assert served.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, None])
def test_over_stdio_the_server_ends_on_a_signal_and_when_the_agent_hangs_up(
    file: Path, ending: signal.Signals | None
) -> None:
    with process(file, "--scope", "write") as served:
        assert served.stdin is not None
        assert served.stdout is not None
        assert served.stderr is not None
        served.stdin.write(json.dumps(HELLO) + "\n")
        served.stdin.flush()
        assert json.loads(served.stdout.readline())["result"]["serverInfo"]["name"] == "memagent"
        if ending is None:
            served.stdin.close()
        else:
            served.send_signal(ending)
        assert served.wait(PATIENCE_S) == 0
        assert served.stderr.read() == ""


def test_an_agent_that_is_gone_before_it_is_answered_is_no_error(file: Path) -> None:
    with process(file) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        assert served.stderr is not None
        served.stdout.close()
        served.stdin.write(json.dumps(HELLO) + "\n")
        served.stdin.close()
        assert served.wait(PATIENCE_S) == 0
        assert served.stderr.read() == ""


def refused(*options: str) -> str:
    done = CliRunner().invoke(app, ["tools", "serve", *options])
    assert done.exit_code == 1
    return done.stderr


def test_what_cannot_be_served_is_refused_with_the_remedy(file: Path, tmp_path: Path) -> None:
    given = ("--file", str(file))
    assert "--token-variable" in refused(*given, "--http", "--host", "0.0.0.0")
    assert "NO_SUCH" in refused(*given, "--http", "--token-variable", "NO_SUCH")
    for scope in ("read", "write"):
        missing = str(tmp_path / "none.db")
        assert "none.db" in refused("--file", missing, "--scope", scope)
    assert not (tmp_path / "none.db").exists()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(*given, "--http", "--port", port)
