# SPDX-License-Identifier: Apache-2.0
"""Every engine keeps the rules of a store, and the suite notices one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from memagent.memory.store import SQLiteStore, check_store

pytestmark = pytest.mark.unit


def test_a_file_keeps_every_rule(tmp_path: Path) -> None:
    check_store(lambda name, config: SQLiteStore(tmp_path / name, config))


def test_a_memory_that_does_not_last_keeps_the_others() -> None:
    check_store(lambda _, config: SQLiteStore(":memory:", config), lasting=False)
