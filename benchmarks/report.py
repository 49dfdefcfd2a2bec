# SPDX-License-Identifier: Apache-2.0
"""What every benchmark writes: figures with intervals, their rows, versions and machine."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("memagent", "numpy", "scipy", "mujoco", "opencv-python-headless", "torch", "gymnasium")


def write(
    out: Path,
    name: str,
    figures: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any],
    seeds: Sequence[int],
) -> dict[str, Any]:
    """Write ``out/name.json`` and return what it holds.

    ``figures`` maps a name to a number or to ``interval``'s result, which is written as ``name``,
    ``name_low`` and ``name_high``; ``rows`` are the measurements.
    """
    report = {
        "name": name,
        "figures": flat(figures),
        "rows": [dict(row) for row in rows],
        "config": dict(config),
        "seeds": list(seeds),
        "versions": versions(),
        "machine": machine(),
    }
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, default=_plain)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return report


def flat(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with their intervals as numbers of their own."""
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            flat[name] = value["value"]
            flat[f"{name}_low"], flat[f"{name}_high"] = value["low"], value["high"]
        else:
            flat[name] = value
    return flat


def interval(
    groups: Sequence[Any],
    statistic: Callable[[Sequence[Any]], float],
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, float]:
    """A figure with its 95 % interval, by bootstrap over whole groups.

    Measurements of one seed depend on one another, so pass one group per seed; ``statistic`` gets a
    list of groups and returns the figure, NaN where it has none.
    """
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(groups), size=(resamples, len(groups)))
    values = np.array([statistic([groups[i] for i in draw]) for draw in draws])
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, (2.5, 97.5)) if len(values) else (np.nan, np.nan)
    return {"value": float(statistic(list(groups))), "low": float(low), "high": float(high)}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that figures depend on, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Processor, cores that this process may use, memory and system."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return None


def _plain(value: Any) -> Any:
    """JSON for NumPy scalars, arrays and paths."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON: {value!r}")


def told(figure: Mapping[str, float], digits: int = 3) -> str:
    """A figure with its interval, for a table."""
    value, low, high = (f"{figure[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
