# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from memagent.robot import RobotDescription, load_robot
from memagent.site import Site, load_site

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(CONFIGS / "sites/flat.yaml")


@pytest.fixture(scope="session")
def description() -> RobotDescription:
    return load_robot(CONFIGS / "robots/mobile_panda.yaml")
