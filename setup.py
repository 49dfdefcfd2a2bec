# SPDX-License-Identifier: Apache-2.0
"""For colcon (ament_python): which files go to share/memagent.

The rest is in pyproject.toml; setup.cfg puts the nodes where ``ros2 run`` and launch look.
"""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "memagent"


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """Data files below ``folder``, in the same tree under share/memagent."""
    files: dict[str, list[str]] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files.setdefault(f"share/{PACKAGE}/{path.parent.as_posix()}", []).append(
                path.as_posix()
            )
    return list(files.items())


setup(
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *shared("configs"),
        *shared("launch"),
    ],
)
