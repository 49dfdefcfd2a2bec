# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from memagent.catalogue import Catalogue, load_catalogue
from memagent.site import Site, load_site

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(CONFIGS / "sites" / "flat.yaml")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(CONFIGS / "objects.yaml")
