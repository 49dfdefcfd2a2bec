# SPDX-License-Identifier: Apache-2.0
"""``memagent doctor``: what is installed, what is missing, and what to do about it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FREE_DISK_GB = 1.0
DISCOVERY_S = 10.0

RENDER = """
import mujoco
ball = "<light pos='0 0 3'/><geom size='1'/>"
model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{ball}</worldbody></mujoco>")
renderer = mujoco.Renderer(model, 32, 32)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
renderer.update_scene(data)
assert renderer.render().any(), "the picture is black"
from OpenGL import GL
print(GL.glGetString(GL.GL_RENDERER).decode())
renderer.close()
"""

DISCOVER = """
import sys, threading, time
import rclpy
from std_msgs.msg import String
rclpy.init()
sender, receiver = rclpy.create_node("doctor_sender"), rclpy.create_node("doctor_receiver")
heard = threading.Event()
receiver.create_subscription(String, "memagent/doctor", lambda message: heard.set(), 10)
publisher = sender.create_publisher(String, "memagent/doctor", 10)
began = time.monotonic()
while not heard.is_set() and time.monotonic() - began < 8:
    publisher.publish(String(data="hello"))
    rclpy.spin_once(receiver, timeout_sec=0.1)
print(f"{time.monotonic() - began:.2f}")
sys.exit(not heard.is_set())
"""


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    subject: str
    ok: bool
    detail: str
    remedy: str = ""
    """What to do, "" where nothing is wrong."""
    needed: bool = True
    """False where memagent works without it, only with less."""


def examine(memory_file: Path) -> tuple[Finding, ...]:
    """Look at this machine; takes a few seconds."""
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _rclpy,
        _interfaces,
        _rendering,
        _torch,
        lambda: _disk(memory_file),
        _discovery,
    )
    return tuple(check() for check in checks)


def _version(module: str) -> str:
    return str(getattr(importlib.import_module(module), "__version__", "installed"))


def _run(script: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` in a process of its own, so that no crash or hang reaches ours."""
    environment = {"MUJOCO_GL": "egl", **os.environ}
    try:
        return subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            timeout=DISCOVERY_S,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([], 1, "", f"no answer within {DISCOVERY_S:g} s")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = (3, 10) <= sys.version_info[:2] <= (3, 13)
    return Finding("Python", ok, version, "" if ok else "use CPython 3.10 to 3.13")


def _rclpy() -> Finding:
    remedy = "run `make setup`, or source a ROS 2 distribution"
    try:
        importlib.import_module("rclpy")
    except ImportError as error:
        return Finding("rclpy", False, str(error), remedy)
    origin = os.environ.get("ROS_DISTRO", "wheels")
    rmw = os.environ.get("RMW_IMPLEMENTATION", "default middleware")
    return Finding("rclpy", True, f"from {origin}, {rmw}")


def _interfaces() -> Finding:
    try:
        importlib.import_module("memagent_interfaces.msg")
    except ImportError as error:
        remedy = "run `make setup`, or `cd ros_ws && colcon build && source install/setup.bash`"
        return Finding("memagent_interfaces", False, str(error), remedy)
    return Finding("memagent_interfaces", True, "built")


def _rendering() -> Finding:
    try:
        version = _version("mujoco")
    except ImportError as error:
        return Finding(
            "MuJoCo",
            False,
            str(error),
            "pip install ./sim (only the simulation needs it)",
            needed=False,
        )
    result = _run(RENDER)
    backend = os.environ.get("MUJOCO_GL", "egl")
    if result.returncode != 0:
        remedy = (
            "apt-get install libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri, "
            "or set MUJOCO_GL=osmesa and install libosmesa6"
        )
        return Finding("rendering", False, f"{backend}: {_last_line(result.stderr)}", remedy)
    renderer = _last_line(result.stdout)
    note = " (software, slower than a GPU)" if "llvmpipe" in renderer else ""
    return Finding("rendering", True, f"MuJoCo {version}, {backend}, {renderer}{note}")


def _torch() -> Finding:
    try:
        import torch
    except ImportError as error:
        remedy = "pip install 'memagent[policy]' (only the learned policy needs it)"
        return Finding("torch", False, str(error), remedy, needed=False)
    device = "CUDA" if torch.cuda.is_available() else "CPU"
    return Finding("torch", True, f"{torch.__version__}, {device}")


def _disk(memory_file: Path) -> Finding:
    folder = memory_file.expanduser().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    ok = free >= FREE_DISK_GB and os.access(folder, os.W_OK)
    remedy = f"free some space below {folder}, or choose another memory file" if not ok else ""
    return Finding("disk", ok, f"{free:.1f} GB free for {memory_file}", remedy)


def _discovery() -> Finding:
    result = _run(DISCOVER)
    if result.returncode == 0:
        return Finding("DDS discovery", True, f"two nodes met in {_last_line(result.stdout)} s")
    remedy = (
        "check that multicast or loopback is allowed; "
        "try ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, and see ROS_DOMAIN_ID"
    )
    return Finding("DDS discovery", False, _last_line(result.stderr) or "nothing heard", remedy)
