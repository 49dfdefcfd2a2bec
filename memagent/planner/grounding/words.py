# SPDX-License-Identifier: Apache-2.0
"""Words of English: how a text falls into them, and which forms are of the same word."""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|[.,;:!?&]")
_IRREGULAR = {
    "knives": "knife", "loaves": "loaf", "halves": "half", "leaves": "leaf", "shelves": "shelf",
    "potatoes": "potato", "tomatoes": "tomato", "dishes": "dish", "keys": "key", "feet": "foot",
    "glasses": "glass", "boxes": "box", "couches": "couch", "sofas": "sofa", "dice": "dice",
    "vases": "vase", "cases": "case", "houses": "house", "nurses": "nurse", "roses": "rose",
    "mattresses": "mattress", "clothes": "clothes", "veggies": "veggie",
    "movies": "movie", "pies": "pie", "cookies": "cookie", "ties": "tie", "buses": "bus",
}  # fmt: skip
_SINGULAR = frozenset(
    {
        "gas",
        "glass",
        "dress",
        "mattress",
        "business",
        "canvas",
        "chess",
        "us",
        "this",
        "is",
        "news",
        "compass",
        "tennis",
        "its",
        "has",
        "was",
        "as",
        "always",
        "towards",
        "upwards",
        "across",
        "process",
        "access",
        "address",
        "recess",
        "princess",
        "atlas",
        "bus",
        "plus",
        "famous",
        "cross",
        "press",
        "less",
        "unless",
        "besides",
        "perhaps",
        "sometimes",
        "afterwards",
        "cordless",
        "wireless",
        "various",
        "dangerous",
        "delicious",
        "spacious",
        "series",
        "iris",
        "ours",
        "yours",
        "hers",
        "porous",
    }
)  # fmt: skip
"""They only look like plurals."""


def tokens(text: str) -> list[str]:
    """Lower-case words and marks of punctuation; "day's" is "day"."""
    plain = text.lower().replace("’", "'").replace("‘", "'").replace("´", "'")
    found = _TOKEN.findall(plain)
    return [re.sub(r"'s$", "", t) if t not in _KEPT else t for t in found]


_KEPT = frozenset({"it's", "that's", "there's", "let's", "what's", "where's", "he's", "she's"})


def is_plural(word: str) -> bool:
    return singular(word) != word


@cache
def singular(word: str) -> str:
    """The singular of a noun; other words as they are, as far as a rule can know."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word in _SINGULAR or not word.endswith("s"):
        return {"cds": "cd", "tvs": "tv", "pcs": "pc"}.get(word, word)
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith(("ss", "us", "is")):
        return word
    return word[:-1]


@cache
def stem(word: str) -> str:
    """What forms of one word share: "watering", "watered" and "waters" are "water"."""
    word = singular(word)
    for ending, least in (("ing", 3), ("ed", 3), ("ly", 3), ("er", 4), ("able", 4)):
        root = word.removesuffix(ending)
        if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
            root = root[:-1]
        if root != word and len(root) >= least and re.search("[aeiouy]", root):
            return root.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word


def inflections(verb: str) -> tuple[str, ...]:
    """The regular forms of a verb."""
    if verb.endswith("e"):
        return (verb, verb + "s", verb + "d", verb[:-1] + "ing")
    if verb.endswith("y") and verb[-2:-1] not in "aeou":
        return (verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing")
    ending = "es" if verb.endswith(("s", "x", "ch", "sh", "z")) else "s"
    double = verb + verb[-1]
    forms = [verb, verb + ending, verb + "ed", verb + "ing"]
    if re.search("[^aeiou][aeiou][bdgmnprt]$", verb):
        forms += [double + "ed", double + "ing"]
    return tuple(forms)
