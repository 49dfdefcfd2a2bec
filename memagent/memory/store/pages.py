# SPDX-License-Identifier: Apache-2.0
"""The bytes of a memory file: how many are in use, and whether a text is still among them.

SQLite overwrites what is deleted (``secure_delete``), but not at once everywhere: the text index
keeps the words of deleted rows until its parts are merged, and the write-ahead log has pages as
they were. :func:`scrub` ends both.
"""

from __future__ import annotations

import json
import mmap
from pathlib import Path

from memagent.memory.store.interface import Store

_PIECE = 120
"""Bytes of a text that are looked for at once: a longer one may be cut by the end of a page."""
_TRIES = 2
_SHRINK = 64
"""Pages that are given back at once where the file has far more than it needs."""
_MERGED = 8
"""Pages of the text index that one step of merging writes: some milliseconds."""


def bytes_used(store: Store) -> int:
    """Bytes of the file without free pages, which new rows fill before it grows."""
    pages, free, size = (
        int(store.query(f"PRAGMA {name}")[0][0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def compact(store: Store) -> int:
    """Merge the text index, write the file anew without free pages, and empty its log.

    Returns:
        Bytes by which the file is smaller.
    """
    size, before = (int(store.query(f"PRAGMA {n}")[0][0]) for n in ("page_size", "page_count"))
    with store.transaction():
        store.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")
    store.query("VACUUM")
    store.query("PRAGMA wal_checkpoint(TRUNCATE)")
    return size * (before - int(store.query("PRAGMA page_count")[0][0]))


def tidy(store: Store, *, much: bool) -> None:
    """Give some free pages back, and take a step in merging the text index.

    Args:
        store: in a transaction.
        much: much has been deleted since the text index was last merged: begin to merge all of it.
    """
    _shrink(store, _SHRINK)
    _merge_words(store, start=much)


def _shrink(store: Store, pages: int) -> None:
    """Give some free pages back where a quarter of the file is free; files made before schema
    version 5 only reuse theirs.
    """
    total, free = (
        int(store.query(f"PRAGMA {name}")[0][0]) for name in ("page_count", "freelist_count")
    )
    if free > max(total // 4, pages):
        for _ in range(pages):
            store.query("PRAGMA incremental_vacuum(1)")


def _merge_words(store: Store, *, start: bool) -> None:
    """Take a step in merging the parts of the text index, inside a transaction.

    Of a deleted row, the index keeps the words and a note that they are gone until then: without
    this it grows to several times its size, and looking words up takes as much longer.

    Args:
        store: a memory file.
        start: begin to merge all parts; else go on with what was begun.
    """
    pages = -_MERGED if start else _MERGED
    store.execute("INSERT INTO item_text (item_text, rank) VALUES ('merge', ?)", (pages,))


def scrub(store: Store, path: Path | None, text: str) -> bool:
    """Leave no byte of a deleted text in the file or its log, outside a transaction.

    Args:
        store: outside a transaction.
        path: its file; None where it is kept in memory.
        text: that was deleted.

    Returns:
        Whether none is left; a reader in another process that holds the log may delay that.
    """
    for attempt in range(_TRIES):
        with store.transaction():
            store.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")
        store.query("PRAGMA wal_checkpoint(TRUNCATE)")
        if not _in_files(path, text):
            return True
        if attempt == 0 and not _in_rows(store, text):
            store.query("VACUUM")  # It left a copy when it moved rows between pages.
    return False


def holding(store: Store, path: Path | None, text: str) -> tuple[str, ...]:
    """Where a text still is: tables with their columns, and files byte by byte."""
    return (*_in_rows(store, text), *_in_files(path, text))


def _in_rows(store: Store, text: str) -> list[str]:
    found = []
    forms = _forms(text)
    for table, column in _columns(store):
        either = " OR ".join(f"instr({column}, ?) > 0" for _ in forms)
        if store.query(f"SELECT count(*) FROM {table} WHERE {either}", forms)[0][0]:
            found.append(f"{table}.{column}")
    return found


def _in_files(path: Path | None, text: str) -> list[str]:
    if path is None:
        return []
    files = (path, path.with_name(path.name + "-wal"))
    return [f.name for f in files if any(_contains(f, form.encode()) for form in _forms(text))]


def _forms(text: str) -> tuple[str, ...]:
    """A text as it is, and as it is written within JSON."""
    return tuple(dict.fromkeys((text, json.dumps(text)[1:-1])))


def _columns(store: Store) -> list[tuple[str, str]]:
    """Every column of text, the text index's own tables aside."""
    rows = store.query(
        "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c "
        "WHERE t.type = 'table' AND c.type = 'TEXT' AND t.name NOT LIKE 'item\\_text%' ESCAPE '\\' "
        "ORDER BY t.name, c.cid"
    )
    return [(table, column) for table, column in rows]


def _contains(path: Path, text: bytes) -> bool:
    """Whether a file has a text, or a whole piece of a long one."""
    if not path.exists() or not path.stat().st_size:
        return False
    pieces = [text[i : i + _PIECE] for i in range(0, max(1, len(text) - _PIECE // 2), _PIECE)]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(piece) >= 0 for piece in pieces)
