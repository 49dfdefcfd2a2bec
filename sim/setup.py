# SPDX-License-Identifier: Apache-2.0
"""For colcon (ament_python). Without ROS the repository's pyproject.toml installs this package."""

from setuptools import find_packages, setup

PACKAGE = "memagent_sim"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="A simulated flat, and a robot that lives in it, for memagent",
    license="Apache-2.0",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    # memagent itself is not listed: it is a sibling in the workspace, and depends on this package.
    install_requires=["mujoco>=3.17,<5", "gymnasium>=1.0", "numpy>=1.26"],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    entry_points={"console_scripts": ["simulated_robot = memagent_sim.robot_node:main"]},
)
