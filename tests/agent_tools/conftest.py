# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from lived_memory import live


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A memory of keys that wandered from the desk to the shelf within an hour."""
    path = tmp_path / "robot.db"
    live(path, "silver keys", moved=3600.0)
    return path
