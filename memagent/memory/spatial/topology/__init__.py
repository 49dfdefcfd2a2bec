# SPDX-License-Identifier: Apache-2.0
"""The topology graph: places, passages with measured success, routes, rooms, loop closure."""

from memagent.memory.spatial.topology.config import (
    ClosureConfig,
    CostConfig,
    PoseGraphConfig,
    TopologyConfig,
)
from memagent.memory.spatial.topology.graph import TopologyGraph
from memagent.memory.spatial.topology.graphml import write_graphml
from memagent.memory.spatial.topology.state import (
    graph_from_state,
    graph_state,
    load,
    save,
)
from memagent.memory.spatial.topology.values import (
    Closure,
    Exit,
    Frontier,
    Landmark,
    Passage,
    Place,
    Route,
    Sight,
    TopologyError,
    Visit,
)
from memagent.memory.spatial.topology.ways import By

__all__ = [
    "By",
    "Closure",
    "ClosureConfig",
    "CostConfig",
    "Exit",
    "Frontier",
    "Landmark",
    "Passage",
    "Place",
    "PoseGraphConfig",
    "Route",
    "Sight",
    "TopologyConfig",
    "TopologyError",
    "TopologyGraph",
    "Visit",
    "graph_from_state",
    "graph_state",
    "load",
    "save",
    "write_graphml",
]
