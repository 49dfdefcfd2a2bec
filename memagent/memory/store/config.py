# SPDX-License-Identifier: Apache-2.0
"""How a store is opened, whichever engine keeps it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_NAMESPACE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TAKEN = ("public", "information_schema")


class StoreConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    durability: Literal["normal", "full"] = "full"
    """full: an acknowledged write survives power loss (one sync each). normal: it survives a crash
    of this process; a power cut, or a crash of the database server, may roll back the newest ones,
    never damage anything."""
    check_on_open: bool = True
    """Look for damage before anything is written; takes about a second per 200 MB of a file. A
    server looks after its own files."""
    size_limit_mb: Annotated[float, Field(gt=0)] | None = None
    """Refuse to grow a file beyond this; None: until the disk is full. A server has quotas."""
    read_only: bool = False
    """Read beside a writer in another process, or from a replica of its server."""
    namespace: str = "robot"
    """Whose memory it is, on a server that keeps several: lower-case letters, digits and _."""
    connect_timeout: Annotated[float, Field(gt=0)] = 5.0
    """Seconds for a server to take a connection."""
    lock_timeout: Annotated[float, Field(gt=0)] = 3.0
    """Seconds to wait for a server's locks, that of the namespace's writer among them."""
    statement_timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds for a server to answer."""

    @field_validator("namespace")
    @classmethod
    def _is_a_name(cls, namespace: str) -> str:
        if not _NAMESPACE.fullmatch(namespace) or namespace.startswith("pg_"):
            raise ValueError(
                f"namespace {namespace!r}: write it in lower-case letters, digits and _, starting "
                "with a letter, and not with pg_"
            )
        if namespace in _TAKEN:
            raise ValueError(f"namespace {namespace!r} belongs to the server; choose another one")
        return namespace
