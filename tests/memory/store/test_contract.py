# SPDX-License-Identifier: Apache-2.0
"""What memory promises, it promises on a server too: tests of a file's memory, on PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest

# The tests and their fixtures; where memory is kept comes from the fixture below.
from ..corrections.test_corrections import *  # noqa: F403
from ..episodic.test_chronology import *  # noqa: F403
from ..recall.test_recaller import *  # noqa: F403
from ..semantic.test_lessons import *  # noqa: F403
from ..test_lifelong import *  # noqa: F403
from .conftest import Server

pytestmark = pytest.mark.unit

# What is about files alone: their size limit, their older versions, their tables.
del test_a_failed_write_leaves_memory_as_it_was  # noqa: F821
del test_an_older_file_keeps_everything_and_its_outcomes_become_lessons  # noqa: F821
del test_what_is_forgotten_leaves_no_vector  # noqa: F821


@pytest.fixture
def path(server: Server) -> str:
    """A server's address in place of a file's, with nothing in it."""
    with psycopg.connect(server.dsn, autocommit=True) as session:
        session.execute("DROP SCHEMA IF EXISTS robot CASCADE")
    return server.dsn
