"""The main job end to end: describe what to watch, see it die, be told, see it recover."""

import os
import secrets
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import psycopg
import pytest

from tests.stories.world import Mailbox, NameServer, Product, Tcp, Web, running, wait_for

pytestmark = pytest.mark.story

INTERVAL_S, RETRIES, DEAD_AFTER_S = 2, 1, 1
# interval × (retries + 1) + timeout + 2 s, as the issue promises
IN_TIME_S = INTERVAL_S * (RETRIES + 1) + DEAD_AFTER_S + 2


def description(web: Web, tcp: Tcp, names: NameServer) -> str:
    def node(slug: str, url: str) -> str:
        return f"""
          - name: {slug}
            slug: {slug}
            mode: poll
            interval_s: {INTERVAL_S}
            retries: {RETRIES}
            dead_after_s: {DEAD_AFTER_S}
            sick_after_s: 0.5
            replicas: ["{url}"]"""

    return f"""
page: {{name: Acme, time_zone: Europe/Paris}}
groups:
  - name: Websites
    components:
      - name: Landing page
        slug: landing-page
        nodes:{node("web", web.url)}
      - name: Mail
        slug: mail
        nodes:{node("smtp", tcp.url)}
      - name: Names
        slug: names
        nodes:{node("dns", names.url)}
alerts:
  email: {{to: [ops@example.com]}}
"""


def text_of(mail: Message) -> str:
    """The plain-text part of a mail."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Where the product keeps its data: nothing to say for SQLite, or a database of its own."""
    if "DATABASE_URL" not in os.environ:
        yield {}
        return
    server, name = os.environ["DATABASE_URL"], f"story_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield {
            "DATABASE_URL": server.rsplit("/", 1)[0] + f"/{name}",
            "BROKER_URL": os.environ["BROKER_URL"].rsplit("/", 1)[0] + "/9",
        }
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def statuses(product: Product) -> list[str]:
    """What the page says of each component, in its order."""
    groups = product.json("/status.json").get("groups", [])
    return [one["status"] for group in groups for one in group["components"]]


def tell_the_story(folder: Path, stores: dict[str, str]) -> None:
    web, tcp, names, mailbox = Web(), Tcp(), NameServer(), Mailbox()
    product = Product(folder, {**stores, "EMAIL_URL": mailbox.url})
    with running(web, tcp, names, mailbox, product):
        empty = product.get("/")
        assert empty.status_code == 200
        assert "not set up yet" in empty.text

        file = folder / "acme.yaml"
        file.write_text(description(web, tcp, names), encoding="utf-8")
        applied = product.manage("apply", str(file))
        assert applied.returncode == 0, applied.stdout + applied.stderr
        wait_for(lambda: "Landing page" in product.get("/").text, 3, product.log)
        wait_for(lambda: product.get("/").text.count("Operational") >= 3, IN_TIME_S, product.log)
        assert "All systems operational" in product.get("/").text
        assert product.health() == "healthy"
        assert mailbox.mails == []

        web.stop()
        wait_for(lambda: product.health() == "dead", IN_TIME_S, product.log)
        page = product.get("/").text
        assert "Major outage" in page
        assert "Landing page" in page
        landing = product.json("/status/report")["components"][0]
        assert (landing["slug"], landing["health"]) == ("landing-page", "dead")
        assert landing["nodes"][0]["replicas"] == [{"label": "1", "health": "dead"}]
        said = product.json("/status.json")
        assert (said["status"], said["groups"][0]["components"][0]["status"]) == (
            "major_outage",
        ) * 2
        wait_for(lambda: len(mailbox.mails) == 1, 3, product.log)
        mail = mailbox.mails[0]
        assert mail["To"] == "ops@example.com"
        assert mail["Subject"] == "Landing page / web, replica 1 is dead"
        text = text_of(mail)
        assert web.url in text
        assert "refused" in text.lower()
        assert "connect" in text
        assert "Visitors see: Major outage" in text

        web.start()
        wait_for(lambda: product.health() == "healthy", IN_TIME_S, product.log)
        wait_for(lambda: len(mailbox.mails) == 2, 3, product.log)
        assert mailbox.subjects[1] == "Landing page / web, replica 1 has recovered"
        assert "All systems operational" in product.get("/").text

        tcp.stop()
        names.is_failing = True
        wait_for(lambda: statuses(product).count("major_outage") == 2, IN_TIME_S, product.log)
        wait_for(lambda: len(mailbox.subjects) > 2, 3, product.log)
        tcp.start()
        names.is_failing = False
        wait_for(lambda: product.health() == "healthy", IN_TIME_S, product.log)

        web.delay_s = 0.7
        wait_for(lambda: product.health() == "sick", IN_TIME_S, product.log)
        assert "Degraded performance" in product.get("/").text

        assert product.interrupt() <= 5


@pytest.mark.req("C0", "C1", "C5", "F1", "F3", "F7", "B4", "A10")
def test_a_target_dies_and_recovers_and_the_page_and_the_operator_hear_of_it(
    tmp_path: Path,
) -> None:
    tell_the_story(tmp_path, {})


@pytest.mark.postgres
@pytest.mark.req("C0", "C1", "F1", "F3", "F7")
def test_the_same_story_on_postgresql_and_redis(tmp_path: Path, stores: dict[str, str]) -> None:
    tell_the_story(tmp_path, stores)
