# SPDX-License-Identifier: Apache-2.0
"""Files that are whole after a crash: the old one or the new one, never half of it."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write or replace a file.

    Args:
        path: the file; beside it, one with ``.new`` at the end of its name is there meanwhile.
        data: its bytes.
        sync: whether it survives a power cut from the moment this returns.

    Raises:
        OSError: the disk is full, or cannot be written; the old file is as it was.
    """
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(data)
        if sync:
            sync_path(beside)
        beside.replace(path)
        if sync:
            sync_path(path.parent)  # So that the new name is on the disk, too.
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def sync_path(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
