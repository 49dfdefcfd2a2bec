# SPDX-License-Identifier: Apache-2.0
"""Where the files that ship with memagent lie: in a checkout, or in an installed share folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from memagent.errors import ConfigError

CHECKOUT = Path(__file__).resolve().parent.parent


def _roots() -> list[Path]:
    prefixes = [Path(p) for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    shares = [prefix / "share" / "memagent" for prefix in (*prefixes, Path(sys.prefix))]
    return [Path.cwd(), CHECKOUT, *shares]


def find(name: str | Path) -> Path:
    """The file called ``name``: as given, else below the working directory, the checkout, or the
    installed share folder.

    Raises:
        ConfigError: it is in none of them; the message lists where was looked.
    """
    path = Path(name).expanduser()
    if path.is_absolute():
        if path.exists():
            return path
        raise ConfigError(f"{path}: no such file")
    for root in _roots():
        if (root / path).exists():
            return root / path
    looked = ", ".join(str(r) for r in dict.fromkeys(_roots()))
    raise ConfigError(f"{name}: no such file in {looked}")
