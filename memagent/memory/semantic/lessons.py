# SPDX-License-Identifier: Apache-2.0
"""Lessons: what outcomes teach of skills and tasks, and what a person taught.

Each outcome of a skill is evidence on its object's label, its category, its place, and on the skill
as such; each episode that ended is evidence on its instruction and on the pattern of it, with the
names of things taken out. What evidence changes is decided in
:mod:`memagent.memory.semantic.merging`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from memagent.errors import MemagentError
from memagent.memory.semantic.lesson_table import LessonTable, NewOutcome
from memagent.memory.semantic.merging import (
    TELLS_NOTHING,
    Decision,
    Evidence,
    LessonRecord,
    RuleMerger,
    nearest,
    restated,
    similar_words,
)
from memagent.memory.semantic.trials import OK, LessonConfig, Trial, posterior
from memagent.memory.store.tables import Tables
from memagent.types import Code, Episode, Lesson, TaskStatus

_LOG = logging.getLogger(__name__)
_SEEN = "lessons_drawn_until"
Decider = Callable[[Evidence], Sequence[Decision] | None]
"""Decides what evidence does to lessons; None leaves it to the rules."""
_PHRASE = 8
"""The most words of a name."""
_ALIKE = 0.5
"""Share of common words from which the lesson of another instruction is worth telling."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What the outcome of one skill, or the end of one episode, is evidence of."""

    evidence: tuple[Evidence, ...]
    main: str
    """The subject that it is foremost about."""
    stamp: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What instructions may name, in small letters."""

    objects: Container[str]
    places: Container[str]


class Lessons:
    """All lessons in memory, every change written through to the store."""

    def __init__(
        self,
        tables: Tables,
        config: LessonConfig,
        vocabulary: Callable[[], Vocabulary],
        *,
        studied: bool = False,
    ) -> None:
        """Load what is known.

        Args:
            tables: the rows.
            config: constants.
            vocabulary: what instructions may name.
            studied: somebody calls :meth:`next` and :meth:`draw` in his own time, so that
                :meth:`learn` has nothing to do.
        """
        self._studied = studied
        self._tables = tables
        self._table = LessonTable(tables)
        self._config = config
        self._vocabulary = vocabulary
        self._rules = RuleMerger(config)
        self._records = {r.seq: r for r in self._table.all(config.window)}
        self._seen: int = tables.meta(_SEEN) or 0

    # --- asking -------------------------------------------------------------------------------

    def about(self, skill: str, subject: str, category: str = "") -> tuple[Lesson, ...]:
        """Rules first, then lessons, the most specific first: subject, category, then anything.

        An empty ``skill`` asks about every skill; an empty ``subject`` only what holds overall.
        """
        subjects = tuple(dict.fromkeys((subject, category, "")))
        own = [r for r in self._records.values() if r.subject in subjects]
        rules = [r for r in own if r.level == "rule" and (not skill or r.skill in ("", skill))]
        skills = [skill] if skill else list(dict.fromkeys(r.skill for r in self._all("action")))
        drawn = [
            r for s in skills for about in subjects for r in own
            if r.key == ("action", s, about)
        ]  # fmt: skip
        return tuple(r.public(self._config) for r in (*rules, *drawn))

    def about_task(self, instruction: str, limit: int) -> tuple[Lesson, ...]:
        """Lessons on an instruction: its own, its pattern's, then those alike, best first."""
        own = tuple(dict.fromkeys(self._patterns(instruction)))

        def fit(record: LessonRecord) -> float:
            if record.subject in own:
                return 2.0 - own.index(record.subject) / 2.0
            return max(similar_words(record.subject, pattern) for pattern in own)

        scored = [(fit(r), r.seq, r) for r in self._all("task")]
        best = sorted((s for s in scored if s[0] >= _ALIKE), key=lambda s: (-s[0], s[1]))
        return tuple(r.public(self._config) for _, _, r in best[:limit])

    def all(self) -> tuple[Lesson, ...]:
        return tuple(record.public(self._config) for record in self._records.values())

    # --- learning -----------------------------------------------------------------------------

    def learn(self, *, tell: bool = True) -> tuple[Lesson, ...]:
        """Draw lessons from outcomes and episodes that ended since the last call.

        Args:
            tell: also log, in words, what is worth telling.

        Returns:
            What is worth telling: lessons on failures that teach, and those that changed their
            claim.
        """
        told: list[Lesson] = []
        if self._studied:
            return ()
        while (experience := self.next()) is not None:
            told += self.draw(experience, tell=tell)
        return tuple(told)

    def catch_up(self) -> None:
        """Let the rules draw whatever lessons somebody has not drawn yet."""
        while (experience := self.next()) is not None:
            self.draw(experience)

    def skip(self, outcome: int) -> None:
        """Draw no lessons from outcomes up to a number: somebody did already."""
        self._seen = max(self._seen, outcome)
        self._tables.put_meta(_SEEN, self._seen)

    def next(self) -> Experience | None:
        """The first experience from which no lesson has been drawn yet; None if there is none."""
        for new in self._table.new_outcomes(self._seen, limit=1):
            return self._of_outcome(new)
        for number in self._table.new_episodes(limit=1):
            episode = self._tables.episode(number)
            assert episode is not None, number
            return self._of_episode(episode, number)
        return None

    def nearest(self, evidence: Evidence) -> tuple[LessonRecord, ...]:
        """The lessons that evidence may change, the most similar first."""
        return nearest(evidence, self._records.values())

    def draw(
        self,
        experience: Experience,
        decide: Decider | None = None,
        *,
        tell: bool = True,
    ) -> list[Lesson]:
        """Draw lessons from the experience that :meth:`next` gave, and be done with it.

        Args:
            experience: what is evidence of what.
            decide: decides on each piece; by default, and where what it decides is not allowed,
                the rules do.
            tell: also log, in words, what is worth telling.

        Returns:
            What is worth telling of the main subject.
        """
        told = []
        for piece in experience.evidence:
            record, is_new_claim = self._merge(piece, decide)
            failed = not piece.trial.success and piece.trial.code not in TELLS_NOTHING
            if record is None or piece.subject != experience.main:
                continue
            if not (failed or is_new_claim):
                continue
            lesson = record.public(self._config)
            told.append(lesson)
            if tell:
                number = piece.trial.episode
                episode = "" if number is None else f"episode-{number}"
                self._table.tell(lesson, experience.stamp, episode, "outcome")
        self._finish(experience)
        return told

    def teach(self, text: str, skill: str, subject: str, stamp: float) -> Lesson:
        """Keep a rule that somebody taught, for good."""
        record = LessonRecord(0, "rule", skill, subject, "", text, True, stamp)
        lesson = self._insert(record).public(self._config)
        self._table.tell(lesson, stamp, "", "taught")
        return lesson

    def pin(self, lesson_id: str, pinned: bool) -> Lesson:
        """Keep a lesson whatever happens, or no longer.

        Raises:
            MemagentError: there is no such lesson.
        """
        record = self._by_id(lesson_id)
        if record is None:
            raise MemagentError(f"there is no lesson {lesson_id!r}; `lessons` lists them")
        return self._change(replace(record, pinned=pinned)).public(self._config)

    def reload(self) -> None:
        """Read the lessons again, after evidence was removed from the store."""
        self._records = {r.seq: r for r in self._table.all(self._config.window)}

    # --- from outcomes to evidence ------------------------------------------------------------

    def _of_outcome(self, new: NewOutcome) -> Experience:
        subjects = dict.fromkeys((new.label, new.category, new.place, ""))
        evidence = tuple(
            Evidence("action", new.skill, s, new.trial, new.finished) for s in subjects
        )
        return Experience(evidence, new.label or new.place, new.finished)

    def _of_episode(self, episode: Episode, number: int) -> Experience:
        stamp = episode.finished or episode.started
        trial = Trial(_end_of(episode), number)
        patterns = tuple(dict.fromkeys(self._patterns(episode.instruction)))
        evidence = tuple(Evidence("task", "", pattern, trial, stamp) for pattern in patterns)
        return Experience(evidence, patterns[0], stamp)

    def _finish(self, experience: Experience) -> None:
        trial = experience.evidence[0].trial
        if trial.outcome is not None:
            self._seen = trial.outcome
            self._tables.put_meta(_SEEN, self._seen)
        elif trial.episode is not None:
            self._table.learned(trial.episode)

    def _patterns(self, instruction: str) -> tuple[str, str]:
        words = self._vocabulary()
        plain = " ".join(instruction.lower().split()).rstrip(".!?")
        return plain, pattern_of(plain, words)

    # --- merging ------------------------------------------------------------------------------

    def _merge(
        self, evidence: Evidence, decide: Decider | None
    ) -> tuple[LessonRecord | None, bool]:
        """Apply what is decided on evidence: the lesson it went to, and whether its claim is new.

        A first claim is no news; one that replaces another is.
        """
        kept, heir = None, None
        for decision in self._decisions(evidence, decide):
            record = self._by_id(decision.lesson)
            if decision.action == "UPDATE" and record is not None:
                kept = self._cite(record, evidence.trial, decision.words)
            elif decision.action == "DELETE" and record is not None:
                heir = record if record.key == evidence.key else heir
                self._delete(record, evidence.stamp)
            elif decision.action == "ADD":
                kept = self._state(evidence, heir, decision.words)
        return kept, kept is not None and heir is not None

    def _decisions(self, evidence: Evidence, decide: Decider | None) -> Sequence[Decision]:
        decisions = decide(evidence) if decide else None
        if decisions is not None:
            wrong = [d for d in decisions if not _allowed(d, self._by_id(d.lesson))]
            if not wrong:
                return decisions
            _LOG.warning("the rules decide on new evidence instead of %s", wrong)
        return self._rules.decide(evidence, self.nearest(evidence))

    def _by_id(self, lesson_id: str) -> LessonRecord | None:
        number = lesson_id.removeprefix("lesson-")
        return self._records.get(int(number)) if number.isdigit() else None

    def _state(self, evidence: Evidence, heir: LessonRecord | None, words: str) -> LessonRecord:
        trials = (*(restated(heir, self._config) if heir else ()), evidence.trial)
        claim = posterior(trials, self._config.half_life).best_claim()
        record = self._insert(LessonRecord(0, *evidence.key, claim, words, False, evidence.stamp))
        for trial in trials:
            record = self._cite(record, trial, "")
        if len(self._records) > self._config.most:
            self._make_room(record)
        return record

    def _make_room(self, newest: LessonRecord) -> None:
        """Give up the lesson that rests on the least, but for the newest."""
        weak = [r for r in self._all("action") + self._all("task") if not r.pinned and r != newest]
        if weak:
            self._delete(min(weak, key=lambda r: (sum(r.counts.values()), r.seq)), newest.learned)

    def _insert(self, record: LessonRecord) -> LessonRecord:
        record = replace(record, seq=self._table.add(record))
        self._records[record.seq] = record
        return record

    def _cite(self, record: LessonRecord, trial: Trial, words: str) -> LessonRecord:
        self._table.cite(record.seq, trial)
        record = record.tried(trial, self._config.window)
        if words:
            return self._change(replace(record, words=words))
        self._records[record.seq] = record
        return record

    def _change(self, record: LessonRecord) -> LessonRecord:
        self._table.change(record)
        self._records[record.seq] = record
        return record

    def _delete(self, record: LessonRecord, stamp: float) -> None:
        self._table.end(record, stamp)
        self._table.remove(record.seq)
        del self._records[record.seq]

    def _all(self, level: str) -> list[LessonRecord]:
        return [record for record in self._records.values() if record.level == level]


def pattern_of(instruction: str, words: Vocabulary) -> str:
    """An instruction with the names of things taken out: "put the <object> in the <place>"."""
    edges = [edge.start() for edge in re.finditer(r"\b", instruction)]
    told, done = "", 0
    for number, start in enumerate(edges):
        for end in reversed(edges[number + 1 : number + 2 * _PHRASE]):  # A word has two edges.
            phrase = instruction[start:end]
            slot = "<place>" if phrase in words.places else "<object>"
            if start >= done and (phrase in words.places or phrase in words.objects):
                told, done = told + instruction[done:start] + slot, end
                break
    return told + instruction[done:]


def _end_of(episode: Episode) -> str:
    """How an episode ended: "OK", an end that tells nothing, or its likely reason of failure."""
    if episode.status == TaskStatus.SUCCEEDED.value:
        return OK
    if episode.status in TELLS_NOTHING:
        return episode.status
    failed = [o for o in episode.outcomes if o.code not in (Code.OK, Code.CANCELED)]
    if not failed:
        return episode.status
    call = failed[-1].call
    return f"{call.name}({call.object or call.place}) {failed[-1].code.value}"


def _allowed(decision: Decision, record: LessonRecord | None) -> bool:
    if decision.action in ("ADD", "NOOP"):
        return True
    return record is not None and not (decision.action == "DELETE" and record.pinned)
