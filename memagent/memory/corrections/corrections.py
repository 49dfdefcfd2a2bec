# SPDX-License-Identifier: Apache-2.0
"""What a person sets right: two names of one object, one name of two, and where something is.

Each is an :class:`~memagent.memory.corrections.operations.Operation`, which can be undone. They
write rows only: load the state anew after them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from memagent.errors import MemagentError
from memagent.memory.corrections.operations import Journal, Operation
from memagent.memory.knowledge.contradictions import MERGED, PERSON
from memagent.memory.records import FLOOR, Entity, FactRecord
from memagent.memory.state import MemoryState
from memagent.types import Predicate, Relation

SOURCE = "person"


class Corrections:
    """Applies corrections to a memory's state, inside a transaction of the caller."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._tables = state.tables
        self._store = state.tables.store
        self._journal = Journal(state.tables)

    def merge(self, kept: str, other: str) -> Operation:
        """Let ``other`` and all that is known of it belong to ``kept``.

        Where both are somewhere now, what was seen last holds; where their histories overlap, the
        later one does.
        """
        one, two = self._entity(kept), self._entity(other)
        if kept == other:
            raise MemagentError(f"{kept!r} and {other!r} are one already")
        before = self._before(kept, other)
        self._drop_relations_between(kept, other)
        self._absorb(one, two)
        text = f"{other} is the same object as {kept}"
        self._note(text, kept)
        return self._journal.record("merge", (kept, other), text, self._state.now, before)

    def split(self, name: str, since: float | None, places: Collection[str]) -> Operation:
        """Give some of what is known of ``name`` to another object.

        Args:
            name: the object.
            since: what began at or after this, seconds; None does not matter.
            places: what was at one of these; none does not matter.
        """
        entity = self._entity(name)
        if since is None and not places:
            raise MemagentError("say what belongs to the other object: since when, or which places")
        known = self._whereabouts(name)
        other = [
            f for f in known
            if (since is None or f.valid_from >= since)
            and (not places or f.relation.object in places)
        ]  # fmt: skip
        rest = [f for f in known if f not in other]
        if not other or not rest:
            few = "nothing" if not other else "everything"
            raise MemagentError(
                f"{few} known of {name!r} would belong to the other object; there is "
                f"{[self._state.phrase(f.relation) for f in known]}"
            )
        before = self._before(name)
        new = self._state.entities.free_name(entity.label)
        self._end_nearness(name)
        self._move(name, new, other, since, places)
        self._tables.put_entity(_seen_as(entity, name, rest))
        self._tables.put_entity(_seen_as(entity, new, other))
        starts = {f.valid_from for f in other}, {f.valid_from for f in rest}
        self._reopen_superseded(name, starts[0])
        self._reopen_superseded(new, starts[1])
        text = f"{new} is another object than {name}"
        self._note(text, new, "object")
        return self._journal.record("split", (name, new), text, self._state.now, before)

    def correct(self, what: str, place: str) -> Operation:
        """Believe that a thing, or a fact's thing, is at a place because a person says so."""
        state = self._state
        thing = self._thing_of(what)
        relation = Relation(thing, self._predicate(place), place)
        before = self._before(thing)
        if state.entities.get(thing) is None:
            state.entities.register(thing, state.now)
        fact, _ = state.locate(relation, state.now, source=SOURCE, why=PERSON)
        state.quarantine.judge(relation, state.now)
        state.persist()
        text = f"a person says: {state.phrase(fact.relation)}"
        return self._journal.record("correct", (thing,), text, state.now, before)

    def undo(self, operation: str | None) -> Operation:
        """Undo an operation, by default the newest; see :meth:`Journal.undo`."""
        self._state.persist()
        undone = self._journal.undo(operation, self._state.now)
        if undone.kind == "split":  # What was learned of the new object since is the old one's.
            entities = {e.name: e for e in self._tables.entities()}
            old, new = undone.names
            if old in entities and any(self._journal.rows((new,)).values()):
                self._absorb(entities[old], entities.get(new, replace(entities[old], name=new)))
        return undone

    def operations(self, limit: int) -> tuple[Operation, ...]:
        return self._journal.all(limit)

    # --- names --------------------------------------------------------------------------------

    def _entity(self, name: str) -> Entity:
        found = self._state.entities.get(name)
        if found is None:
            known = [e.name for e in self._state.entities.all()]
            raise MemagentError(f"no object is called {name!r}; there are {known}")
        return found

    def _thing_of(self, what: str) -> str:
        if what.startswith("fact-") and what[5:].isdigit():
            fact = self._tables.fact(int(what[5:]))
            if fact is None or not fact.thing:
                raise MemagentError(f"{what!r} is no fact about where an object is")
            return fact.thing
        if not what.strip():
            raise MemagentError("a correction needs the name of an object, or a fact's id")
        if self._state.entities.get(what) is not None:
            return what
        found = self._state.entities.matching(what)
        if len(found) > 1:
            raise MemagentError(f"{what!r} may be any of {[e.name for e in found]}; name one")
        return found[0].name if found else what

    def _predicate(self, place: str) -> Predicate:
        state = self._state
        for candidate in state.candidates():
            if candidate.name == place:
                return candidate.predicate
        rooms = [room.name for room in state.site.rooms] if state.site else []
        if place in rooms:
            return "at"
        if place == FLOOR or state.site is None or state.entities.get(place) is not None:
            return "on"
        places = [c.name for c in state.candidates()]
        raise MemagentError(f"no place is called {place!r}; there are {[*places, *rooms, FLOOR]}")

    # --- rows ---------------------------------------------------------------------------------

    def _absorb(self, kept: Entity, other: Entity) -> None:
        """Give all rows of one object to another."""
        self._end_nearness(other.name)
        self._rename(other.name, kept.name)
        self.settle(kept.name)
        newer, older = (kept, other) if kept.last_seen >= other.last_seen else (other, kept)
        self._tables.put_entity(
            replace(
                kept,
                size=newer.size if any(newer.size) else older.size,
                position=newer.position or older.position,
                first_seen=min(kept.first_seen, other.first_seen),
                last_seen=newer.last_seen,
                confidence=max(kept.confidence, other.confidence),
            )
        )
        self._store.execute("DELETE FROM entity WHERE name = ?", (other.name,))
        if other.label != kept.label:
            self._store.execute(
                "INSERT INTO alias (label, name) VALUES (?,?) ON CONFLICT DO NOTHING",
                (other.label, kept.name),
            )

    def _before(self, *names: str) -> dict[str, dict[str, dict[str, object]]]:
        self._state.persist()
        return self._journal.rows(names)

    def _whereabouts(self, name: str) -> list[FactRecord]:
        found = [f for f in self._tables.facts_about(name) if f.thing == name]
        return sorted(found, key=lambda f: (f.valid_from, f.seq))

    def _drop_relations_between(self, a: str, b: str) -> None:
        pairs = "SELECT seq FROM fact WHERE (subject, object) IN (VALUES (?,?), (?,?))"
        self._store.execute(f"DELETE FROM item WHERE fact IN ({pairs})", (a, b, b, a))
        self._store.execute(f"DELETE FROM fact WHERE seq IN ({pairs})", (a, b, b, a))

    def _end_nearness(self, name: str) -> None:
        """A fresh look will say what is near to which of them."""
        now = self._state.now
        self._store.execute(
            "UPDATE fact SET valid_to = CASE WHEN valid_from > ? THEN valid_from ELSE ? END, "
            "expired = ? WHERE predicate = 'near' AND valid_to IS NULL AND ? IN (subject, object)",
            (now, now, now, name),
        )

    def _rename(self, old: str, new: str) -> None:
        for table, column in (
            ("fact", "subject"), ("fact", "object"), ("item", "thing"), ("visit", "thing"),
        ):  # fmt: skip
            self._store.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))
        self._store.execute(
            "INSERT INTO alias (label, name) SELECT label, ? FROM alias WHERE name = ? "
            "ON CONFLICT DO NOTHING",
            (new, old),
        )
        # A search for the one is a search for the other; of two at a place the newer one counts.
        self._store.execute(
            "INSERT INTO search (place, thing, since, stamp, share) "
            "SELECT place, ?, since, stamp, share FROM search AS s "
            "WHERE thing = ? AND NOT EXISTS (SELECT 1 FROM search WHERE place = s.place "
            "AND thing = ? AND stamp > s.stamp) ON CONFLICT (place, thing) DO UPDATE SET "
            "since = excluded.since, stamp = excluded.stamp, share = excluded.share",
            (new, old, new),
        )
        for table, column in (("search", "thing"), ("claim", "thing"), ("alias", "name")):
            self._store.execute(f"DELETE FROM {table} WHERE {column} = ?", (old,))

    def settle(self, name: str) -> None:
        """One place at a time: the open fact seen last holds, and intervals do not overlap."""
        known = self._whereabouts(name)
        still = [f for f in known if f.valid_to is None]
        holds = max(still, key=lambda f: (f.last_seen, f.seq), default=None)
        for i, fact in enumerate(known):
            if fact is holds:
                continue
            ends = [f.valid_from for f in known[i + 1 : i + 2]]
            ends += [holds.valid_from] if holds else []
            end = max(fact.valid_from, min(ends, default=fact.valid_from))
            if fact.valid_to is None or (ends and fact.valid_to > end):
                self._tables.close_fact(fact.seq, end, self._state.now)
                if fact.valid_to is None:
                    log = self._state.graph.contradictions
                    log.add(fact, holds, MERGED, self._state.now)

    def _move(
        self,
        name: str,
        new: str,
        facts: Sequence[FactRecord],
        since: float | None,
        places: Collection[str],
    ) -> None:
        for fact in facts:
            column = "object" if fact.relation.predicate == "holding" else "subject"
            self._store.execute(f"UPDATE fact SET {column} = ? WHERE seq = ?", (new, fact.seq))
            self._store.execute("UPDATE item SET thing = ? WHERE fact = ?", (new, fact.seq))
        for visit in self._state.habits.of(name):
            late = since is None or visit.first >= since
            if late and (not places or visit.place in places):
                self._store.execute("UPDATE visit SET thing = ? WHERE seq = ?", (new, visit.seq))
        if since is not None and not places:
            self._store.execute(
                "UPDATE item SET thing = ? WHERE thing = ? AND fact IS NULL AND stamp >= ?",
                (new, name, since),
            )

    def _reopen_superseded(self, name: str, starts: Collection[float]) -> None:
        """Open an object's last fact again if only the other object's fact had closed it."""
        known = self._whereabouts(name)
        last = known[-1]
        if last.relation.predicate == "holding" and self._state.graph.held is not None:
            return  # The hand holds something else by now.
        if all(f.valid_to is not None for f in known) and last.valid_to in starts:
            self._store.execute(
                "UPDATE fact SET valid_to = NULL, expired = NULL WHERE seq = ?", (last.seq,)
            )
            self._store.execute("UPDATE item SET valid_to = NULL WHERE fact = ?", (last.seq,))

    def _note(self, text: str, thing: str, kind: str = "note") -> None:
        self._tables.add_item(
            "object" if kind == "object" else "note", text, self._state.now, source=SOURCE,
            thing=thing,
        )  # fmt: skip


def _seen_as(entity: Entity, name: str, facts: Sequence[FactRecord]) -> Entity:
    """An object as some of the facts about it tell."""
    last = max(facts, key=lambda f: (f.last_seen, f.seq))
    return replace(
        entity,
        name=name,
        position=last.position,
        first_seen=min(f.valid_from for f in facts),
        last_seen=last.last_seen,
    )
