# SPDX-License-Identifier: Apache-2.0
"""A local server that speaks the chat completions protocol, and misbehaves as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reaction = Callable[["Handler"], None]
PATIENCE_S = 20.0


class Handler(BaseHTTPRequestHandler):
    """Notes what was asked, and reacts in the order that was given; the last one for ever."""

    server: Server
    asked: dict[str, Any]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.asked = json.loads(self.rfile.read(length))
        self.server.note(self.path, dict(self.headers), self.asked)
        # The one who asks may have gone; some tests want just that.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.server.next_reaction()(self)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True

    def __init__(self, *reactions: Reaction) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._lock = threading.Lock()
        self._reactions = list(reactions)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.done = threading.Event()
        """Set when the test is over; what is slow ends then."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def note(self, path: str, headers: dict[str, str], asked: dict[str, Any]) -> None:
        with self._lock:
            self.paths.append(path)
            self.headers.append(headers)
            self.asked.append(asked)

    def next_reaction(self) -> Reaction:
        with self._lock:
            return self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]

    def handle_error(self, *arguments: Any) -> None:
        """Broken connections are what some tests are about."""


@contextmanager
def serving(*reactions: Reaction) -> Iterator[Server]:
    """A server that runs meanwhile."""
    server = Server(*reactions)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.done.set()
        server.shutdown()
        thread.join(PATIENCE_S)
        server.server_close()


def completion(content: Any, **choice: Any) -> bytes:
    """The body of an answer whose message has this content, JSON unless it is text."""
    text = content if isinstance(content, str) else json.dumps(content)
    message = {"role": "assistant", "content": text} | choice.pop("message", {})
    return json.dumps(
        {
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"} | choice],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7},
        }
    ).encode()


def says(content: Any, **choice: Any) -> Reaction:
    return lambda handler: handler.send(completion(content, **choice))


def fails(status: int, words: str = "", **headers: str) -> Reaction:
    return lambda handler: handler.send(words.encode(), status, **headers)


def hangs(handler: Handler) -> None:
    """Takes the question and says nothing."""
    handler.server.done.wait(PATIENCE_S)


def drips(handler: Handler) -> None:
    """Sends a byte of the headers now and then: never silent for long, and never done."""
    while not handler.server.done.wait(0.02):
        handler.wfile.write(b"H")
        handler.wfile.flush()


def drips_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.done.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def breaks_off(handler: Handler) -> None:
    """Announces more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')


def hangs_up(handler: Handler) -> None:
    handler.connection.close()


def only_knows(mode: str, content: Any) -> Reaction:
    """A server that refuses other ways to ask for a shape."""

    def react(handler: Handler) -> None:
        wanted = handler.asked.get("response_format", {"type": "text"})["type"]
        if wanted == mode:
            handler.send(completion(content))
        else:
            handler.send(f"unsupported response_format {wanted}".encode(), 400)

    return react
