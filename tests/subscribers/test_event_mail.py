"""The mail of an event as it leaves: nothing that people wrote gets into its envelope or its headers."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from components.models import Page
from components.page_addresses import PageAddress
from notifications import delivering
from subscribers import content, fanout, links
from subscribers.content import Content
from subscribers.models import Broadcast, Subscriber
from tests import build
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db
NASTY = (
    "a\r\nBcc: x@evil.example",
    "a\n\nFirst line of another body",
    "a\u2028Bcc: x@evil.example",
    "\u202egnp.exe \u2066turned\u2069",
    "=?utf-8?q?Bcc=3A_x=40evil=2Eexample?=",
    "{candor:leave_url}",
    "x" * 5_000,
)


@pytest.fixture
def sink(settings: Settings) -> Iterator[sinks.Sink]:
    with sinks.sink() as kept:
        post.use_smtp(settings, kept.port)
        yield kept


def _stored(said: str, *, now: datetime) -> None:
    """An event as a row that came by another way (an import, an older version) could hold it."""
    row = Broadcast.objects.latest("id")
    row.content = {**row.content, "title": said, "page_name": said, "subject": said}
    row.save(update_fields=["content"])
    fanout.expand(now=now)
    delivering.drain(now=now)


@pytest.mark.req("D3", "D8")
@pytest.mark.parametrize("said", NASTY)
def test_nasty_titles_and_page_names_make_one_mail_with_sound_headers(
    said: str, now: datetime, sink: sinks.Sink
) -> None:
    readers = [build.subscriber(), build.subscriber()]
    build.incident(now=now)
    _stored(said, now=now)

    assert sorted(sink.addresses) == sorted(row.address for row in readers)
    for received in sink.received:
        mail = received.mail
        assert len(received.recipients) == 1
        assert not mail.defects
        assert mail["To"] == received.recipients[0]
        assert mail["Bcc"] is None
        assert mail["From"] == configured.DEFAULT_FROM_EMAIL
        assert not re.search("[\r\n\u2028\u202a-\u202e\u2066-\u2069]", mail["Subject"])
        assert [part.get_content_type() for part in mail.iter_parts()] == [
            "text/plain",
            "text/html",
        ]
        assert max(map(len, received.data.split(b"\r\n"))) < 998
        assert "List-Unsubscribe" in mail


@pytest.mark.req("D2")
def test_a_link_that_is_nearly_somebody_s_ends_nothing() -> None:
    rows = [build.subscriber() for _number in range(3)]
    for row in rows:
        row.unsubscribe_digest = links.digest(links.leave_token(row.pk))
        row.save(update_fields=["unsubscribe_digest"])
    own = links.leave_token(rows[1].pk)
    others = {links.leave_token(rows[1].pk + step) for step in (-1, 1)}
    assert len({own, *others}) == 3
    last = "A" if own[-1] != "A" else "B"
    for token in (f"{own[:-1]}{last}", own.swapcase(), f"{rows[1].pk:032d}"):
        Client().post(f"/subscriptions/leave/{token}")
    Client().post(f"/subscriptions/leave/{own}")
    left = [row.pk for row in rows if not Subscriber.objects.get(pk=row.pk).is_active]
    assert left == [rows[1].pk]


@pytest.mark.req("D1")
@pytest.mark.parametrize(
    "agent",
    [
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; BingPreview/1.0b)",
        "facebookexternalhit/1.1",
    ],
)
def test_what_looks_at_the_links_of_a_mail_ends_nothing(agent: str) -> None:
    row = build.subscriber()
    token = links.leave_token(row.pk)
    row.unsubscribe_digest = links.digest(token)
    row.save(update_fields=["unsubscribe_digest"])
    for path in (
        links.leave_url(token, PageAddress(configured.CANDOR_ORIGIN)),
        links.manage_url(token, PageAddress(configured.CANDOR_ORIGIN)),
    ):
        for _time in range(2):
            Client().get(path, headers={"User-Agent": agent})
            Client().head(path, headers={"User-Agent": agent})
    assert Subscriber.objects.get().is_active


def test_the_mail_has_a_dark_dress_for_every_status_that_it_shows(now: datetime) -> None:
    Page.objects.update(name="Acme")
    build.incident(components={build.component(): None}, now=now)
    html = content.as_mail(Content.from_json(Broadcast.objects.get().content)).html

    dark = html.partition("@media (prefers-color-scheme: dark)")[2].partition("</style>")[0]
    shown = set(re.findall(r'class="([a-z]{2})" style="[^"]*background', html))
    assert shown
    for name in (*shown, "bg", "card", "ink", "btn"):
        assert re.search(rf"\.{name} {{ [^}}]*!important", dark), name
    assert '<meta name="color-scheme" content="light dark">' in html
