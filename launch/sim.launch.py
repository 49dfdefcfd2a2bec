# SPDX-License-Identifier: Apache-2.0
"""Only the simulated robot: ``ros2 launch memagent sim.launch.py seed:=3``.

For work on one node, or for another robot program; its topics are those of a real robot.
"""

from __future__ import annotations

from pathlib import Path

from launch.launch_description_sources import load_python_launch_file_as_module

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    full = load_python_launch_file_as_module(str(Path(__file__).with_name("full.launch.py")))
    return full.describe(only=["simulated_robot"])
