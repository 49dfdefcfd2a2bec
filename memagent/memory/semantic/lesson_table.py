# SPDX-License-Identifier: Apache-2.0
"""Lessons in the memory file, with the outcomes and episodes that they rest on.

Every write belongs inside ``store.transaction()``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from memagent.memory.semantic.merging import Key, LessonRecord
from memagent.memory.semantic.trials import Trial
from memagent.memory.store.tables import Tables
from memagent.types import Lesson

_CITED = 512
"""The most evidence that a lesson cites; of what came before, it knows how often it ended how."""


@dataclass(frozen=True, slots=True)
class NewOutcome:
    """A skill's outcome that no lesson has been drawn from yet."""

    skill: str
    label: str
    category: str
    place: str
    trial: Trial
    finished: float


class LessonTable:
    """Typed access to the rows of lessons."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._store = tables.store

    # --- lessons ------------------------------------------------------------------------------

    def add(self, record: LessonRecord) -> int:
        """Add a lesson without its trials; returns its number."""
        return self._store.execute(
            "INSERT INTO lesson (level, skill, subject, claim, words, pinned, learned) "
            "VALUES (?,?,?,?,?,?,?)",
            (*record.key, record.claim, record.words, int(record.pinned), record.learned),
        )

    def change(self, record: LessonRecord) -> None:
        """Store a lesson's words and whether it is pinned."""
        self._store.execute(
            "UPDATE lesson SET words = ?, pinned = ? WHERE seq = ?",
            (record.words, int(record.pinned), record.seq),
        )

    def remove(self, seq: int) -> None:
        self._store.execute("DELETE FROM evidence WHERE lesson = ?", (seq,))
        self._store.execute("DELETE FROM evidence_gone WHERE lesson = ?", (seq,))
        self._store.execute("DELETE FROM lesson WHERE seq = ?", (seq,))

    def cite(self, lesson: int, trial: Trial) -> None:
        """Add a trial to a lesson's evidence."""
        self._store.execute(
            "INSERT INTO evidence (lesson, outcome, episode, code) VALUES (?,?,?,?)",
            (lesson, trial.outcome, trial.episode, trial.code),
        )
        cited = self._store.query("SELECT count(*) FROM evidence WHERE lesson = ?", (lesson,))
        if cited[0][0] > _CITED:
            self._count_oldest(lesson)

    def _count_oldest(self, lesson: int) -> None:
        """Keep of a lesson's oldest evidence only how it ended."""
        seq, code = self._store.query(
            "SELECT seq, code FROM evidence WHERE lesson = ? ORDER BY seq LIMIT 1", (lesson,)
        )[0]
        self._store.execute("DELETE FROM evidence WHERE seq = ?", (seq,))
        self._store.execute(
            "INSERT INTO evidence_gone (lesson, code, count) VALUES (?,?,1) "
            "ON CONFLICT (lesson, code) DO UPDATE SET count = evidence_gone.count + 1",
            (lesson, code),
        )

    def all(self, window: int) -> Iterator[LessonRecord]:
        """Every lesson with its newest ``window`` trials, oldest lesson first."""
        trials: dict[int, list[Trial]] = {}
        for lesson, code, episode, outcome, conditions in self._store.query(
            "SELECT e.lesson, e.code, e.episode, e.outcome, o.conditions FROM (SELECT *, "
            "row_number() OVER (PARTITION BY lesson ORDER BY seq DESC) AS age FROM evidence) AS e "
            "LEFT JOIN outcome AS o ON o.seq = e.outcome WHERE e.age <= ? ORDER BY e.seq",
            (window,),
        ):
            trials.setdefault(lesson, []).append(
                Trial(code, episode, outcome, _conditions(conditions))
            )
        counts: dict[int, dict[str, int]] = {}
        for lesson, code, number in self._store.query(
            "SELECT lesson, code, count FROM evidence_gone ORDER BY lesson, code"
        ):
            counts.setdefault(lesson, {})[code] = number
        for lesson, code, number in self._store.query(
            "SELECT lesson, code, count(*) FROM evidence GROUP BY lesson, code ORDER BY min(seq)"
        ):
            of_lesson = counts.setdefault(lesson, {})
            of_lesson[code] = of_lesson.get(code, 0) + number
        for row in self._store.query(
            "SELECT seq, level, skill, subject, claim, words, pinned, learned FROM lesson "
            "ORDER BY seq"
        ):
            seq, level, skill, subject, claim, words, pinned, learned = row
            yield LessonRecord(
                seq, level, skill, subject, claim, words, bool(pinned), learned,
                tuple(trials.get(seq, ())), counts.get(seq, {}),
            )  # fmt: skip

    # --- lessons in words ---------------------------------------------------------------------

    def tell(self, lesson: Lesson, stamp: float, episode: str, source: str) -> None:
        """Add a lesson in words to the log; what told it before ends."""
        data = _told_as((lesson.level, lesson.skill, lesson.subject), lesson.id)
        self._end(data, stamp)
        self._tables.add_item(
            "lesson", lesson.text, stamp, valid_from=stamp, episode=episode, data=data,
            source=source,
        )  # fmt: skip

    def end(self, record: LessonRecord, stamp: float) -> None:
        """End the item that tells a lesson."""
        self._end(_told_as(record.key, record.id), stamp)

    def _end(self, data: dict[str, str], stamp: float) -> None:
        self._store.execute(
            "UPDATE item SET valid_to = ? WHERE kind = 'lesson' AND data = ? AND valid_to IS NULL",
            (stamp, json.dumps(data, sort_keys=True)),
        )

    # --- what lessons are drawn from ----------------------------------------------------------

    def new_outcomes(self, after: int, limit: int) -> tuple[NewOutcome, ...]:
        """The first outcomes of skills past a number, in order."""
        rows = self._store.query(
            "SELECT skill, label, category, place, code, episode, seq, conditions, finished "
            "FROM outcome WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        )
        return tuple(
            NewOutcome(
                skill, label, category, place, Trial(code, episode, seq, _conditions(noted)),
                finished,
            )
            for skill, label, category, place, code, episode, seq, noted, finished in rows
        )  # fmt: skip

    def new_episodes(self, limit: int) -> tuple[int, ...]:
        """The first episodes from which no lesson was drawn since they ended, by their ends."""
        rows = self._store.query(
            "SELECT seq FROM episode WHERE learned = 0 AND finished IS NOT NULL "
            "ORDER BY finished, seq DESC LIMIT ?",
            (limit,),
        )
        return tuple(row[0] for row in rows)

    def learned(self, episode: int) -> None:
        self._store.execute("UPDATE episode SET learned = 1 WHERE seq = ?", (episode,))


def _told_as(key: Key, lesson: str) -> dict[str, str]:
    """How the item that tells a lesson is found again."""
    level, skill, subject = key
    data = {"skill": skill, "subject": subject}
    if level == "rule":  # Several may be about the same.
        data["lesson"] = lesson
    if level != "action":
        data["level"] = level
    return data


def _conditions(text: str | None) -> dict[str, str] | None:
    return None if text is None else dict(json.loads(text))
