# SPDX-License-Identifier: Apache-2.0
"""Does an engine keep what memory relies on? Run this against yours before memory runs on it.

    check_store(lambda name, config: MyStore(folder / name, config))

A function of this folder is a rule, its docstring the words in which a breach is reported.
"""

from __future__ import annotations

from collections.abc import Callable

from memagent.memory.store.check import openings, rows, transactions, words
from memagent.memory.store.check.saying import BrokenRuleError, Open

__all__ = ["BrokenRuleError", "Open", "check_store"]

_RULES: tuple[Callable[[Open], None], ...] = (
    transactions.all_or_nothing,
    transactions.nested_joins,
    transactions.failed_write_undoes,
    transactions.writes_need_a_transaction,
    rows.numbers_ascend,
    rows.values_come_back,
    rows.any_text,
    rows.vectors_follow_items,
    words.words_find_items,
    words.filters_are_exact,
    words.rolled_back_is_not_found,
    words.forgotten_is_gone,
    openings.errors_name_the_store,
    openings.snapshot_equals,
)
_LASTING: tuple[Callable[[Open], None], ...] = (
    openings.reopening_keeps_all,
    openings.readers_see_commits,
    openings.one_writer,
    openings.no_reading_what_is_not_there,
)


def check_store(open_named: Open, *, lasting: bool = True) -> None:
    """Open new memories and try every rule on them.

    Args:
        open_named: opens a memory by its name; each rule uses a new name.
        lasting: whether a memory is still there when it is opened again, and can be opened twice;
            False leaves those rules out.

    Raises:
        BrokenRuleError: the first rule that is broken, and how.
    """
    for rule in (*_RULES, *(_LASTING if lasting else ())):
        try:
            rule(open_named)
        except Exception as error:
            wanted = " ".join((rule.__doc__ or "").split())
            how = str(error) or type(error).__name__
            raise BrokenRuleError(f"rule {rule.__name__!r} ({wanted}) is broken: {how}") from error
