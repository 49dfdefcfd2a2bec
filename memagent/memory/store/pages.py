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

from memagent.memory.store.sqlite import Store

_PIECE = 120
"""Bytes of a text that are looked for at once: a longer one may be cut by the end of a page."""
_TRIES = 2
_MERGED = 8
"""Pages of the text index that one step of merging writes: some milliseconds."""


def bytes_used(store: Store) -> int:
    """Bytes of the file without free pages, which new rows fill before it grows."""
    pages, free, size = (
        int(store.query(f"PRAGMA {name}")[0][0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def shrink(store: Store, pages: int) -> None:
    """Give some free pages back where a quarter of the file is free; files made before schema
    version 5 only reuse theirs.
    """
    total, free = (
        int(store.query(f"PRAGMA {name}")[0][0]) for name in ("page_count", "freelist_count")
    )
    if free > max(total // 4, pages):
        for _ in range(pages):
            store.query("PRAGMA incremental_vacuum(1)")


def merge_words(store: Store, start: bool) -> None:
    """Take a step in merging the parts of the text index, inside a transaction.

    Of a deleted row, the index keeps the words and a note that they are gone until then: without
    this it grows to several times its size, and looking words up takes as much longer.

    Args:
        store: a memory file.
        start: begin to merge all parts; else go on with what was begun.
    """
    pages = -_MERGED if start else _MERGED
    store.execute("INSERT INTO item_text (item_text, rank) VALUES ('merge', ?)", (pages,))


def scrub(store: Store, text: str) -> bool:
    """Leave no byte of a deleted text in the file or its log, outside a transaction.

    Returns:
        Whether none is left; a reader in another process that holds the log may delay that.
    """
    for attempt in range(_TRIES):
        with store.transaction():
            store.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")
        store.query("PRAGMA wal_checkpoint(TRUNCATE)")
        if not holding(store, text, rows=False):
            return True
        if attempt == 0 and not holding(store, text, files=False):
            store.query("VACUUM")  # It left a copy when it moved rows between pages.
    return False


def holding(store: Store, text: str, *, rows: bool = True, files: bool = True) -> tuple[str, ...]:
    """Where a text still is: tables with their columns, and files byte by byte."""
    found = []
    forms = tuple(dict.fromkeys((text, json.dumps(text)[1:-1])))
    for table, column in _columns(store) if rows else ():
        either = " OR ".join(f"instr({column}, ?) > 0" for _ in forms)
        count = store.query(f"SELECT count(*) FROM {table} WHERE {either}", forms)[0][0]
        if count:
            found.append(f"{table}.{column}")
    if files and isinstance(store.path, Path):
        for path in (store.path, store.path.with_name(store.path.name + "-wal")):
            if any(_contains(path, form.encode()) for form in forms):
                found.append(path.name)
    return tuple(found)


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
