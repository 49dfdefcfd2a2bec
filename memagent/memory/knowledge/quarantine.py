# SPDX-License-Identifier: Apache-2.0
"""Quarantine: an unsure sighting changes no belief until a second, independent one agrees.

Only facts below a confidence are held back, and only new ones: a weak sight of an object where it
is believed to be just confirms it. One claim per object waits; a confident sighting, or a claim of
another place, takes its stead. Claims survive a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.records import whereabouts_of
from memagent.memory.store.tables import Tables
from memagent.types import Relation


class QuarantineConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    below: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Facts of less confidence wait; 0 turns quarantine off. A fact's confidence is that of the
    object times that of its place."""
    independent: Annotated[float, Field(gt=0)] = 2.0
    """Seconds from the first sighting after which another one is independent of it."""
    patience: Annotated[float, Field(gt=0)] = 600.0
    """Seconds after which an unconfirmed claim is dropped."""
    claims: Annotated[int, Field(ge=1)] = 256
    """The most claims that wait; the oldest give way."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact that waits for a second witness."""

    relation: Relation
    stamp: float
    """Of the first sighting, seconds."""
    source: str

    @property
    def thing(self) -> str:
        return whereabouts_of(self.relation)


class Quarantine:
    """Claims that wait, by object, oldest first; every change is written through."""

    def __init__(self, tables: Tables, config: QuarantineConfig) -> None:
        self._store = tables.store
        self._config = config
        rows = self._store.query(
            "SELECT subject, predicate, object, confidence, stamp, source FROM claim "
            "ORDER BY stamp, thing"
        )
        claims = (Claim(Relation(*row[:4]), row[4], row[5]) for row in rows)
        self._claims = {claim.thing: claim for claim in claims}

    def all(self) -> tuple[Claim, ...]:
        return tuple(self._claims.values())

    def judge(self, relation: Relation, stamp: float, source: str = "") -> float | None:
        """The confidence in which a sighting may be believed, or None while it has to wait."""
        thing = whereabouts_of(relation)
        if relation.confidence >= self._config.below:
            self._drop(thing)
            return relation.confidence
        claim = self._claims.get(thing)
        waits = claim is not None and stamp - claim.stamp <= self._config.patience
        if claim is not None and waits and _agree(claim.relation, relation):
            if stamp - claim.stamp < self._config.independent:
                return None
            self._drop(thing)
            return 1.0 - (1.0 - claim.relation.confidence) * (1.0 - relation.confidence)
        self._hold(Claim(relation, stamp, source))
        return None

    def forget(self, thing: str) -> None:
        """Leave out what was claimed of an object that was removed from the store."""
        self._claims.pop(thing, None)

    def _hold(self, claim: Claim) -> None:
        self._drop(claim.thing)
        self._claims[claim.thing] = claim
        r = claim.relation
        self._store.execute(
            "INSERT INTO claim (thing, subject, predicate, object, confidence, stamp, source) "
            "VALUES (?,?,?,?,?,?,?)",
            (claim.thing, r.subject, r.predicate, r.object, r.confidence, claim.stamp,
             claim.source),
        )  # fmt: skip
        while len(self._claims) > self._config.claims:
            self._drop(next(iter(self._claims)))

    def _drop(self, thing: str) -> None:
        if self._claims.pop(thing, None) is not None:
            self._store.execute("DELETE FROM claim WHERE thing = ?", (thing,))


def _agree(a: Relation, b: Relation) -> bool:
    return (a.predicate, a.object) == (b.predicate, b.object)
