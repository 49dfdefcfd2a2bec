# SPDX-License-Identifier: Apache-2.0
"""What is known of places: whether containers are open, and what was searched for in vain."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.records import ContainerState, Search
from memagent.memory.store.tables import Tables
from memagent.site import Site
from memagent.types import ContainerBelief, ContainerObservation

ANYTHING = ""
"""The thing of a search that looked at the place as a whole."""


class PlaceConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    min_confidence: float = 0.5
    """Container observations below this are not believed."""
    open_prior: float = 0.05
    """Probability that a container nobody looked at is open."""
    open_tau: float = 4 * 3600.0
    """Seconds in which "seen open" fades to the prior by a factor e: people close things."""
    searches: Annotated[int, Field(ge=2)] = 20_000
    """Looks for single objects that are kept; beyond that the older half goes."""
    same_search: float = 60.0
    """Seconds within which looks at a place add up to one search."""


class Places:
    """State of containers and searches. Unchanged sightings reach the store by :meth:`persist`."""

    def __init__(self, tables: Tables, site: Site | None, config: PlaceConfig) -> None:
        self._tables = tables
        self._config = config
        self._names = tuple(p.name for p in site.places if p.is_container) if site else ()
        self._containers = {c.name: c for c in tables.containers()}
        self._searches: dict[str, dict[str, Search]] = {}
        for search in tables.searches():
            self._searches.setdefault(search.thing, {})[search.place] = search
        self._searched = sum(len(at) for thing, at in self._searches.items() if thing != ANYTHING)
        self._stale_containers: set[str] = set()
        self._stale_searches: set[tuple[str, str]] = set()

    # --- containers ---------------------------------------------------------------------------

    def container(self, name: str) -> ContainerState | None:
        return self._containers.get(name)

    def opening(self, name: str) -> float:
        """How far a container was last seen open, 0 to 1."""
        state = self._containers.get(name)
        return state.opening if state else 0.0

    def seen_closed(self, name: str) -> bool:
        """Whether the container was closed when last seen; False for a surface."""
        state = self._containers.get(name)
        return state is not None and not state.is_open

    def see_container(self, seen: ContainerObservation, stamp: float) -> bool:
        """Note a container's state; True if it differs from what was believed."""
        if seen.confidence < self._config.min_confidence:
            return False
        before = self._containers.get(seen.name)
        state = ContainerState(seen.name, seen.is_open, seen.opening, seen.confidence, stamp)
        self._containers[seen.name] = state
        if before is not None and before.is_open == seen.is_open:
            self._stale_containers.add(seen.name)
            return False
        self._tables.put_container(state)
        return before is not None or seen.is_open

    def beliefs(self, now: float) -> tuple[ContainerBelief, ...]:
        """Every container of the site, as last seen, fading to closed."""
        names = dict.fromkeys((*self._names, *self._containers))
        return tuple(self._belief(name, now) for name in names)

    def _belief(self, name: str, now: float) -> ContainerBelief:
        prior = self._config.open_prior
        state = self._containers.get(name)
        if state is None:
            return ContainerBelief(name, False, 1 - prior)
        seen = state.confidence if state.is_open else 1 - state.confidence
        fading = math.exp(-max(0.0, now - state.stamp) / self._config.open_tau)
        probability = prior + (seen - prior) * fading
        is_open = probability >= 0.5
        return ContainerBelief(name, is_open, probability if is_open else 1 - probability)

    # --- searches -----------------------------------------------------------------------------

    def view(
        self, place: str, thing: str, since: float, stamp: float, share: float, *, now: bool = True
    ) -> None:
        """Note that ``share`` of a place was looked at without finding ``thing``, or anything.

        Args:
            place: where.
            thing: the object searched for, or ``ANYTHING``.
            since: objects last seen there before this were not seen by this look.
            stamp: when.
            share: of the place, 0 to 1.
            now: write it at once; else with the next :meth:`persist`.
        """
        searches = self._searches.setdefault(thing, {})
        before = searches.get(place)
        if before is not None and stamp - before.stamp <= self._config.same_search:
            share = max(share, before.share)
        if before is None and thing != ANYTHING:
            self._searched += 1
        searches[place] = Search(place, thing, since, stamp, share)
        if now:
            self._tables.put_search(searches[place])
        else:
            self._stale_searches.add((thing, place))

    def forget(self, thing: str) -> None:
        """Leave out searches for an object that was removed from the store."""
        self._searched -= len(self._searches.pop(thing, {}))
        self._stale_searches = {key for key in self._stale_searches if key[0] != thing}

    def searches(self, thing: str) -> tuple[Search, ...]:
        """Looks that may have missed ``thing``: those for it, and those at places as a whole."""
        own = self._searches.get(thing, {}) if thing != ANYTHING else {}
        return (*self._searches.get(ANYTHING, {}).values(), *own.values())

    def viewed(self, threshold: float) -> dict[str, float]:
        """When each place was last looked at with at least ``threshold`` of it seen."""
        return {
            place: search.stamp
            for place, search in self._searches.get(ANYTHING, {}).items()
            if search.share >= threshold
        }

    def _give_up_old(self) -> None:
        """Forget the older half of the looks for single objects."""
        own = [s for t, at in self._searches.items() if t != ANYTHING for s in at.values()]
        own.sort(key=lambda search: search.stamp)
        for search in own[: len(own) // 2]:
            del self._searches[search.thing][search.place]
            self._stale_searches.discard((search.thing, search.place))
            self._tables.remove_search(search.place, search.thing)
        self._searches = {thing: at for thing, at in self._searches.items() if at}
        self._searched = len(own) - len(own) // 2

    def persist(self) -> None:
        """Write what went on unchanged."""
        if self._searched > self._config.searches:
            self._give_up_old()
        for name in sorted(self._stale_containers):
            self._tables.put_container(self._containers[name])
        for thing, place in sorted(self._stale_searches):
            self._tables.put_search(self._searches[thing][place])
        self._stale_containers.clear()
        self._stale_searches.clear()
