# SPDX-License-Identifier: Apache-2.0
"""Things that are carried in or on another thing: "a cup with a fork in it"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memagent.planner.grounding.mentions import Event, Mention, Place
from memagent.planner.grounding.senses import Senses

_TOOLS = frozenset({"Knife", "ButterKnife"})
_BARELY = 0.1
"""With something in it, even a vague description is of a carrier."""

Load = tuple[Mention | None, Mention | None]
"""The carrier, if there is one, and what is moved."""


def load(
    target: Mention | None, event: Event, place: Place, others: Sequence[Event], senses: Senses
) -> Load:
    """What is moved in what, by the event that says where to and by the others."""
    if target is not None and target.content and senses.is_carrier(target, _BARELY):
        return target, foremost(target.content, senses)
    if target is not None and target.content:
        told = tuple(word for part in target.content for word in part.told)
        target = replace(target, tail=(*target.tail, *told))  # "a bottle with a pump"
    for inner in event.places:
        on_the_way = inner is not place and inner.preposition in ("into", "onto")
        if on_the_way and senses.is_carrier(inner.mention):
            return inner.mention, target
    if target is not None:
        packed = _packed(target, others, senses)
        if packed is not None:
            return target, packed
        carrier = _carrier_before(target, others, senses)
        if carrier is not None:
            return carrier, target
        if "of" in target.words:
            return _filled(target, senses)
    if place.mention.content and senses.is_carrier(place.mention):
        return place.mention, target
    return None, target


def foremost(mentions: Sequence[Mention], senses: Senses) -> Mention:
    """The one that a task is about; a knife beside something else is a tool."""
    cut = [m for m in mentions if "slice" in m.states]
    rest = [m for m in mentions if not any(c.kind in _TOOLS for c in senses.things(m)[:1])]
    return (cut or rest or mentions)[0]


def _packed(target: Mention, events: Sequence[Event], senses: Senses) -> Mention | None:
    """What was put into ``target`` before: "put a fork in a cup and put the cup ..."."""
    if not senses.is_carrier(target):
        return None
    kinds = {c.kind for c in senses.carriers(target) if c.named}
    for event in events:
        if not event.objects:
            continue
        first = event.objects[0]
        itself = any(c.kind in kinds for c in senses.things(first)[:1])
        for place in event.places:
            here = any(c.kind in kinds for c in senses.carriers(place.mention)[:1])
            if here and place.preposition != "near" and not itself:
                return first
        if first.content and any(c.kind in kinds for c in senses.carriers(first)):
            return first.content[0]
    return None


def _carrier_before(target: Mention, events: Sequence[Event], senses: Senses) -> Mention | None:
    """What ``target`` was put into: "put a fork in a cup and put it on the table"."""
    for event in events:
        if event.action not in ("put", None) or target not in event.objects:
            continue
        for place in event.places:
            carrier = senses.is_carrier(place.mention) and not senses.is_furniture(place.mention)
            if place.preposition == "into" and carrier:
                return place.mention
    return None


def _filled(target: Mention, senses: Senses) -> Load:
    """A "plate of bread" is bread in a plate; a "box of tissues" is one thing."""
    of = target.words.index("of")
    outer = Mention(target.words[:of], max(0, of - 1), states=target.states)
    inner = replace(target, words=target.words[of + 1 :], head=max(0, len(target.words) - of - 2))
    if not inner.words or not outer.words or senses.lexicon.own_name(target.words):
        return None, target
    if any(c.own for c in senses.carriers(outer)[:1]) and any(
        c.named for c in senses.things(inner)
    ):
        return outer, inner
    return None, target
