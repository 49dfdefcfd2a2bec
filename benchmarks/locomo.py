# SPDX-License-Identifier: Apache-2.0
"""Does recall find the turns of a conversation that hold the answer? LoCoMo's evidence retrieval.

LoCoMo (Maharana et al., ACL 2024, arXiv 2402.17753; CC BY-NC 4.0: for comparison only) asks about
conversations over months and names the turns that hold each answer. Every turn is remembered once,
every question recalled once, without a language model. Recall@k is the share of a question's
evidence among the first k, averaged over questions. All weights are defaults of the memory.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent.errors import MemagentError
from memagent.memory import EmbedderConfig, LifelongMemory, MemoryConfig, StateConfig, StoreConfig
from memagent.memory.recall.embedders import Embedder, choose_embedder
from memagent.memory.recall.recaller import RecallConfig
from memagent.types import Query

PUBLISHED = {"recall_at_5": 0.567, "recall_at_10": 0.662}
"""DRAGON on dialogue turns, table 3 of the paper, over all ten conversations."""
TURN_S = 20.0
"""Seconds between turns; the data gives the time of a session's first only."""
VECTORS_S = 1800.0
PLAIN = RecallConfig(neighbours=(), stretch=0.0)

Turn = tuple[str, float, str]


def turns(conversation: dict[str, Any]) -> list[Turn]:
    """Id, time and words of every turn, in order."""
    found = []
    numbers = sorted(int(k.split("_")[1]) for k in conversation if re.fullmatch(r"session_\d+", k))
    for number in numbers:
        date = conversation[f"session_{number}_date_time"]
        start = datetime.strptime(date, "%I:%M %p on %d %B, %Y").replace(tzinfo=timezone.utc)
        for i, turn in enumerate(conversation[f"session_{number}"]):
            text = f'({date}) {turn["speaker"]} said "{turn["text"]}"'
            if turn.get("blip_caption"):
                text += f" and shared {turn['blip_caption']}."
            found.append((turn["dia_id"], start.timestamp() + TURN_S * i, text))
    return found


def retrieve(
    sample: dict[str, Any], recall: RecallConfig, embedder: Embedder | None
) -> list[dict[str, Any]]:
    """Recall for every question of a conversation that has evidence."""
    config = MemoryConfig(store=StoreConfig(durability="normal"), state=StateConfig(recall=recall))
    rows = []
    with LifelongMemory(":memory:", config=config, embedder=embedder) as memory:
        names = {}
        for name, stamp, text in turns(sample["conversation"]):
            names[memory.remember(text, stamp=stamp).id] = name
        if not memory.settle(VECTORS_S):
            raise MemagentError(f"vectors were not ready after {VECTORS_S} s")
        for question in sample["qa"]:
            gold = set(question.get("evidence", ())) & set(names.values())
            if not gold:
                continue
            began = time.perf_counter()
            items = memory.recall(Query(text=question["question"], limit=10)).items
            seconds = time.perf_counter() - began
            found = [names[item.id] for item in items]
            rows.append(
                {
                    "conversation": sample["sample_id"],
                    "category": question["category"],
                    "recall_at_5": len(gold & set(found[:5])) / len(gold),
                    "recall_at_10": len(gold & set(found)) / len(gold),
                    "ms": 1e3 * seconds,
                }
            )
    return rows


def run(out: Path, data: Path, model: str = "") -> dict[str, Any]:
    """Measure, print and write ``out/locomo.json``.

    Args:
        out: folder for the report.
        data: LoCoMo's conversations, JSON or JSON in xz.
        model: folder of a MiniLM; "": the installed one, where there is one.
    """
    raw = data.read_bytes()
    samples = json.loads(lzma.decompress(raw) if data.suffix == ".xz" else raw)
    variants: dict[str, tuple[RecallConfig, Embedder | None]] = {
        "words alone": (PLAIN, None),
        "embedded default": (RecallConfig(), None),
    }
    try:
        minilm = choose_embedder(EmbedderConfig(kind="minilm", folder=model))
        variants["with MiniLM, no context"] = (PLAIN, minilm)
        variants["with MiniLM"] = (RecallConfig(), minilm)
    except MemagentError as error:
        Console().print(f"without MiniLM: {error}")
    rows: list[dict[str, Any]] = []
    for variant, (config, embedder) in variants.items():
        for sample in track(samples, variant, transient=True):
            rows += [row | {"variant": variant} for row in retrieve(sample, config, embedder)]
    figures = _figures(rows)
    _show(rows, variants)
    settings = {"data": data.name, "turn_s": TURN_S, "published": PUBLISHED}
    return report.write(out, "locomo", figures, rows, settings, [0])


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = {"embedded default": "", "with MiniLM": "_minilm"}
    figures: dict[str, Any] = {"questions": sum(_is(row, "words alone") for row in rows)}
    for variant, suffix in names.items():
        groups = _by_conversation(rows, variant)
        for k in (5, 10):
            if groups:
                figures[f"locomo_recall_at_{k}{suffix}"] = report.interval(
                    groups, lambda gs, k=k: _mean(gs, f"recall_at_{k}")
                )
    return figures


def _is(row: dict[str, Any], variant: str) -> bool:
    return bool(row["variant"] == variant)


def _by_conversation(rows: Sequence[dict[str, Any]], variant: str) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if _is(row, variant):
            groups.setdefault(row["conversation"], []).append(row)
    return list(groups.values())


def _mean(groups: Sequence[Sequence[dict[str, Any]]], key: str) -> float:
    values = [row[key] for group in groups for row in group]
    return sum(values) / len(values)


def _show(rows: Sequence[dict[str, Any]], variants: Sequence[str] | dict[str, Any]) -> None:
    table = Table(title="LoCoMo: evidence among the first k")
    for column in ("", "recall@5", "recall@10", "ms p50"):
        table.add_column(column, justify="left" if not column else "right")
    for variant in variants:
        groups = _by_conversation(rows, variant)
        times = sorted(row["ms"] for group in groups for row in group)
        table.add_row(
            variant,
            *(f"{_mean(groups, f'recall_at_{k}'):.3f}" for k in (5, 10)),
            f"{times[len(times) // 2]:.1f}",
        )
    table.add_row("DRAGON (published)", *(f"{value:.3f}" for value in PUBLISHED.values()), "")
    Console(highlight=False).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="locomo", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for locomo.json")
    parser.add_argument("--data", type=Path, help="LoCoMo's conversations: .json or .json.xz")
    parser.add_argument("--model", default="", help="folder of a MiniLM's weights")
    o = parser.parse_args(arguments)
    if o.data is None or not o.data.is_file():
        parser.exit(2, f"locomo needs --data FILE with LoCoMo's conversations, got {o.data}\n")
    run(o.out, o.data, o.model)


if __name__ == "__main__":
    main()
