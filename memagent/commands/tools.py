# SPDX-License-Identifier: Apache-2.0
"""``memagent tools``: a robot's memory and tasks for other agents."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memagent.commands.memory.opening import Opening, asking, failing, give, writing
from memagent.errors import ConfigError

if TYPE_CHECKING:
    from memagent.memory.asking import Asking

app = typer.Typer(help="A robot's memory and tasks for other agents.", no_args_is_help=True)


class ScopeName(str, Enum):
    """What agents may do."""

    read = "read"
    """Ask the memory, beside the robot that writes it."""
    write = "write"
    """Change it; the robot that writes it must be stopped."""
    act = "act"
    """Give instructions to the running robot."""


Scopes = Annotated[
    list[ScopeName],
    typer.Option("--scope", help="What agents may do; give it again for more.", show_default=True),
]

_READ, _ALL = [ScopeName.read], list(ScopeName)


@app.command()
def serve(
    file: Annotated[
        str, typer.Option(envvar="MEMAGENT_MEMORY", help="The memory: a file, or postgresql://...")
    ] = "~/.memagent/memory.db",
    scope: Scopes = _READ,
    http: Annotated[bool, typer.Option("--http", help="Over HTTP, not stdin and stdout.")] = False,
    host: Annotated[str, typer.Option(help="Where to listen, with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any free one.", min=0, max=65535)] = 8765,
    token_variable: Annotated[
        str, typer.Option(help="Environment variable with the token that agents must show.")
    ] = "",
    namespace: Annotated[str, typer.Option(help="Whose memory it is, on a server.")] = "robot",
    site: Annotated[str, typer.Option(help="The surveyed map, a YAML file.")] = "",
    config: Annotated[str, typer.Option(help="How memory works, a YAML file.")] = "",
) -> None:
    """Serve the tools over MCP until the agent hangs up or a signal ends it."""
    where = file if "://" in file else str(Path(file).expanduser())
    give(Opening(where, namespace, site, config, as_json=False))
    with failing(), ExitStack() as opened:
        from memagent.agent_tools import MEMORY_TOOLS, TASK_TOOLS, TaskRunner, Toolbox
        from memagent.agent_tools.server import serve_http, serve_stdio

        token = _token(token_variable)
        memory: Asking | None = None  # To act alone needs none.
        if ScopeName.write in scope:
            memory = opened.enter_context(writing())
        elif ScopeName.read in scope:
            memory, _ = opened.enter_context(asking())
        tasks = opened.enter_context(TaskRunner())
        offers = [(MEMORY_TOOLS, memory), (TASK_TOOLS, tasks)]
        toolbox = Toolbox(offers, [one.value for one in scope])
        if http:
            serve_http(toolbox, opened.close, host, port, token, _tell)
        else:
            serve_stdio(toolbox, opened.close)


@app.command()
def schema(
    scope: Scopes = _ALL,
) -> None:
    """Print the tools as JSON, as requests to OpenAI-compatible servers take them."""
    from memagent.agent_tools import MEMORY_TOOLS, TASK_TOOLS, Toolbox

    toolbox = Toolbox([(MEMORY_TOOLS, None), (TASK_TOOLS, None)], [one.value for one in scope])
    typer.echo(json.dumps(toolbox.openai_schemas(), indent=2, ensure_ascii=False))


def _tell(address: str) -> None:
    typer.echo(address, err=True)


def _token(variable: str) -> str:
    """What a named variable holds; "" if none was named."""
    if not variable:
        return ""
    token = os.environ.get(variable, "").strip()
    if not token:
        raise ConfigError(f"--token-variable {variable}: this environment variable is empty")
    return token
