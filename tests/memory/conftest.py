# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memagent.memory import LifelongMemory
from memagent.site import Site, load_site


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(Path(__file__).parents[2] / "configs" / "sites" / "flat.yaml")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "robot.memory"


@pytest.fixture
def memory(path: Path, site: Site) -> Iterator[LifelongMemory]:
    with LifelongMemory(path, site) as opened:
        yield opened
