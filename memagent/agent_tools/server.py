# SPDX-License-Identifier: Apache-2.0
"""Tools over the Model Context Protocol, by its official SDK: on stdin and stdout, or over HTTP.

HTTP requests stand for themselves (no sessions): an agent may come and go, and so may the server.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from memagent import __version__
from memagent.agent_tools.declaration import Tool
from memagent.agent_tools.toolbox import Toolbox
from memagent.errors import ConfigError, DependencyError, MemagentError

try:
    import anyio
    import mcp_types as types
    import uvicorn
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp.server.transport_security import TransportSecuritySettings
    from starlette.responses import JSONResponse
except ImportError as error:
    raise DependencyError(
        f"tools over MCP need its SDK ({error}): pip install 'memagent[tools]'"
    ) from error

CALL_S = 120.0
"""The longest that a call takes; then the agent is told so."""
CLOSE_S = 3.0
"""How long requests may go on when the server ends."""
PATH = "/mcp"
_ENDING = (signal.SIGINT, signal.SIGTERM)
_INSTRUCTIONS = (
    "The lifelong memory of a robot: what it saw, did and learned, with places in metres in its "
    "map and times by its clock. Ask `where` for an object, `recall` for anything else."
)

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def mcp_server(toolbox: Toolbox) -> Server[Any]:
    """The tools as an MCP server, on no transport yet."""

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in toolbox.tools])

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        def call() -> dict[str, Any]:
            return toolbox.call(params.name, params.arguments or {})

        try:
            with anyio.fail_after(CALL_S):
                answer = await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
        except MemagentError as error:
            return _said(str(error), is_error=True)
        except TimeoutError:
            return _said(f"{params.name}: no answer within {CALL_S:g} s", is_error=True)
        return _said(json.dumps(answer, ensure_ascii=False), structured_content=answer)

    return Server(
        "memagent",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve_stdio(toolbox: Toolbox, close: Callable[[], None]) -> None:
    """Serve until stdin ends. SIGINT and SIGTERM end the process from within.

    Args:
        toolbox: what to serve.
        close: closes all that the tools are for; called if a signal ends the process.
    """

    def leave() -> None:
        # The thread that reads stdin cannot be interrupted, and Python would wait for it for ever.
        close()
        os._exit(0)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, leave)
        server = mcp_server(toolbox)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        asyncio.run(serve())
    except Exception as error:
        if not _is_hang_up(error):
            raise


def serve_http(
    toolbox: Toolbox,
    close: Callable[[], None],
    host: str,
    port: int,
    token: str,
    say: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        toolbox: what to serve.
        close: as for :func:`serve_stdio`; it ends the calls that wait for something.
        host: an address of this machine, or a name of one.
        port: 0 for any free one.
        token: what agents must show as ``Authorization: Bearer``; "" for nothing.
        say: told the address once agents can come.

    Raises:
        ConfigError: there is no token for an address that other machines reach, or the address
            cannot be had.
    """
    local = _is_loopback(host)
    if not local and not token:
        raise ConfigError(
            f"{host}: other machines reach this address, so that agents need a token: put one into "
            "an environment variable and name it with --token-variable, or use --host 127.0.0.1"
        )
    listener = _listen(host, port)
    names = [f"{name}:*" for name in ("127.0.0.1", "localhost", "[::1]", host)]
    app: Asgi = mcp_server(toolbox).streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        # Against pages in a browser here that have their own name resolved to this machine.
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=local,
            allowed_hosts=names,
            allowed_origins=[f"http://{name}" for name in names],
        ),
    )
    server = _HttpServer(
        uvicorn.Config(
            _with_token(app, token) if token else app,
            log_level="warning",
            timeout_graceful_shutdown=int(CLOSE_S),
        ),
        ready=lambda: say(f"http://{_address(listener)}{PATH}"),
        close=close,
    )
    with _signals_end_quietly():
        server.run(sockets=[listener])


class _HttpServer(uvicorn.Server):
    """Tells when it is ready, and ends calls before it waits for their end."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], close: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._close = close

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await anyio.to_thread.run_sync(self._close)
        await super().shutdown(sockets)


class _EndedError(BaseException):
    """A signal that ends the server arrived."""


@contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """SIGINT and SIGTERM leave the block, after the server inside has seen to its requests."""

    def end(number: int, frame: object) -> None:
        raise _EndedError

    before = [signal.signal(number, end) for number in _ENDING]
    try:
        yield
    except _EndedError:
        pass
    finally:
        for number, handler in zip(_ENDING, before, strict=True):
            signal.signal(number, handler)


def _with_token(app: Asgi, token: str) -> Asgi:
    """Let only those in who show the token."""
    wanted = f"Bearer {token}".encode()

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            shown = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(shown, wanted):
                refusal = JSONResponse(
                    {"error": "show the token as: Authorization: Bearer TOKEN"},
                    401,
                    {"WWW-Authenticate": "Bearer"},
                )
                await refusal(scope, receive, send)
                return
        await app(scope, receive, send)

    return guarded


def _is_hang_up(error: BaseException) -> bool:
    """Whether the agent stopped reading, and nothing else."""
    parts = getattr(error, "exceptions", ())  # Of a group.
    return all(map(_is_hang_up, parts)) if parts else isinstance(error, BrokenPipeError)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(f"{host}:{port}: cannot be listened at: {error.strerror}") from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listed(tool: type[Tool]) -> types.Tool:
    return types.Tool(
        name=tool.called(),
        description=tool.description(),
        input_schema=tool.parameters(),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.scope == "read",
            destructive_hint=tool.called() == "forget" or tool.scope == "act",
            open_world_hint=tool.scope == "act",
        ),
    )


def _said(text: str, **more: Any) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], **more)
