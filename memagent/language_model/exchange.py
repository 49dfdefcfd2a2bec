# SPDX-License-Identifier: Apache-2.0
"""One HTTP request and its answer, both before a deadline.

The time-outs of HTTP libraries are between two bytes: a server that sends one byte a second is
never too slow for them. Here the connection is cut when the deadline passes. Only connecting is
bounded as libraries do it, by the same time for each address of the host.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_CHUNK = 65_536
MOST_BYTES = 16_000_000
"""Longer answers are none."""


class ExchangeError(Exception):
    """No complete answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str], seconds: float) -> Reply:
    """Post JSON and read all of the answer, whatever its status.

    Raises:
        ExchangeError: nobody answers, the answer ends early or is too long, or ``seconds`` passed.
    """
    deadline = time.monotonic() + seconds
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=max(seconds, 1e-3))
    late = threading.Event()
    try:
        connection.connect()
        with _cut_at(deadline, connection.sock, late):
            content = {"Content-Type": "application/json", "Connection": "close"}
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, json.dumps(body).encode(), {**content, **headers})
            reply = _read(connection.getresponse())
        if late.is_set():  # To an answer of unknown length, being cut looks like its end.
            raise TimeoutError
        return reply
    except ValueError:  # A header that cannot be: it may hold the key, so do not tell it.
        raise ExchangeError("the key or the address holds characters that cannot be sent") from None
    except (OSError, http.client.HTTPException) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            raise ExchangeError(f"no answer within {seconds:.1f} s") from error
        raise ExchangeError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _read(answer: http.client.HTTPResponse) -> Reply:
    read = bytearray()
    while chunk := answer.read1(_CHUNK):
        read += chunk
        if len(read) > MOST_BYTES:
            raise ExchangeError(f"the answer is longer than {MOST_BYTES} bytes")
    if answer.length:
        raise http.client.IncompleteRead(bytes(read), answer.length)
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(answer.status, headers, bytes(read))


@contextmanager
def _cut_at(deadline: float, sock: socket.socket, late: threading.Event) -> Iterator[None]:
    """End the connection at the deadline, whoever waits for it then."""
    other = socket.socket(fileno=os.dup(sock.fileno()))  # The same one, without its encryption.

    def cut() -> None:
        late.set()
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        other.close()
