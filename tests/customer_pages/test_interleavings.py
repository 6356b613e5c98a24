"""Customers and visitors at once through a shared cache: every answer has its own mark only (B4).

`HYPOTHESIS_PROFILE=thorough` sends 10,000 requests.
"""

import random

import hypothesis
import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from components.models import Page
from tests import build
from tests.customer_pages import people
from tests.customer_pages.caching import SharedCache

pytestmark = pytest.mark.django_db
MARKS = {"acme": b"ACMEONLY", "beta": b"BETAONLY", "gone": b"GONEONLY"}
PATHS = (
    *("access", "sign-in") * 6,
    "badge/color",
    *(
        "",
        "live",
        "status.json",
        "api/v2/summary.json",
        "history",
        "nothing",
        "read/x/history.atom",
    ),
)
# What browsers send besides, and what programs of a proxy's owner may vary by.
NOISE: tuple[dict[str, str], ...] = (
    {},
    {"accept-encoding": "gzip"},
    {"x-forwarded-for": "192.0.2.1"},
    {"accept": "image/*"},
)
UNRELATED = ("theme", "_ga", "consent")


class Crowd:
    """People with browsers: customers of two pages, visitors, and one who lost access."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        for name, mark in MARKS.items():
            component = build.component(name=f"{mark.decode()} cluster", slug=name)
            page = people.customer_page(name, [f"{name}.example"], components=[component])
            page.name = mark.decode()
            page.save(update_fields=["name"])
            self.pages[name] = page
        self.members = [
            (people.signed_in(page, f"a@{name}.example"), name) for name, page in self.pages.items()
        ]
        people.list_only(self.pages["gone"], "other.example")
        self.members[2] = (self.members[2][0], "")
        self.members += [(Client(), ""), (Client(), "")]


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.mark.req("R9", "R11")
def test_through_a_shared_cache_nobody_gets_what_is_not_theirs(
    crowd: Crowd, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.keep_the_world(settings, monkeypatch)
    draw = random.Random(20261121)
    cache = SharedCache()
    own = 0
    examples = hypothesis.settings().max_examples
    count = examples * 10 if examples > 100 else 300
    for _request in range(count):
        client, name = draw.choice(crowd.members)
        where = draw.choice(list(crowd.pages))
        client.cookies[draw.choice(UNRELATED)] = draw.choice(("1", "dark", "light"))
        path = f"{people.base(crowd.pages[where])}/{draw.choice(PATHS)}"
        _status, body = cache.get(client, path, draw.choice(NOISE))
        seen = {each for each, mark in MARKS.items() if mark in body}
        assert seen <= ({name} if name == where else set()), (name, path)
        own += bool(seen)
    assert own > count / 20
    assert cache.hits == 0


def test_the_cache_would_give_away_what_forgets_its_headers() -> None:
    """The tool itself: without the headers the same crowd gets each other's answers."""
    cache = SharedCache()
    answers = iter(
        HttpResponse(text, headers=headers)
        for text, headers in (
            ("mine", {}),
            ("never asked for", {}),
            ("private", {"Cache-Control": "private"}),
            ("fresh", {}),
        )
    )

    class Careless(Client):
        def get(self, *_: object, **__: object) -> HttpResponse:  # type: ignore[override]
            return next(answers)

    assert cache.get(Careless(), "/a", {})[1] == cache.get(Client(), "/a", {})[1] == b"mine"
    cache.get(Careless(), "/b", {})
    assert cache.hits == 1
    assert cache.get(Careless(), "/c", {})[1] == b"private"
    assert cache.get(Careless(), "/c", {})[1] == b"fresh"
