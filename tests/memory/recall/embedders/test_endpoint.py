# SPDX-License-Identifier: Apache-2.0
"""The endpoint embedder against a real HTTP server on this machine, well and badly behaved."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from memagent.memory.recall.embedders import (
    EmbedderConfig,
    EmbedderError,
    EndpointEmbedder,
    choose_embedder,
)

pytestmark = pytest.mark.unit


class Server(ThreadingHTTPServer):
    """Speaks the protocol, unless told otherwise."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: bytes | None = None
        self.status = 200
        self.silent = threading.Event()
        self.asked: list[dict] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        if self.server.silent.is_set():
            return
        rows = [
            {"index": i, "embedding": [3.0, 0.0, float(len(text))]}
            for i, text in enumerate(body["input"])
        ]
        answer = self.server.answer or json.dumps({"data": rows[::-1]}).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *values: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join(5.0)


def test_vectors_come_back_in_order_and_normalised(server: Server) -> None:
    embedder = choose_embedder(EmbedderConfig(kind="endpoint", url=server.url, model="m"))
    assert embedder is not None
    assert embedder.dimension == 3
    vectors = embedder.embed(["four", ""])
    np.testing.assert_allclose(vectors, [[0.6, 0.0, 0.8], [1.0, 0.0, 0.0]], atol=1e-6)
    assert server.asked[-1] == {"model": "m", "input": ["four", ""]}


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (429, b"slow down", "429.*slow down"),
        (200, b"not json", "no answer"),
        (200, b'{"data": []}', "expected 1 finite vectors"),
        (200, b'{"rows": []}', "holds no embeddings"),
        (200, b'{"data": [{"index": 0, "embedding": [NaN, 1, 2]}]}', "finite"),
    ],
)
def test_a_bad_answer_is_an_error_that_names_the_server(
    server: Server, status: int, answer: bytes, said: str
) -> None:
    embedder = EndpointEmbedder(server.url, "m")
    server.status, server.answer = status, answer
    with pytest.raises(EmbedderError, match=said):
        embedder.embed(["x"])


def test_silence_ends_with_the_time_out(server: Server) -> None:
    embedder = EndpointEmbedder(server.url, "m", timeout=0.3)
    server.silent.set()
    with pytest.raises(EmbedderError, match="no answer"):
        embedder.embed(["x"])


def test_nobody_there(server: Server) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(EmbedderError, match="no answer"):
        EndpointEmbedder(url, "m", timeout=0.5)
    with pytest.raises(EmbedderError, match="needs `url`"):
        choose_embedder(EmbedderConfig(kind="endpoint"))
