# SPDX-License-Identifier: Apache-2.0
"""Forgetting one item on request, with everything that was derived from it.

The item goes with the fact, lesson, object, episode or outcome that it tells, and with evidence
drawn from those. Words that summaries, gists and event boundaries took over from it go too, unless
another item still says the same. What is in memory is set right in place; nothing is read anew but
the lessons, and those only where evidence went.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from memagent.memory.forgetting.forgetting import Forgetting
from memagent.memory.forgetting.gist import Gist, clauses_of, names
from memagent.memory.state import MemoryState
from memagent.memory.temporal import Moment
from memagent.types import MemoryItem

_OF_THING = "SELECT seq FROM fact WHERE (subject = ? OR object = ?) AND valid_to IS NULL"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased along with an item."""

    texts: tuple[str, ...]
    """The words that must be nowhere any more."""
    reworded: tuple[int, ...]
    """Items that lost some of theirs."""


def erase(state: MemoryState, forgetting: Forgetting, seq: int) -> Erased | None:
    """Erase an item in the store and in what is held in memory, inside a transaction.

    Returns:
        None if there is no such item.
    """
    found = state.tables.items("WHERE seq = ?", (seq,))
    return _Erasure(state, forgetting, found[0], seq).run() if found else None


class _Erasure:
    def __init__(
        self, state: MemoryState, forgetting: Forgetting, item: MemoryItem, seq: int
    ) -> None:
        self._state = state
        self._store = state.tables.store
        self._forgetting = forgetting
        self._item = item
        self._seq = seq
        named = str(item.data.get("object", ""))
        self._thing = named if item.kind == "object" else ""

    def run(self) -> Erased:
        gone = [self._seq]
        if self._thing:
            gone += self._numbers("SELECT seq FROM item WHERE thing = ?", self._thing)
        facts = self._open_facts()
        self._forgetting.drop_gist(self._seq)  # If it is one.
        self._operations()
        self._before_it_goes()
        self._state.tables.forget_item(self._seq)
        self._state.graph.forget(facts)
        if self._thing:
            for part in (self._state.entities, self._state.places, self._state.quarantine):
                part.forget(self._thing)
            self._state.habits.forget(self._thing)
        if self._item.kind in ("lesson", "episode") or self._item.source == "outcome":
            gone += self._baseless()
            self._state.lessons.reload()
        reworded, emptied = self._summaries()
        gone += emptied
        self._forgetting.drop([*dict.fromkeys(gone), *self._gists()])
        self._state.temporal.rewrite(self._rewritten)
        texts = (self._item.text, *((self._thing,) if self._thing else ()))
        return Erased(texts, tuple(reworded))

    # --- what it tells ------------------------------------------------------------------------

    def _open_facts(self) -> list[int]:
        if self._thing:
            return self._numbers(_OF_THING, self._thing, self._thing)
        fact = self._item.data.get("fact")
        if fact is None:
            return []
        number = int(str(fact).removeprefix("fact-"))
        return self._numbers("SELECT seq FROM fact WHERE seq = ? AND valid_to IS NULL", number)

    def _before_it_goes(self) -> None:
        """Remove what is found through the item."""
        item = self._item
        if item.kind == "relation" and "fact" in item.data:
            fact = self._state.tables.fact(int(str(item.data["fact"]).removeprefix("fact-")))
            if fact is not None and fact.thing:
                self._state.habits.forget(fact.thing, fact.valid_from, fact.valid_to)
        elif item.kind == "episode":
            self._episode(int(item.episode.removeprefix("episode-")))
        elif item.source == "outcome" and item.kind == "step":
            for outcome in self._numbers(
                "SELECT seq FROM outcome WHERE finished = ? AND started = ? AND code = ? "
                "ORDER BY seq LIMIT 1",
                item.stamp, item.valid_from, item.data.get("code"),
            ):  # fmt: skip
                self._store.execute("DELETE FROM evidence WHERE outcome = ?", (outcome,))
                self._store.execute("DELETE FROM outcome WHERE seq = ?", (outcome,))

    def _episode(self, number: int) -> None:
        self._store.execute("DELETE FROM evidence WHERE episode = ?", (number,))
        self._store.execute("DELETE FROM outcome WHERE episode = ?", (number,))
        self._store.execute("UPDATE event SET text = '' WHERE episode = ?", (number,))
        self._store.execute("DELETE FROM episode WHERE seq = ?", (number,))

    def _operations(self) -> None:
        """What a person set right keeps rows as they were: it can be undone no longer."""
        said = json.dumps(self._item.text)
        for seq, changes in self._store.query("SELECT seq, changes FROM operation"):
            if said in changes:
                self._store.execute("DELETE FROM operation WHERE seq = ?", (seq,))

    def _baseless(self) -> list[int]:
        """Remove lessons that no evidence is left of; returns the items that told them."""
        gone = []
        for seq, level, skill, subject in self._store.query(
            "SELECT seq, level, skill, subject FROM lesson WHERE pinned = 0 AND level <> 'rule' "
            "AND seq NOT IN (SELECT lesson FROM evidence) "
            "AND seq NOT IN (SELECT lesson FROM evidence_gone)"
        ):
            data = {"skill": skill, "subject": subject}
            if level != "action":
                data["level"] = level
            told = json.dumps(data, sort_keys=True)
            gone += self._numbers("SELECT seq FROM item WHERE kind = 'lesson' AND data = ?", told)
            self._store.execute("DELETE FROM item WHERE kind = 'lesson' AND data = ?", (told,))
            self._store.execute("DELETE FROM lesson WHERE seq = ?", (seq,))
        return gone

    # --- what was said of it ------------------------------------------------------------------

    def _summaries(self) -> tuple[list[int], list[int]]:
        """Take the item's words out of summaries; returns those reworded and those that went."""
        reworded: list[int] = []
        emptied: list[int] = []
        stamp = self._item.stamp
        for summary in self._state.tables.items(
            "WHERE kind = 'summary' AND source = 'temporal' AND ((valid_from <= ? AND "
            "valid_to >= ?) OR text LIKE ?)",
            (stamp, stamp, f"%{self._thing}%" if self._thing else ""),
        ):
            kept = self._without(summary.text, self._still_said(summary))
            if kept == summary.text:
                continue
            seq = int(summary.id.removeprefix("item-"))
            (reworded if kept else emptied).append(seq)
            sql = "UPDATE item SET text = ? WHERE seq = ?" if kept else (
                "DELETE FROM item WHERE text <> ? AND seq = ?"
            )  # fmt: skip
            self._store.execute(sql, (kept, seq))
        return reworded, emptied

    def _still_said(self, summary: MemoryItem) -> set[str]:
        """What other steps of a summary's time say."""
        steps = self._store.query(
            "SELECT text FROM item WHERE kind = 'step' AND stamp BETWEEN ? AND ?",
            (summary.valid_from, summary.valid_to),
        )
        return {clause for (text,) in steps for clause in clauses_of(text)}

    def _without(self, text: str, kept: set[str]) -> str:
        gone = set(self._clauses()) - kept
        clauses = clauses_of(text)
        left = [c for c in clauses if c not in gone and not names(c, self._thing)]
        return text if left == clauses else "; ".join(left)

    def _gists(self) -> list[int]:
        """Take the item's words out of the gists of its time, and an object's out of all."""

        def without(gist: Gist) -> Gist:
            around = gist.start <= self._item.stamp <= gist.end
            return gist.without(self._thing, self._clauses() if around else ())

        return self._forgetting.gists.without(without)

    def _rewritten(self, moment: Moment) -> str:
        around = moment.start <= self._item.stamp <= moment.end
        if moment.start == moment.end and moment.text != self._item.text:
            return moment.text  # Another step: an item of its own.
        if not around and not names(moment.text, self._thing):
            return moment.text
        return self._without(moment.text, set())

    def _clauses(self) -> list[str]:
        """What the item says that others may have taken over."""
        return [] if self._thing else clauses_of(self._item.text)

    def _numbers(self, sql: str, *parameters: object) -> list[int]:
        return [int(row[0]) for row in self._store.query(sql, parameters)]
