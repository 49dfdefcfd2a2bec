# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import memory_budget
import pytest

pytestmark = pytest.mark.unit


def test_it_measures_a_memory_that_stays_within_its_budget(tmp_path):
    memory_budget.main(["--out", str(tmp_path), "--observations", "1500", "--budget", "300"])
    written = json.loads((tmp_path / "memory_budget.json").read_text())
    figures = written["figures"]
    assert figures["observations"] == 1500
    assert figures["over_budget"] == 0
    assert figures["most_items"] <= 300
    assert figures["forgotten"] > 1000
    assert all(row["facts"] <= 150 + 64 * 3 for row in written["rows"])


def test_a_memory_over_its_budget_would_be_noticed():
    row = dict.fromkeys(
        ("gists", "write_p50_ms", "write_p99_ms", "write_max_ms", "recall_p50_ms", "wal_mb"), 1.0
    )
    rows = [
        {**row, "observations": n, "items": n, "forgotten": 1, "file_mb": n, "rss_mb": 1.0}
        for n in (10, 30)
    ]
    figures = memory_budget.figures(rows, 20)
    assert figures["over_budget"] == 1
    assert figures["file_mb_after"] == 3.0
