"""The texts in what programs nest, and an end to how deep they may."""

import json

import pytest

from common import nested_values
from common.nested_values import TooDeep


def test_every_text_is_found_the_names_too() -> None:
    value = {"a": ["b", {"c": None, "d": ["e", 1, True]}], "f": 2.5}

    assert sorted(nested_values.texts(value)) == ["a", "b", "c", "d", "e", "f"]
    assert list(nested_values.texts("alone")) == ["alone"]


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}")])
def test_the_depth_has_an_end_and_needs_no_stack(before: str, after: str) -> None:
    def nested(levels: int) -> object:
        return json.loads(before * levels + "1" + after * levels)

    assert set(nested_values.texts(nested(32))) <= {"a"}
    for levels in (33, 850):
        with pytest.raises(TooDeep, match="more than 32 levels"):
            list(nested_values.texts(nested(levels)))
    with pytest.raises(TooDeep):
        list(nested_values.texts([[1]], deepest=1))
