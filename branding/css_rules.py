"""Custom CSS as a checked subset (reliability F4): tokenised, looked at and written anew. Pure.

What comes out is made of tokens that were understood, so a browser reads what was checked. Nothing
in the subset can load a file, cover or hide a part of the page, or repaint a status.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2

from branding import css_sizes
from branding.css_subset import (
    CLASSES,
    ELEMENTS,
    FUNCTIONS,
    MEDIA_WORDS,
    PROPERTIES,
    PSEUDO_CLASSES,
    REFUSED_WORDS,
    TOKENS,
)
from common.wording import gettext_noop

MAX_LENGTH = 8_000  # characters
_MAX_OPEN = 12

_WRONG_SIZE = gettext_noop(
    "“%(what)s” makes this too small or too large, or nobody knows how large."
)
_NAME = re.compile(r"[a-z][a-z0-9-]*", re.IGNORECASE)
_FONT_NAME = re.compile(r"[A-Za-z0-9 _-]{1,60}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line is refused; the English sentence, to be translated, with what fills its places."""

    line: int
    sentence: str
    what: str = ""


class RefusedCss(ValueError):
    """Custom CSS holds what is not in the subset; `problems` in the order of the lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("refused")
        self.problems = tuple(problems)


def checked(text: str) -> str:
    """Return the style sheet written anew.

    Raises:
        RefusedCss: with every line that is not in the subset.
    """
    if not text.strip():
        return ""
    problems = list(_of_the_whole(text))
    if problems:
        raise RefusedCss(problems)
    found: list[Problem] = []
    written = _rules(
        tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), found
    )
    if found:
        raise RefusedCss(sorted(found, key=lambda problem: problem.line))
    return written


def _of_the_whole(text: str) -> Iterator[Problem]:
    """What is refused before anything is parsed."""
    if len(text) > MAX_LENGTH:
        yield Problem(1, gettext_noop("Custom CSS has more than 8000 characters."))
        return
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if "\\" in line:
            yield Problem(number, gettext_noop("Backslashes are not allowed: write what you mean."))
        if "<" in line or "\0" in line:
            yield Problem(number, gettext_noop("The sign < is not allowed."))
        for sign in line:
            depth += (sign in "([{") - (sign in ")]}")
            if depth > _MAX_OPEN:
                yield Problem(number, gettext_noop("Brackets are nested too deep."))
                return


def _rules(nodes: Sequence[Any], found: list[Problem]) -> str:
    written = []
    for node in nodes:
        if node.type == "qualified-rule":
            written.append(_rule(node, found))
        elif node.type == "at-rule" and node.lower_at_keyword == "media" and node.content:
            written.append(_media(node, found))
        elif node.type == "at-rule":
            found.append(
                Problem(
                    node.source_line,
                    gettext_noop("%(what)s is not allowed; of the rules with @ only @media is."),
                    f"@{node.at_keyword}",
                )
            )
        elif node.type == "error":
            found.append(_broken(node))
    return "".join(written)


def _broken(node: Any) -> Problem:
    return Problem(node.source_line, gettext_noop("This cannot be read: %(what)s."), node.kind)


def _media(node: Any, found: list[Problem]) -> str:
    _walk(node.prelude, found, _in_media)
    content = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
    found.extend(
        Problem(
            inner.source_line, gettext_noop("“%(what)s” does not stand in a rule."), _shown(inner)
        )
        for inner in content
        if inner.type in {"at-rule", "declaration"}
    )
    inside = _rules([inner for inner in content if inner.type == "qualified-rule"], found)
    found.extend(_broken(inner) for inner in content if inner.type == "error")
    return f"@media {_serial(node.prelude)}{{{inside}}}"


def _rule(node: Any, found: list[Problem]) -> str:
    _selector(node.prelude, found)
    declarations = []
    for inner in tinycss2.parse_blocks_contents(
        node.content, skip_comments=True, skip_whitespace=True
    ):
        if inner.type == "declaration":
            declarations.append(_declaration(inner, found))
        elif inner.type == "error":
            found.append(_broken(inner))
        else:
            found.append(
                Problem(
                    inner.source_line,
                    gettext_noop("Rules inside of rules are not allowed%(what)s."),
                )
            )
    return f"{_serial(node.prelude)}{{{';'.join(declarations)}}}"


# ---- selectors ---------------------------------------------------------------------------------


def _selector(tokens: Sequence[Any], found: list[Problem]) -> None:
    before = ""
    for token in tokens:
        problem = _in_selector(token, before)
        if problem:
            found.append(Problem(token.source_line, problem, _shown(token)))
        before = token.value if token.type == "literal" else ""
    if not any(token.type == "ident" for token in tokens):
        line = tokens[0].source_line if tokens else 1
        found.append(
            Problem(line, gettext_noop("A rule needs an element or a class to begin with."))
        )


def _in_selector(token: Any, before: str) -> str:
    if token.type in {"whitespace", "comment"}:
        return ""
    if token.type == "literal" and token.value in {".", ":", ",", ">", "+", "~"}:
        # Two colons are a pseudo-element, which could write words on the page.
        return (
            gettext_noop("“%(what)s” is not allowed here.") if token.value == before == ":" else ""
        )
    if token.type == "ident":
        known, sentence = {
            ".": (CLASSES, gettext_noop("The class “%(what)s” is not one that may be styled.")),
            ":": (PSEUDO_CLASSES, gettext_noop("“:%(what)s” is not allowed.")),
        }.get(
            before,
            (ELEMENTS, gettext_noop("The element “%(what)s” is not one that may be styled.")),
        )
        return "" if token.lower_value in known else sentence
    return gettext_noop("“%(what)s” is not allowed in a selector.")


# ---- declarations ------------------------------------------------------------------------------


def _declaration(node: Any, found: list[Problem]) -> str:
    name = node.lower_name
    if node.name.startswith("--"):
        name = node.name
    if name not in (TOKENS if name.startswith("--") else PROPERTIES):
        found.append(
            Problem(node.source_line, gettext_noop("The property “%(what)s” is not allowed."), name)
        )
        return ""
    if node.important:
        found.append(
            Problem(node.source_line, gettext_noop("“!important” is not allowed%(what)s."))
        )
    _walk(node.value, found, _in_value)
    found.extend(
        Problem(token.source_line, _WRONG_SIZE, _shown(token))
        for token in css_sizes.misfits(name, node.value)
    )
    return f"{name}:{_serial(node.value)}"


def _in_value(token: Any) -> str:
    judge = _JUDGES.get(token.type)
    if judge is None:
        return gettext_noop("“%(what)s” is not allowed in a value.")
    sentence, is_allowed = judge
    return "" if is_allowed(token) else sentence


def _is_allowed_word(token: Any) -> bool:
    is_name = _NAME.fullmatch(token.value) or token.value.startswith("--")
    return bool(is_name and token.lower_value not in REFUSED_WORDS)


def _is_usual(token: Any) -> bool:
    return bool(-24 <= token.value <= 2_000)


_JUDGES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "function": (
        gettext_noop("The function “%(what)s” is not allowed."),
        lambda token: token.lower_name in FUNCTIONS,
    ),
    "ident": (gettext_noop("The word “%(what)s” is not allowed."), _is_allowed_word),
    "string": (
        gettext_noop("The text “%(what)s” is not allowed."),
        lambda token: _FONT_NAME.fullmatch(token.value) is not None,
    ),
    "literal": (
        gettext_noop("“%(what)s” is not allowed here."),
        lambda token: token.value in {",", "/", "+", "-", "*"},
    ),
    **dict.fromkeys(
        ("number", "percentage", "dimension"),
        (gettext_noop("The number %(what)s is too far from usual."), _is_usual),
    ),
    **dict.fromkeys(("hash", "() block", "whitespace", "comment"), ("", lambda _token: True)),
}


def _in_media(token: Any) -> str:
    if token.type == "ident":
        return (
            ""
            if token.lower_value in MEDIA_WORDS
            else gettext_noop("“%(what)s” is not allowed here.")
        )
    if token.type == "literal":
        return "" if token.value in ":,<>=" else gettext_noop("“%(what)s” is not allowed here.")
    if token.type in {"() block", "whitespace", "comment", "dimension", "number"}:
        return ""
    return gettext_noop("“%(what)s” is not allowed here.")


# ---- tokens ------------------------------------------------------------------------------------


def _walk(tokens: Sequence[Any], found: list[Problem], judge: Callable[[Any], str]) -> None:
    for token in tokens:
        if problem := judge(token):
            found.append(Problem(token.source_line, problem, _shown(token)))
            continue
        inside = getattr(token, "arguments", None) or getattr(token, "content", None)
        if isinstance(inside, list):
            _walk(inside, found, judge)


def _shown(token: Any) -> str:
    if token.type == "function":
        return f"{token.name}()"
    if token.type == "url":
        return "url()"
    if token.type == "at-rule":
        return f"@{token.at_keyword}"
    if token.type == "declaration":
        return str(token.name)
    value = getattr(token, "value", None)
    text = value if isinstance(value, str) else token.serialize()
    return " ".join(str(text).split())[:40]


def _serial(tokens: Sequence[Any]) -> str:
    kept = [token for token in tokens if token.type != "comment"]
    return " ".join(str(tinycss2.serialize(kept)).split())
