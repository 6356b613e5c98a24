"""Bodies of the management API that nobody can mean."""

import pytest

from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("levels", [33, 450, 850])
@pytest.mark.parametrize("kind", ["lists", "objects"])
def test_a_body_nested_beyond_sense_is_refused(levels: int, kind: str) -> None:
    value: object = 1
    for _ in range(levels):
        value = [value] if kind == "lists" else {"a": value}

    answer = Caller().post("/incidents", {"title": "x", "text": value})

    assert answer.status_code == 422
    assert "is nested more than 32 levels deep" in answer.content.decode()
