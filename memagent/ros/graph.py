# SPDX-License-Identifier: Apache-2.0
"""The node graph as data: which nodes, with which parameters, in which process.

Written once, in ``configs/graph/full.yaml``, and read by ``memagent up`` and by
``launch/full.launch.py``. Needs no ROS to read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from memagent.config import read_yaml
from memagent.errors import ConfigError

Value = str | int | float | bool

_ARGUMENT = re.compile(r"\$\((\w+)\)")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Argument(_Strict):
    """Something a user may choose at start: ``robot:=...``."""

    default: Value
    description: str


class NodeSpec(_Strict):
    """One node, in a process of its own."""

    name: str
    package: str
    """The ROS package whose executable it is."""
    executable: str
    module: str
    """The Python module that runs it where no ROS 2 distribution is installed."""
    when: str = ""
    """Name of an argument that must be true for the node to start; "" for always."""
    required: bool = False
    """The whole graph ends with it; others are started again."""
    parameters: dict[str, Value] = {}
    remappings: dict[str, str] = {}


class Graph(_Strict):
    arguments: dict[str, Argument]
    nodes: tuple[NodeSpec, ...]

    @model_validator(mode="after")
    def _references_exist(self) -> Graph:
        for node in self.nodes:
            used = [node.when] if node.when else []
            for value in node.parameters.values():
                used += _ARGUMENT.findall(value) if isinstance(value, str) else []
            for name in used:
                if name not in self.arguments:
                    raise ValueError(
                        f"node {node.name!r} uses $({name}), which is not one of the arguments "
                        f"{sorted(self.arguments)}"
                    )
        return self

    def resolve(self, chosen: Mapping[str, str]) -> tuple[NodeSpec, ...]:
        """The nodes to start, with ``$(argument)`` replaced.

        Args:
            chosen: argument name to value, as given by the user.

        Raises:
            ConfigError: an argument is not one of the graph's, or is of the wrong kind.
        """
        unknown = sorted(set(chosen) - set(self.arguments))
        if unknown:
            raise ConfigError(f"no argument {unknown[0]!r}; there are {sorted(self.arguments)}")
        values: dict[str, Value] = {name: a.default for name, a in self.arguments.items()}
        for name, text in chosen.items():
            values[name] = _typed(name, text, values[name])
        return tuple(
            node.model_copy(
                update={"parameters": {k: _fill(v, values) for k, v in node.parameters.items()}}
            )
            for node in self.nodes
            if not node.when or values[node.when] is True
        )


def _typed(name: str, text: str, default: Value) -> Value:
    """``text`` as the type of the argument's default."""
    if isinstance(default, bool):
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise ConfigError(f"argument {name}: must be true or false, got {text!r}")
    try:
        return type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ConfigError(f"argument {name}: must be {kind}, got {text!r}") from None


def _fill(value: Value, values: Mapping[str, Value]) -> Value:
    if not isinstance(value, str):
        return value
    whole = _ARGUMENT.fullmatch(value)
    if whole:  # keep the argument's type
        return values[whole[1]]
    return _ARGUMENT.sub(lambda match: str(values[match[1]]), value)


def load_graph(path: Path) -> Graph:
    """Read a node graph.

    Raises:
        ConfigError: the file is missing or invalid; the message names file, key and value.
    """
    return read_yaml(path, Graph)
