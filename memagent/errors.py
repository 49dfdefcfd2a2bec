# SPDX-License-Identifier: Apache-2.0
"""The one tree of errors. Every message names what was wrong and what would be right."""


class MemagentError(Exception):
    """Base of all errors that memagent raises on purpose."""


class ConfigError(MemagentError):
    """A configuration file is missing, malformed, or holds an impossible value."""


class InstructionError(MemagentError):
    """An instruction was not understood, or names something that does not exist."""


class StoreError(MemagentError):
    """The memory file cannot be opened, read or written."""


class RobotError(MemagentError):
    """The robot does not answer, or answers nonsense."""


class DependencyError(MemagentError):
    """Something optional is needed and not installed; the message says how to install it."""
