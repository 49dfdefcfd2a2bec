# SPDX-License-Identifier: Apache-2.0
"""For colcon (ament_python): which files go to share/memagent.

The rest is in pyproject.toml; setup.cfg puts the nodes where ``ros2 run`` and launch look.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import Distribution, find_namespace_packages, setup

PACKAGE = "memagent"
PROJECT = Path(__file__).resolve().parent / "pyproject.toml"


class ColconDistribution(Distribution):
    """Reads pyproject.toml so that colcon, which knows only setup.py, gets along with it.

    ``colcon build --symlink-install`` runs setup.py from a folder without pyproject.toml. Any build
    passes this object on as the ``repr`` of its fields, and that of a ``SpecifierSet`` cannot be
    read back.
    """

    def parse_config_files(
        self, filenames: list[str] | None = None, ignore_option_errors: bool = False
    ) -> None:
        filenames = filenames or [*self.find_config_files(), str(PROJECT)]
        super().parse_config_files(filenames, ignore_option_errors)
        self.python_requires = self.metadata.python_requires = str(self.python_requires)


def packages() -> list[str]:
    """All packages, those that hold only data included.

    Only this folder is searched: ros_ws/src links back to the checkout, a loop for setuptools.
    """
    below = find_namespace_packages(PACKAGE, exclude=["*__pycache__"])
    return [PACKAGE, *(f"{PACKAGE}.{name}" for name in below)]


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """Data files below ``folder``, in the same tree under share/memagent."""
    files: dict[str, list[str]] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            target = f"share/{PACKAGE}/{path.parent.as_posix()}"
            files.setdefault(target, []).append(path.as_posix())
    return list(files.items())


setup(
    distclass=ColconDistribution,
    packages=packages(),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *shared("configs"),
        *shared("launch"),
    ],
)
