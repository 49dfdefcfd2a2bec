# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner import HouseholdGrounder


@pytest.fixture(scope="session")
def grounder() -> HouseholdGrounder:
    return HouseholdGrounder()
