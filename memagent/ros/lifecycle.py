# SPDX-License-Identifier: Apache-2.0
"""What every node of the graph has in common: life cycle, parameters, status and clean shutdown."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import rclpy
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import (
    Executor,
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from memagent import resources
from memagent.errors import MemagentError
from memagent.ros import qos
from memagent_interfaces.msg import Status

EXIT_MISCONFIGURED = 2
"""Exit status of a node that cannot start and would not the next time either."""

STATUS_PERIOD_S = 1.0
PR_SET_PDEATHSIG = 1
FINISH_S = 1.5
"""Time for the work at hand to end after a node was told to stop."""


class RegionNode(LifecycleNode):  # type: ignore[misc]
    """A lifecycle node around one region.

    Subclasses implement :meth:`configure`, :meth:`activate`, :meth:`deactivate` and
    :meth:`cleanup`. Any of them may raise :class:`MemagentError`: the transition fails, and the
    message goes to the log and to ``memagent/status``.

    With the parameter ``autostart`` (default) the node configures and activates itself once it
    spins; otherwise it waits for a lifecycle manager.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.problem = ""
        self.active = False
        self._status_group = MutuallyExclusiveCallbackGroup()
        self._status = self.create_publisher(Status, "memagent/status", qos.RELIABLE)
        self.create_timer(
            STATUS_PERIOD_S,
            self._publish_status,
            callback_group=self._status_group,
            clock=rclpy.clock.Clock(clock_type=rclpy.clock.ClockType.STEADY_TIME),
        )

    # --- for subclasses ---------------------------------------------------------------------

    def configure(self) -> None: ...

    def activate(self) -> None: ...

    def deactivate(self) -> None: ...

    def cleanup(self) -> None: ...

    def busy(self) -> bool:
        """Whether a callback is still at work that ends soon after :meth:`deactivate`."""
        return False

    def measurements(self) -> Mapping[str, float]:
        """Values to publish with the status."""
        return {}

    def text(self, name: str, default: str, description: str) -> str:
        """Declare and read a string parameter."""
        return str(self._declare(name, default, ParameterDescriptor(description=description)))

    def file(self, name: str, default: str, description: str) -> Path:
        """Declare and read a parameter that names a file, as :func:`memagent.resources.find` does.

        Raises:
            ConfigError: there is no such file.
        """
        return resources.find(self.text(name, default, description))

    def number(self, name: str, default: float, low: float, high: float, description: str) -> float:
        """Declare and read a number within [low, high]."""
        limits = FloatingPointRange(from_value=low, to_value=high)
        descriptor = ParameterDescriptor(description=description, floating_point_range=[limits])
        return float(self._declare(name, default, descriptor))

    def integer(self, name: str, default: int, low: int, high: int, description: str) -> int:
        limits = IntegerRange(from_value=low, to_value=high, step=1)
        descriptor = ParameterDescriptor(description=description, integer_range=[limits])
        return int(self._declare(name, default, descriptor))

    def flag(self, name: str, default: bool, description: str) -> bool:
        return bool(self._declare(name, default, ParameterDescriptor(description=description)))

    def _declare(self, name: str, default: Any, descriptor: ParameterDescriptor) -> Any:
        if not self.has_parameter(name):
            self.declare_parameter(name, default, descriptor)
        return self.get_parameter(name).value

    # --- transitions ------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt(self.configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = super().on_activate(state)
        if result == TransitionCallbackReturn.SUCCESS:
            result = self._attempt(self.activate)
            self.active = result == TransitionCallbackReturn.SUCCESS
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.active = False
        self._attempt(self.deactivate)
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt(self.cleanup)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        if self.active:
            self.active = False
            self._attempt(self.deactivate)
        return self._attempt(self.cleanup)

    def _attempt(self, transition: Any) -> TransitionCallbackReturn:
        try:
            transition()
        except MemagentError as error:
            self.problem = str(error)
            self.get_logger().error(self.problem)
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # the boundary of the node: rclpy would swallow it silently
            self.problem = f"{type(error).__name__}: {error}"
            self.get_logger().error(traceback.format_exc())
            return TransitionCallbackReturn.FAILURE
        self.problem = ""
        return TransitionCallbackReturn.SUCCESS

    def start(self) -> bool:
        """Configure and activate; False if either failed."""
        success = TransitionCallbackReturn.SUCCESS
        return bool(self.trigger_configure() == success and self.trigger_activate() == success)

    def _publish_status(self) -> None:
        message = Status(node=self.get_name())
        message.header.stamp = self.get_clock().now().to_msg()
        message.level = "ERROR" if self.problem else "OK"
        message.message = self.problem or ("active" if self.active else "inactive")
        for key, value in self.measurements().items():
            message.keys.append(key)
            message.values.append(float(value))
        self._status.publish(message)


def _finish(node: RegionNode, executor: Executor) -> None:
    """Deactivate, let the work at hand end, and shut down."""
    if node.active:
        node.trigger_deactivate()
    deadline = time.monotonic() + FINISH_S
    while node.busy() and time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.05)
    node.trigger_shutdown()


def _end_with_parent() -> None:
    """Have the kernel send SIGTERM when the process that started this one is gone.

    Without it a launcher that is killed leaves its nodes running. Linux only; elsewhere nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def spin(node_type: Callable[[], RegionNode], threads: int = 4) -> None:
    """Run one node until SIGINT or SIGTERM, then take it down through its life cycle.

    Exits with :data:`EXIT_MISCONFIGURED` if the node started itself and failed.
    """
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    _end_with_parent()
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    code = 0
    node = node_type()
    # One thread costs half the CPU of a pool; only nodes with blocking callbacks need more.
    executor = (
        SingleThreadedExecutor() if threads == 1 else MultiThreadedExecutor(num_threads=threads)
    )
    executor.add_node(node)
    try:
        if node.flag("autostart", True, "Configure and activate without a lifecycle manager.") and (
            not node.start()
        ):
            code = EXIT_MISCONFIGURED
            stop.set()
        while not stop.is_set() and rclpy.ok():
            executor.spin_once(timeout_sec=0.1)
        _finish(node, executor)
    except ExternalShutdownException:
        pass
    # A callback that is still blocked in a pool thread must not keep the process from ending.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
