# SPDX-License-Identifier: Apache-2.0
"""The tables that every engine has; their columns are in ``migrations/``."""

from __future__ import annotations

NUMBERED = (
    "item", "fact", "visit", "episode", "outcome", "contradiction", "operation", "lesson",
    "evidence", "event",
)  # fmt: skip
"""Tables whose rows get a sequence number ``seq``."""
NAMED = (
    "meta", "entity", "container", "search", "claim", "alias", "item_use", "pin", "gist",
    "evidence_gone",
)  # fmt: skip
"""Tables whose rows have keys of their own."""
TABLES = (*NUMBERED, *NAMED, "vector")
"""All of them; a vector has the number of its item."""
