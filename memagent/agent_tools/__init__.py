# SPDX-License-Identifier: Apache-2.0
"""A robot's memory and tasks as tools of other agents: each declared once, for MCP and for OpenAI.

    with MemoryReader("robot.db") as memory:
        tools = Toolbox([(MEMORY_TOOLS, memory)])
        tools.openai_schemas()                         # for a language model
        tools.call("where", {"thing": "keys"})         # what it asked for

Over MCP: ``memagent tools serve``.
"""

from memagent.agent_tools.declaration import Scope, Tool, ToolError
from memagent.agent_tools.memory_tools import MEMORY_TOOLS
from memagent.agent_tools.task_tools import TASK_TOOLS, TaskRunner
from memagent.agent_tools.toolbox import Toolbox

__all__ = ["MEMORY_TOOLS", "TASK_TOOLS", "Scope", "TaskRunner", "Tool", "ToolError", "Toolbox"]
