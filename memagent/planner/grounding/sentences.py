# SPDX-License-Identifier: Apache-2.0
"""The structure of an instruction: verbs with their nouns and places, by the grammar alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

from lark import Lark, Token, Transformer, UnexpectedInput

from memagent.errors import InstructionError
from memagent.planner.grounding.vocabulary import EXAMPLE

_VERBS = (
    *("put", "place", "move", "bring", "carry", "store", "set", "return", "deliver", "drop"),
    *("take", "get", "fetch", "grab", "pick", "lift", "go", "drive", "navigate", "open"),
    *("close", "shut", "find", "locate", "look", "search", "check"),
)


Verb = Literal["put", "take", "go", "open", "close", "find", "look", "more"]


@dataclass(frozen=True)
class _Noun:
    phrase: str
    source: str = ""
    """From a relative clause: "[everything] that is on the counter"."""


@dataclass(frozen=True)
class Where:
    preposition: str
    """IN, ON, TO, AT, FROM or NEAR."""
    word: str
    """As it was said: "into"."""
    phrase: str


@dataclass(frozen=True)
class Command:
    """One verb with all that belongs to it."""

    verb: Verb
    nouns: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Places from relative clauses."""
    wheres: tuple[Where, ...] = ()
    after: bool = False
    """True where it was said to come after the one before."""


class _Structure(Transformer):  # type: ignore[type-arg]
    """Turns the parse tree into commands."""

    def phrase(self, words: list[Token]) -> str:
        return " ".join(words)

    def relative(self, parts: list[Any]) -> str:
        return str(parts[-1])

    def noun(self, parts: list[str]) -> _Noun:
        return _Noun(*parts)

    def where(self, parts: list[Any]) -> Where:
        preposition, phrase = parts
        return Where(preposition.type, " ".join(preposition.split()), phrase)

    def start(self, parts: list[Command]) -> tuple[Command, ...]:
        done: list[Command] = []
        for command in parts:
            if command.verb != "more":
                done.append(command)
            elif done[-1].wheres:  # "... the apple on the desk and [the banana on the shelf]"
                done.append(replace(command, verb=done[-1].verb))
            else:  # "... the apple and [the banana in the fridge]"
                done[-1] = replace(
                    done[-1],
                    nouns=done[-1].nouns + command.nouns,
                    sources=done[-1].sources + command.sources,
                    wheres=command.wheres,
                )
        return tuple(done)

    def next(self, parts: list[Command]) -> Command:
        return parts[0]

    def then(self, parts: list[Command]) -> Command:
        return replace(parts[0], after=True)

    def __default__(self, data: Any, children: list[Any], meta: Any) -> Command:
        """A command: the rule's name is its verb, or "more" where it has none of its own."""
        nouns = [c for c in children if isinstance(c, _Noun)]
        wheres = [c for c in children if isinstance(c, Where)]
        wheres += [Where("AT", "at", c) for c in children if type(c) is str]
        return Command(
            str(data),  # type: ignore[arg-type]
            tuple(n.phrase for n in nouns),
            tuple(n.source for n in nouns if n.source),
            tuple(wheres),
        )


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual")


def commands(text: str) -> tuple[Command, ...]:
    """The commands of ``text``, in order.

    Raises:
        InstructionError: the text has no such structure; says from where on.
    """
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise InstructionError(_explain(text, error)) from error
    found: tuple[Command, ...] = _Structure().transform(tree)
    return found


def _explain(text: str, error: UnexpectedInput) -> str:
    at = getattr(error, "pos_in_stream", None)
    rest = text[at:].strip() if isinstance(at, int) and 0 <= at < len(text) else ""
    token = getattr(error, "token", None)
    if not rest or (token is not None and token.type == "$END"):
        return f'"{text}" seems to break off at its end; {EXAMPLE}'
    word = rest.split()[0]
    if text.startswith(rest):
        close = get_close_matches(word, _VERBS, n=2, cutoff=0.6)
        hint = (
            "did you mean " + " or ".join(f'"{c}"' for c in close) + "?"
            if close
            else ("it should begin with a verb such as put, bring, open, go to, pick up or find")
        )
        return f'"{word}" is nothing that can be done; {hint} ({EXAMPLE})'
    return f'"{text}" is not understood from "{rest}" on; {EXAMPLE}'
