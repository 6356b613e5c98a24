"""Custom CSS is a checked subset (reliability F4): what loads, hides, moves or repaints a state is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
import tinycss2
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from branding import css_rules, css_subset
from branding.css_rules import RefusedCss

ALLOWED = {
    ".top { background-color: #123456 }": ".top{background-color:#123456}",
    "h1, .btn { border-radius: 0 }": "h1, .btn{border-radius:0}",
    "a:hover { text-decoration: none }": "a:hover{text-decoration:none}",
    "/* c */ .foot a { color: rgb(1 2 3 / 50%) }": ".foot a{color:rgb(1 2 3 / 50%)}",
    ":root { --r-md: 0; --font: 'Inter', serif }": None,
    "@media (max-width: 36rem) { .btn { padding: 1px } }": "@media (max-width: 36rem){.btn{padding:1px}}",
    "p { font-size: clamp(1rem, 2vw, 2rem) }": "p{font-size:clamp(1rem, 2vw, 2rem)}",
    "p { line-height: 1.6; letter-spacing: -.01em }": "p{line-height:1.6;letter-spacing:-.01em}",
    ".sheet { box-shadow: 0 -1px 4px rgb(0 0 0 / 20%) }": "."
    "sheet{box-shadow:0 -1px 4px rgb(0 0 0 / 20%)}",
    ".btn { border: 2px solid #123456; padding: 0 min(1rem, 12px) }": None,
    ":root { --page: 60rem }": ":root{--page:60rem}",
    "": "",
}
REFUSED = {
    ".top{background-color:url(x)}": "url()",
    ".top{background-color:url('x')}": "url()",
    ".top{background-image:url(x)}": "background-image",
    ".top{background:red}": "background",
    '@import "http://outside.test/x.css";': "@import",
    "@font-face{font-family:x}": "@font-face",
    "@charset 'utf-7';": "@charset",
    "@namespace url(x);": "@namespace",
    "@keyframes x{}": "@keyframes",
    "@media print{@import 'x';}": "@import",
    "@layer x{a{color:red}}": "@layer",
    "a{color:expression(alert(1))}": "expression()",
    "a{color:image-set('x' 1x)}": "image-set()",
    "a{color:attr(href)}": "attr()",
    "a{color:env(x)}": "env()",
    "a{color:re\\64}": "Backslash",
    "a{c\\6flor:red}": "Backslash",
    ".top{position:fixed}": "position",
    ".top{inset:0}": "inset",
    ".top{z-index:9}": "z-index",
    ".top{display:none}": "display",
    ".top{visibility:hidden}": "visibility",
    ".top{opacity:0}": "opacity",
    ".top{transform:none}": "transform",
    ".top{filter:none}": "filter",
    ".top{margin:-99px}": "margin",
    "p{color:transparent}": "transparent",
    "p{font-size:1px}": "1px",
    "p{font-size:clamp(1px, 1vw, 2px)}": "1px",
    "p{font-size:0}": "0",
    "p{font-size:50%}": "50%",
    "p{text-decoration-thickness:99999px}": "99999",
    "p{font-size:min(1rem, 1px)}": "1px",
    "p{font-size:min(1rem, 1vw)}": "1vw",
    "p{font-size:max(1rem, 90vw)}": "90vw",
    "p{font-size:clamp(1rem, 2rem)}": "clamp()",
    "p{font-size:calc(1rem - 15px)}": "calc()",
    "p{font-size:clamp(1rem - 15px, 2vw, 2rem)}": "-",
    "p{font-size:var(--r-sm)}": "var()",
    "p{font-size:1vw}": "1vw",
    "p{font-size:40rem}": "40rem",
    "p{line-height:0}": "0",
    "p{line-height:20%}": "20%",
    "p{letter-spacing:-1em}": "-1em",
    ".foot{box-shadow:0 0 0 2000px #fff}": "2000px",
    ".foot{padding-top:1500px}": "1500px",
    ".foot{border-top:900px solid #fff}": "900px",
    ".top{border-width:100vh}": "100vh",
    "p{text-decoration:underline 500px}": "500px",
    "p{text-underline-offset:-500px}": "-500",
    "p{text-shadow:0 0 99px #fff}": "99px",
    ":root{--page:1px}": "1px",
    ".sheet{max-width:0}": "max-width",
    ".sheet{max-inline-size:0}": "max-inline-size",
    "p{word-spacing:-50em}": "-50",
    "a{color:red!important}": "!important",
    "a::after{content:'x'}": "after",
    "a:has(b){color:red}": "has",
    "*{color:red}": "*",
    "[data-s]{color:red}": "data-s",
    "#now{color:red}": "now",
    ".st{color:red}": "st",
    ".now{color:red}": "now",
    ".ico{color:red}": "ico",
    "span{color:red}": "span",
    "svg{color:red}": "svg",
    "i{color:red}": "i",
    "iframe{color:red}": "iframe",
    ":root{--op-fg:#fff}": "--op-fg",
    ":root{--brand:#fff}": "--brand",
    ":root{--x:url(x)}": "--x",
    "a{font-family:'x;}</style><script>'}": "<",
    "a{font-family:'url(x)'}": "url(x)",
    "</style><script>alert(1)</script>": "<",
    "a{}}": "invalid",
    "}{": "}",
    "a{b{color:red}}": "inside",
    "a": "",
    "a{color:((((((((((((((((1))))))))))))))))}": "deep",
    "-moz-binding{x:y}": "-moz-binding",
    "a{behavior:url(x)}": "behavior",
    "a{color:red" + ";color:red" * 1000 + "}": "8000",
}


def reasons(text: str) -> str:
    with pytest.raises(RefusedCss) as refused:
        css_rules.checked(text)
    return "\n".join(
        problem.sentence % {"what": problem.what} for problem in refused.value.problems
    )


@pytest.mark.parametrize(("text", "written"), ALLOWED.items())
def test_what_is_in_the_subset_is_written_anew(text: str, written: str | None) -> None:
    made = css_rules.checked(text)
    assert written is None or made == written
    assert css_rules.checked(made) == made


@pytest.mark.parametrize(("text", "named"), REFUSED.items())
def test_what_is_not_is_refused_and_named(text: str, named: str) -> None:
    assert named in reasons(text)


def test_every_problem_is_told_with_its_line() -> None:
    with pytest.raises(RefusedCss) as refused:
        css_rules.checked("a { color: red }\n.st { color: red }\n\nb { position: fixed }")
    assert [problem.line for problem in refused.value.problems] == [2, 4, 4]


_PIECES = ["a", ".top", "{", "}", "color", ":", ";", "red", "url(", ")", "'", '"', "\\", "/*", "*/"]
_PIECES += [
    "@media ",
    "@import ",
    "(",
    "<",
    "!important",
    "--font",
    "expression(",
    "\n",
    "#fff",
    ",",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join) | st.text(max_size=60))
def test_whatever_passes_loads_nothing(text: str) -> None:
    try:
        made = css_rules.checked(text)
    except RefusedCss:
        return
    types = {token.type for token in every(tinycss2.parse_component_value_list(made))}
    assert not types & {"url", "error"}
    assert "url(" not in made.lower()
    assert "@import" not in made.lower()
    assert "\\" not in made
    assert "<" not in made


def every(tokens: list[Any]) -> list[Any]:
    found: list[Any] = []
    for token in tokens:
        found.append(token)
        inside = getattr(token, "arguments", None) or getattr(token, "content", None)
        if isinstance(inside, list):
            found += every(inside)
    return found


def test_the_reference_lists_the_subset() -> None:
    said = set(
        re.findall(
            r"`([^`]+)`", (Path(settings.BASE_DIR) / "docs/reference/custom-css.md").read_text()
        )
    )
    classes = {f".{name}" for name in css_subset.CLASSES}
    pseudo = {f":{name}" for name in css_subset.PSEUDO_CLASSES}
    functions = {f"{name}()" for name in css_subset.FUNCTIONS}
    wanted = classes | pseudo | functions | css_subset.ELEMENTS | css_subset.PROPERTIES
    assert wanted | css_subset.TOKENS <= said
