"""The choice of hundreds against Django's own."""

import pytest
from django import forms

from common.long_select import LongSelect


@pytest.mark.parametrize("chosen", ["", "Europe/Paris", "a<b"])
@pytest.mark.parametrize("attrs", [{"id": "id_zone"}, {"id": "id_zone", "autofocus": True}])
def test_it_draws_what_django_draws(chosen: str, attrs: dict[str, str | bool]) -> None:
    choices = [("Europe/Paris", "Europe/Paris"), ("a<b", "A & B"), (3, "three")]
    drawn = [
        kind(choices=choices, attrs={"class": "wide"}).render("zone", chosen, attrs)
        for kind in (forms.Select, LongSelect)
    ]

    assert drawn[1].split() == drawn[0].split()
    assert drawn[1].count(" selected") == bool(chosen)
