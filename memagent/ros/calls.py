# SPDX-License-Identifier: Apache-2.0
"""Waiting for services and actions from an ordinary thread, always with a time-out.

The node spins on the executor's threads; these functions block only their caller.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from rclpy.client import Client
from rclpy.task import Future

from memagent.errors import MemagentError


class NoAnswerError(MemagentError):
    """A service or action server did not answer in time."""


def wait_for(future: Future, timeout_s: float) -> bool:
    """Whether ``future`` was done within ``timeout_s`` of wall-clock time."""
    return Outcome(future).wait(timeout_s)


class Outcome:
    """A future that a thread polls: one callback, however often it is asked."""

    def __init__(self, future: Future) -> None:
        self._future = future
        self._done = threading.Event()
        future.add_done_callback(lambda _: self._done.set())

    def wait(self, timeout_s: float) -> bool:
        """Whether it was done within ``timeout_s`` of wall-clock time."""
        return self._done.wait(timeout_s)

    def result(self) -> Any:
        return self._future.result()


def wait_until(condition: Callable[[], bool], timeout_s: float, period_s: float = 0.05) -> bool:
    """Poll ``condition`` until it is true or ``timeout_s`` of wall-clock time has passed."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(period_s)
    return True


def call(client: Client, request: Any, timeout_s: float) -> Any:
    """Call a service and return its response.

    Raises:
        NoAnswerError: the server is not there or did not answer within ``timeout_s``.
        MemagentError: it answered with ``success`` false; the message is the server's.
    """
    deadline = time.monotonic() + timeout_s
    if not wait_until(client.service_is_ready, timeout_s):
        raise NoAnswerError(f"no server for service {client.srv_name!r} within {timeout_s:g} s")
    future = client.call_async(request)
    if not wait_for(future, max(0.0, deadline - time.monotonic())):
        client.remove_pending_request(future)
        raise NoAnswerError(f"service {client.srv_name!r} did not answer within {timeout_s:g} s")
    response = future.result()
    if response is None:
        raise NoAnswerError(f"service {client.srv_name!r} broke off")
    if getattr(response, "success", True) is False:
        raise MemagentError(response.message)
    return response
