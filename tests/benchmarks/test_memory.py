# SPDX-License-Identifier: Apache-2.0
"""The table of all figures, and the parts that have no test of their own, at small sizes."""

from __future__ import annotations

import json

import memory_graph
import memory_order
import memory_parallel
import memory_recall
import memory_step
import pytest

from memagent.cli import BENCHMARKS, load_benchmark

memory = load_benchmark(BENCHMARKS / "memory.py", "table_of_memory")  # tests/memory is `memory`.
pytestmark = pytest.mark.unit

ASKED_FOR = (
    "write_rate_vs_emem", "batch_rate_vs_emem", "recall_p50_ms", "recall_p50_vs_emem",
    "recall_p99_ms_under_writes", "recall_at_10", "where_p50_ms", "graph_update_p50_ms",
    "graph_update_growth", "step_p50_ms", "cold_start_s", "disk_bytes_per_item", "kill9_trials",
    "kill9_lost", "truth_current", "truth_past", "stale", "abstention_f1", "order_recall",
    "recall_filtered_p50_ms", "recall_1m_p50_ms", "locomo_recall_at_5", "locomo_recall_at_10",
    "parallel_overhead",
)  # fmt: skip


def test_the_table_has_every_figure_that_its_parts_give_and_says_what_the_others_need(
    tmp_path, capsys
):
    memory_recall.run(tmp_path, (300,))
    memory_graph.run(tmp_path, (50, 100), rounds=5)
    memory_step.run(tmp_path, objects=200, rounds=20, seeds=range(2))
    memory_parallel.run(tmp_path, rounds=1, wait_s=0.02)
    memory.main(["--out", str(tmp_path), "--only"])
    figures = json.loads((tmp_path / "memory.json").read_text())["figures"]
    assert set(ASKED_FOR) <= set(memory.FIGURES)
    lacking = {name for name in ASKED_FOR if name not in figures}
    said = capsys.readouterr().out
    assert all(f"{name}: left out, " in said for name in lacking)
    assert "write_rate_vs_emem" in lacking
    assert "recall_1m_p50_ms" in lacking
    assert figures["recall_at_10"] >= 0.99
    for name in ("recall_p50_ms", "where_p50_ms", "step_p50_ms", "graph_update_p50_ms"):
        assert figures[f"{name}_low"] <= figures[name] <= figures[f"{name}_high"]


def test_order_is_recalled_at_any_distance(tmp_path):
    figures = memory_order.run(tmp_path, sizes=(200,), seeds=range(1))["figures"]
    assert figures["questions"] == 3 * memory_order.QUESTIONS
    assert figures["order_recall"] == 1.0


def test_a_wrong_answer_of_order_would_be_noticed(monkeypatch):
    class Backwards(memory_order.Note):
        def __init__(self, text, stamp):
            super().__init__(text, -stamp)

    monkeypatch.setattr(memory_order, "Note", Backwards)
    monkeypatch.setattr(memory_order, "QUESTIONS", 5)
    assert not any(row["right"] for row in memory_order.measure(50, 0))
