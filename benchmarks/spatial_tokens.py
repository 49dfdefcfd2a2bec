# SPDX-License-Identifier: Apache-2.0
"""Do tokens decode to what was written, and do they find places better than plain averages do?

Exactness: 1 to 1,000 writes of random unit vectors, read back alone, in a batch of places and after
a reload, with random and with trained weights; beside it the same blocks in float32 and float64.

Ablation: made-up places that look alike, change, and are seen in changing light
(``training.appearances``). Whose next look is this? Asked of trained tokens, of the mean, the
exponential average, the newest observation and the nearest of all observations, each with and
without maps of search that were trained on the same looks with the same objective. The worlds asked
about were never trained on. "Foreign" worlds have another camera and embedder than the training.

    memagent bench spatial_tokens --out results
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent.memory.spatial.tokens import (
    PlaceSearch,
    ReversibleNetwork,
    SearchBy,
    TokenConfig,
    TokenLog,
    log_file,
)
from memagent.memory.spatial.tokens.network import Coupling
from memagent.memory.spatial.tokens.training.appearances import AppearanceConfig, Optics
from memagent.memory.spatial.tokens.training.train import (
    Summary,
    TrainingConfig,
    averages,
    train,
)

OPTICS, FOREIGN = 0, 1
"""Seeds of cameras and embedders."""
PLACES = 200
VISITS = (1, 4, 12, 32)
"""Observations of each place before the question."""
TYPICAL = 12
CHAINS = (1, 10, 100, 1000)
BATCH = 5
"""Places that are read back together."""
OWN, OWN_NOISE = 150, 0.05
"""Places, and noise relative to an observation, for finding by an observation of its own."""
DECAYS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)

EXACT = ("error_alone", "error_batch", "error_reloaded", "error_reloaded_batch")
"""What a row of exactness says about the log."""

Embeddings = NDArray[np.float32]


@dataclass(frozen=True)
class Method:
    """One row of the ablation: a way to search, with the weights and the decay it uses."""

    name: str
    network: ReversibleNetwork
    by: SearchBy
    decay: float = 1.0


@dataclass(frozen=True)
class Answer:
    """One method's marks in one world."""

    method: str
    world: str
    seed: int
    visits: int
    recall_at_1: float
    mrr: float


def random_network(width: int, blocks: int, seed: int) -> ReversibleNetwork:
    """Weights of the size that training gives."""
    rng = np.random.default_rng(seed)

    def drawn(rows: int, columns: int) -> NDArray[np.float64]:
        return np.asarray(rng.normal(size=(rows, columns)) / columns**0.5, np.float64)

    def coupling() -> Coupling:
        hidden = 2 * width
        return Coupling.of(
            drawn(width, width), drawn(hidden, width), np.zeros(hidden), drawn(width, hidden)
        )

    pairs = tuple((coupling(), coupling()) for _ in range(blocks))
    return ReversibleNetwork(pairs, np.eye(width), np.eye(width))


def unit_vectors(rng: np.random.Generator, *shape: int) -> Embeddings:
    made = rng.normal(size=shape)
    return np.asarray(made / np.linalg.norm(made, axis=-1, keepdims=True), np.float32)


def exactness(name: str, network: ReversibleNetwork, counts: Sequence[int]) -> list[dict[str, Any]]:
    """Write, read back in three ways, and compare with what was written."""
    rows = []
    rng = np.random.default_rng(0)
    for count in track(counts, f"exactness, {name}", transient=True):
        looks = unit_vectors(rng, BATCH, count, network.width)
        names = [str(place) for place in range(BATCH)]
        log = TokenLog(network)
        begin = time.perf_counter()
        for step in range(count):
            # One by one, so that reading in a batch is another shape than writing.
            for place, look in zip(names, looks[:, step], strict=True):
                log.write(place, look)
        written = time.perf_counter()
        alone = [log.read(place) for place in names]
        read = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            log_file.save(log, Path(folder) / "tokens")
            size = (Path(folder) / "tokens").stat().st_size
            reloaded = log_file.load(Path(folder) / "tokens", network)
        reloaded.verify()
        errors = {
            "alone": alone,
            "batch": log.read_many(names),
            "reloaded": [reloaded.read(place) for place in names],
            "reloaded_batch": reloaded.read_many(names),
        }
        row: dict[str, Any] = {"weights": name, "width": network.width, "writes": count}
        for way, histories in errors.items():
            back = np.array([[w.embedding for w in reversed(found)] for found in histories])
            row[f"error_{way}"] = float(np.abs(back.astype(float) - looks).max())
        for kind in (np.float32, np.float64):
            row[f"error_{np.dtype(kind).name}"] = floating_error(network, looks, kind)
        row["write_us"] = (written - begin) / (BATCH * count) * 1e6
        row["read_us"] = (read - written) / (BATCH * count) * 1e6
        row["bytes_per_element"] = size / looks.size
        rows.append(row)
    return rows


def floating_error(network: ReversibleNetwork, looks: Embeddings, kind: type) -> float:
    """The largest error of the same blocks in floating point, written alone and read in a batch."""
    scale = 2.0**14
    weights = [
        [(part / scale).astype(kind) for part in (c.direct, c.inner, c.outer)]
        for c in network.couplings()
    ]

    def added(x: NDArray[Any], index: int) -> NDArray[Any]:
        direct, inner, outer = weights[index]
        seen = x / (np.abs(x).mean(axis=-1, keepdims=True) + kind(1e-6))
        return np.asarray(seen @ direct.T + np.maximum(seen @ inner.T, 0) @ outer.T, kind)

    tokens, residuals = [], []
    for history in looks.astype(kind):
        token, kept = np.zeros(network.width, kind), []
        for look in history:
            x1, x2 = token, look
            for f in range(0, len(weights), 2):
                x1 = x1 + added(x2, f)
                x2 = x2 + added(x1, f + 1)
            token = x1
            kept.append(x2)
        tokens.append(token)
        residuals.append(kept)
    y1, worst = np.array(tokens), 0.0
    for step in reversed(range(looks.shape[1])):
        y2 = np.array([kept[step] for kept in residuals])
        for f in reversed(range(0, len(weights), 2)):
            y2 = y2 - added(y1, f + 1)
            y1 = y1 - added(y2, f)
        worst = max(worst, float(np.abs(y2.astype(float) - looks[:, step]).max()))
    return worst


def filled(looks: Embeddings, network: ReversibleNetwork) -> TokenLog:
    """A log of looks (places, visits, d)."""
    log = TokenLog(network)
    names = [f"place {number}" for number in range(len(looks))]
    for step in range(looks.shape[1]):
        log.write_many(names, looks[:, step], float(step))
    return log


def ask(method: Method, optics: Optics, world: str, seed: int, visits: int) -> Answer:
    """Find every place by its next look among all places."""
    looks = optics.looks(PLACES, visits + 1, (seed, 2))
    log = filled(looks[:, :-1], method.network)
    found = PlaceSearch(log, method.by, method.decay).similarities(looks[:, -1])
    right = found[np.arange(PLACES), np.arange(PLACES)]
    ranks = 1 + (found > right[:, None]).sum(axis=1)
    return Answer(method.name, world, seed, visits, float((ranks == 1).mean()), (1 / ranks).mean())


def own_recall(method: Method, optics: Optics, seed: int, visits: int) -> float:
    """Recall@1 of a place by any observation of its own, with noise."""
    looks = optics.looks(OWN, visits, (seed, 3))
    log = filled(looks, method.network)
    noise = OWN_NOISE * unit_vectors(np.random.default_rng((seed, 4)), *looks.shape)
    queries = (looks + noise).reshape(-1, looks.shape[-1])
    found = PlaceSearch(log, method.by, method.decay).similarities(queries).argmax(axis=1)
    return float((found == np.repeat(np.arange(OWN), visits)).mean())


def best_decay(optics: Optics) -> float:
    """The exponential average's, chosen on worlds that are not asked about later."""
    network = ReversibleNetwork.untrained(optics.config.width)

    def mark(decay: float) -> float:
        method = Method("", network, SearchBy.EXPONENTIAL, decay)
        answers = [ask(method, optics, "", 10_000 + s, TYPICAL) for s in range(3)]
        return float(np.mean([answer.recall_at_1 for answer in answers]))

    return max(DECAYS, key=mark)


def methods(optics: Optics, config: TrainingConfig, trainings: int) -> list[Method]:
    """All rows of the ablation; those that train are trained ``trainings`` times."""
    decay = best_decay(optics)
    raw = ReversibleNetwork.untrained(optics.config.width)
    found = [
        Method("mean", raw, SearchBy.MEAN),
        Method("exponential", raw, SearchBy.EXPONENTIAL, decay),
        Method("last", raw, SearchBy.LAST),
        Method("nearest", raw, SearchBy.NEAREST),
        Method("token", raw, SearchBy.TOKEN),
    ]
    single = config.model_copy(update={"writes": 1})
    plans: list[tuple[str, SearchBy, TrainingConfig, Summary | None]] = [
        ("mean, trained maps", SearchBy.MEAN, config, averages(1.0)),
        ("exponential, trained maps", SearchBy.EXPONENTIAL, config, averages(decay)),
        ("last, trained maps", SearchBy.LAST, single, averages(1.0)),
        ("nearest, trained maps", SearchBy.NEAREST, single, averages(1.0)),
        ("token, trained", SearchBy.TOKEN, config, None),
    ]
    for seed in range(trainings):
        for name, by, plan, summary in plans:
            seeded = plan.model_copy(update={"seed": seed})
            network, _ = train(optics, seeded, summarise=summary, title=f"{name}, {seed}")
            found.append(Method(name, network, by, decay))
    return found


def run(
    out: Path,
    worlds: int = 10,
    trainings: int = 2,
    config: TrainingConfig | None = None,
    chains: Sequence[int] = CHAINS,
) -> dict[str, Any]:
    """Measure, print and write ``out/spatial_tokens.json``."""
    config = config or TrainingConfig()
    optics = Optics.made(OPTICS)
    compared = methods(optics, config, trainings)
    trained = next(m.network for m in compared if m.name == "token, trained")
    rows: list[dict[str, Any]] = []
    for name, network in (
        ("random, 2 blocks", random_network(64, 2, 0)),
        ("random, 6 blocks", random_network(64, 6, 1)),
        ("trained", trained),
    ):
        rows += exactness(name, network, chains)
    answers = [
        ask(method, Optics.made(number), world, seed, visits)
        for method in track(compared, "ablation", transient=True)
        for world, number, counts in (("own", OPTICS, VISITS), ("foreign", FOREIGN, (TYPICAL,)))
        for seed in range(worlds)
        for visits in counts
    ]
    default = TokenConfig().chosen_search
    by_default = next(m for m in compared if m.by is default)
    figures: dict[str, Any] = {
        "decode_error_max": max(
            value for row in rows for key, value in row.items() if key in EXACT
        ),
        "own_recall_at_1": report.interval(
            [own_recall(by_default, optics, s, 1) for s in range(worlds)], np.mean
        ),
    }
    chosen = {method.name: method for method in compared}
    for name in ("mean", "nearest", "token", "token, trained"):
        values = [own_recall(chosen[name], optics, s, TYPICAL) for s in range(worlds)]
        figures[f"own_recall_at_1_{TYPICAL}_{slug(name)}"] = report.interval(values, np.mean)
    for method in chosen:
        for visits in VISITS:
            figures[f"recall_at_1_{visits}_{slug(method)}"] = over_worlds(
                answers, method, "own", visits
            )
        figures[f"recall_at_1_foreign_{slug(method)}"] = over_worlds(
            answers, method, "foreign", TYPICAL
        )
    figures |= differences(answers, list(chosen))
    show(figures, rows, list(chosen), default, config)
    rows += [{"method": a.method, **vars(a)} for a in answers]
    settings = {
        "training": config.model_dump(),
        "appearance": AppearanceConfig().model_dump(),
        "default": default.value,
        "decay": chosen["exponential"].decay,
        "places": PLACES,
        "trainings": trainings,
    }
    return report.write(out, "spatial_tokens", figures, rows, settings, list(range(worlds)))


def over_worlds(
    answers: Sequence[Answer], method: str, world: str, visits: int
) -> dict[str, float]:
    """Recall@1 with its interval over worlds; trainings of one method are averaged in each."""
    return report.interval(list(by_seed(answers, method, world, visits).values()), np.mean)


def slug(name: str) -> str:
    """A method's name within a figure's."""
    return name.replace(", ", "_").replace(" ", "_")


def by_seed(answers: Sequence[Answer], method: str, world: str, visits: int) -> dict[int, float]:
    """Recall@1 of each world."""
    marks: dict[int, list[float]] = {}
    for a in answers:
        if (a.method, a.world, a.visits) == (method, world, visits):
            marks.setdefault(a.seed, []).append(a.recall_at_1)
    return {seed: float(np.mean(values)) for seed, values in marks.items()}


def differences(answers: Sequence[Answer], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """By how much the trained token is better than each other method in the same worlds."""
    found = {}
    for world in ("own", "foreign"):
        token = by_seed(answers, "token, trained", world, TYPICAL)
        for name in names:
            if name != "token, trained":
                other = by_seed(answers, name, world, TYPICAL)
                gains = [token[seed] - other[seed] for seed in token]
                found[f"gain_{world}_{slug(name)}"] = report.interval(gains, np.mean)
    return found


def show(
    figures: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    names: Sequence[str],
    default: SearchBy,
    config: TrainingConfig,
) -> None:
    """Print the tables."""
    console = Console(highlight=False)
    heads = ("lattice", "float32", "float64", "us/write", "us/read", "B/element")
    table = Table("weights", "writes", *heads, title="largest error of decoding")
    for row in rows:
        table.add_row(
            row["weights"],
            str(row["writes"]),
            f"{max(row[way] for way in EXACT):g}",
            *(f"{row[kind]:.0e}" for kind in ("error_float32", "error_float64")),
            *(f"{row[key]:.0f}" for key in ("write_us", "read_us")),
            f"{row['bytes_per_element']:.1f}",
        )
    console.print(table)
    heads = (*(f"{v} looks" for v in VISITS), "foreign", "token's gain")
    table = Table("recall@1", *heads, title=f"whose next look is this? {config.steps} steps")
    for name in names:
        keys = [f"recall_at_1_{v}_{slug(name)}" for v in (*VISITS, "foreign")]
        keys.append(f"gain_own_{slug(name)}")
        table.add_row(name, *(_cell(figures[key]) if key in figures else "–" for key in keys))
    console.print(table)
    for name, value in figures.items():
        if name.startswith("own_recall"):
            console.print(f"  {name} {_cell(value)}")
    console.print(
        f"  decode_error_max {figures['decode_error_max']:g}; searched by {default.value}"
    )


def _cell(value: dict[str, float]) -> str:
    return f"{value['value']:.2f} ({value['low']:.2f}–{value['high']:.2f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="spatial_tokens", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for spatial_tokens.json")
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--trainings", type=int, default=2, help="of each method that is trained")
    parser.add_argument("--steps", type=int, default=TrainingConfig().steps)
    parser.add_argument("--quick", action="store_true", help="2 worlds, 20 steps, 100 writes")
    args = parser.parse_args(arguments)
    if args.quick:
        run(args.out, 2, 1, TrainingConfig(steps=20), CHAINS[:3])
    else:
        run(args.out, args.worlds, args.trainings, TrainingConfig(steps=args.steps))


if __name__ == "__main__":
    main()
