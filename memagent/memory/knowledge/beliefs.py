# SPDX-License-Identifier: Apache-2.0
"""Where an object is: a probability over places, from what is remembered of it.

The model, for an object at time ``now``:

1. *Last known place.* The open fact puts weight ``w = confidence * exp(-age / tau)`` on its place,
   with ``age`` since the object was last seen there. ``tau`` is days for what was found somewhere,
   hours for what the robot itself moved: people put things back. A fact that names only a room
   spreads ``w`` over the places of that room.
2. *Habits.* Of the remaining ``1 - w``, a fixed share goes to places where the object was found
   before without the robot's doing, each visit weighted by ``exp(-age / habit_tau)``. Where no fact
   is open, the object has left where it was, and few visits tell little of where to: then the share
   is times ``n / (n + habit_prior)``, with ``n`` the sum of those weights.
3. *Elsewhere.* A share of the rest is at no place of the site.
4. *Anywhere.* What remains is spread over the site's other places, more of it over those in rooms
   where people have kept the object: things are mostly moved a short way.
5. *Searches.* A look at place ``p`` that would have shown the object multiplies every contribution
   for ``p`` that is older than the look by ``1 - share * (1 - miss) * exp(-age / return_tau)``:
   near zero just after looking, back to one once things may have moved again. Where an open fact
   places the object, only searches for this very object count: that a glance in passing did not
   show it is no reason to doubt a fact, and absence that lasts closes the fact.

Then it is normalised. Probabilities sum to less than one, by what is elsewhere: of an object that
was sought everywhere in vain, no place has much. What the robot holds is in the gripper with
probability one. Equal probabilities keep the site's order, so that beliefs are deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.records import GRIPPER, FactRecord, Search, Visit
from memagent.types import PlaceBelief, Predicate, Vector3

Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]

HOUR = 3600.0
DAY = 24 * HOUR


class BeliefConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    found_tau: Seconds = 3 * DAY
    """How long things stay where they were found, seconds."""
    put_tau: Seconds = 5 * HOUR
    """How long things stay where the robot put them, seconds."""
    habit_share: Share = 0.8
    habit_prior: Annotated[float, Field(ge=0)] = 3.0
    """Visits that earn half of that share where no fact is open: a single one is no habit."""
    habit_tau: Seconds = 14 * DAY
    elsewhere: Share = 0.4
    """Share of what neither a sighting nor a habit explains that is at no place of the site: in
    someone's hands, out of the house, or somewhere that cannot be seen."""
    nearby: Annotated[float, Field(ge=1)] = 3.0
    """How much likelier a place is in a room where people have kept it than in another."""
    return_tau: Seconds = 6 * HOUR
    """After how long a searched place may hold the object again, seconds."""
    miss: Share = 0.02
    """Probability that looking at the whole of a place misses an object there."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where objects can be."""

    name: str
    predicate: Predicate
    room: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is remembered of one object's whereabouts."""

    fact: FactRecord | None = None
    """The open fact, if any."""
    visits: Sequence[Visit] = ()
    searches: Sequence[Search] = ()


@dataclass(slots=True)
class _Share:
    """One contribution to a place's probability. Never changed; frozen ones take long to make."""

    place: str
    weight: float
    predicate: Predicate | None = None
    position: Vector3 | None = None
    last_seen: float | None = None
    reason: str = ""
    newer_than: float = -math.inf
    """Searches that began before this say nothing of it."""
    doubted: bool = True
    """Whether looks at the place as a whole count against it."""


def believe(
    evidence: Evidence, places: Sequence[Candidate], now: float, config: BeliefConfig
) -> tuple[PlaceBelief, ...]:
    """Candidates for where an object is, most probable first; what they lack to one is elsewhere.

    Args:
        evidence: what is remembered of the object.
        places: where objects can be, in the site's order.
        now: seconds on the robot's clock.
        config: the model's constants.

    Returns:
        One belief per place, and for what a fact says beyond them (floor, room). Empty if there is
        neither evidence nor any place.
    """
    fact = evidence.fact
    if fact is not None and fact.relation.predicate == "holding":
        return (PlaceBelief(GRIPPER, "holding", 1.0, None, fact.last_seen, "the robot holds it"),)
    known = _last_known(fact, places, now, config) if fact else []
    rest = 1.0 - sum(share.weight for share in known)
    habits = _habits(evidence.visits, fact is None, rest, now, config)
    rest -= sum(share.weight for share in habits)
    homes = {visit.place for visit in evidence.visits}
    if fact is not None and not fact.by_robot:
        homes.add(fact.relation.object)
    elsewhere = config.elsewhere * rest
    shares = [*known, *habits]
    shares += _anywhere(places, {share.place for share in known}, homes, rest - elsewhere, config)
    searches: dict[str, list[Search]] = {}
    for search in evidence.searches:
        searches.setdefault(search.place, []).append(search)
    shares = [_discounted(share, searches.get(share.place, ()), now, config) for share in shares]
    return _normalised(shares, elsewhere, places)


def _last_known(
    fact: FactRecord, places: Sequence[Candidate], now: float, config: BeliefConfig
) -> list[_Share]:
    age = max(0.0, now - fact.last_seen)
    tau = config.put_tau if fact.by_robot else config.found_tau
    weight = fact.relation.confidence * max(math.exp(-age / tau), 1e-12)  # Never nothing.
    target = fact.relation.object
    did = "put there by the robot" if fact.by_robot else "seen"
    if all(place.name != target for place in places):
        rooms = [place.name for place in places if place.room == target]
        if rooms:
            reason = f"seen in the {target} {ago(age)}"
            share = _Share("", weight / len(rooms), reason=reason, newer_than=fact.last_seen)
            return [replace(share, place=room) for room in rooms]
    return [
        _Share(
            target, weight, fact.relation.predicate, fact.position, fact.last_seen,
            f"{did} {ago(age)}", fact.last_seen, doubted=False,
        )
    ]  # fmt: skip


def _habits(
    visits: Sequence[Visit], is_lost: bool, rest: float, now: float, config: BeliefConfig
) -> list[_Share]:
    by_place: dict[str, list[Visit]] = {}
    for visit in visits:
        by_place.setdefault(visit.place, []).append(visit)
    weights = {
        place: sum(math.exp(-max(0.0, now - v.last) / config.habit_tau) for v in stays)
        for place, stays in by_place.items()
    }
    total = sum(weights.values())
    if total <= 0.0:
        return []
    mass = config.habit_share * rest
    if is_lost:
        mass *= total / (total + config.habit_prior)
    return [
        _Share(
            place,
            mass * weights[place] / total,
            stays[-1].predicate,
            stays[-1].position,
            stays[-1].last,
            f"usually there ({len(stays)} of {len(visits)})",
            stays[-1].last,
        )
        for place, stays in by_place.items()
    ]


def _anywhere(
    places: Sequence[Candidate],
    mentioned: set[str],
    homes: set[str],
    mass: float,
    config: BeliefConfig,
) -> list[_Share]:
    rooms = {place.room for place in places if place.room and place.name in homes}
    others = [place for place in places if place.name not in mentioned] or list(places)
    odds = [config.nearby if place.room in rooms else 1.0 for place in others]
    total = sum(odds)
    return [
        _Share(place.name, mass * odd / total, place.predicate, reason="not looked there yet")
        for place, odd in zip(others, odds, strict=True)
    ]


def _discounted(
    share: _Share, searches: Sequence[Search], now: float, config: BeliefConfig
) -> _Share:
    """The share by what is left of it after searches of its place."""
    factor, looked = 1.0, -math.inf
    for search in searches:
        if (share.doubted or search.thing) and search.since >= share.newer_than:
            fading = math.exp(-max(0.0, now - search.stamp) / config.return_tau)
            factor *= 1.0 - search.share * (1.0 - config.miss) * fading
            looked = max(looked, search.stamp)
    if factor == 1.0:
        return share
    telling = factor < 0.5
    reason = f"not there when looked {ago(now - looked)}" if telling else share.reason
    return _Share(
        share.place, share.weight * factor, share.predicate, share.position, share.last_seen,
        reason, share.newer_than, share.doubted,
    )  # fmt: skip


def _normalised(
    shares: Sequence[_Share], elsewhere: float, places: Sequence[Candidate]
) -> tuple[PlaceBelief, ...]:
    total = elsewhere + sum(share.weight for share in shares)
    predicates: Mapping[str, Predicate] = {place.name: place.predicate for place in places}
    order = {place.name: index for index, place in enumerate(places)}
    by_place: dict[str, list[_Share]] = {}
    for share in shares:
        by_place.setdefault(share.place, []).append(share)
    beliefs = []
    for place, parts in by_place.items():
        main = seen = parts[0]
        weight = main.weight
        if len(parts) > 1:
            main = max(parts, key=lambda part: part.weight)
            seen = next((part for part in parts if part.last_seen is not None), main)
            weight = sum(part.weight for part in parts)
        beliefs.append(
            PlaceBelief(
                place,
                seen.predicate or predicates.get(place, "on"),
                weight / total,
                seen.position,
                seen.last_seen,
                main.reason,
            )
        )
    beliefs.sort(key=lambda b: (-b.probability, order.get(b.place, len(order)), b.place))
    return tuple(beliefs)


def ago(seconds: float) -> str:
    """A time span in words: "12 s ago", "3 h ago"."""
    for unit, length in (("days", DAY), ("h", HOUR), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"
