"""Fields with brackets: what clients of Statuspage's APIs send, and what nobody can mean."""

import pytest

from common import nested_forms
from common.nested_forms import FormMalformed


@pytest.mark.parametrize(
    ("pairs", "meant"),
    [
        ([], {}),
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2")], {"a": "2"}),
        ([("i[name]", "Down"), ("i[body]", "")], {"i": {"name": "Down", "body": ""}}),
        ([("i[c][]", "x"), ("i[c][]", "y")], {"i": {"c": ["x", "y"]}}),
        ([("i[c][x1]", "major_outage")], {"i": {"c": {"x1": "major_outage"}}}),
        ([("i[m][a][b]", "1")], {"i": {"m": {"a": {"b": "1"}}}}),
        ([("c[]", "x")], {"c": ["x"]}),
    ],
)
def test_brackets_say_where_a_value_belongs(
    pairs: list[tuple[str, str]], meant: dict[str, object]
) -> None:
    assert nested_forms.nested(pairs) == meant


@pytest.mark.parametrize(
    "names",
    [
        [""],
        ["[a]"],
        ["a[b"],
        ["a]b"],
        ["a[b]c"],
        ["a[][b]"],
        ["a[b][c][d][e][f]"],
        ["a", "a[b]"],
        ["a[b]", "a[]"],
        ["a[]", "a[b]"],
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(names: list[str]) -> None:
    with pytest.raises(FormMalformed, match="“"):
        nested_forms.nested([(name, "1") for name in names])
