# SPDX-License-Identifier: Apache-2.0
"""The table of spatial memory names what it was not given, and takes in what the parts wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import spatial

import report
from aims import gather

pytestmark = pytest.mark.unit


def test_the_table_is_made_of_what_is_there(tmp_path: Path, capsys) -> None:
    measured = {
        "relocation_precision": {"value": 0.99, "low": 0.97, "high": 1.0},
        "stale_positions": 0.05,
    }
    report.write(tmp_path, spatial.FLAT, measured, [], {"errands": 5}, [3])
    made = gather(tmp_path, "spatial", spatial.FIGURES)
    assert made["figures"]["relocation_precision"] == 0.99
    assert made["figures"]["relocation_precision_low"] == 0.97
    assert made["seeds"] == [3]
    assert {row["figure"]: row["met"] for row in made["rows"]} == {
        "relocation_precision": True,
        "stale_positions": False,
    }
    told = capsys.readouterr().out
    assert "insert_vs_o3d_hashmap: left out, needs --peers" in told
    assert "decode_error_max: left out, spatial_tokens was not run" in told
