"""From a new installation to an https page at a name of one's own: Candor, Caddy and a DNS on loopback."""

import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests import nameserver
from tests.caddy import Caddy
from tests.nameserver import NameServer
from tests.stories.world import Product, wait_for

pytestmark = pytest.mark.story

MAIN, OWN = "status.ours.test", "status.acme.test"
CERTIFIED_WITHIN_S = 120  # requirement T4
# `STRANGERS=10000 bin/test tests/stories/test_own_domain.py` is the measure of reliability A9.
STRANGERS = int(os.environ.get("STRANGERS", "150"))

SET_UP = """
from django.core.management import call_command
from accounts.models import User
call_command("apply", "-")
User.objects.create_user("ada", password="correct horse battery", is_staff=True, role="owner")
"""
DESCRIPTION = """
page: {name: Acme, slug: status}
groups:
  - name: Websites
    components:
      - {name: Landing page, slug: landing-page}
pages:
  - {name: Acme EU, slug: eu, groups: [Websites]}
"""


class Operator:
    """Somebody at the console of the main host, over the proxy, with forms and without JavaScript."""

    def __init__(self, client: httpx.Client, caddy: Caddy) -> None:
        self._client = client
        self._origin = f"https://{MAIN}:{caddy.port}"

    def get(self, path: str) -> str:
        answer = self._client.get(path, extensions={"sni_hostname": MAIN})
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.text

    def post(self, form: str, path: str = "", **fields: str) -> str:
        """Send the form of a screen; where it leads."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(form))
        assert token is not None
        answer = self._client.post(
            path or form,
            data={"csrfmiddlewaretoken": token[1], **fields},
            headers={"Origin": self._origin},
            extensions={"sni_hostname": MAIN},
        )
        assert answer.status_code == 302, (form, answer.status_code, answer.text[:2000])
        return answer.headers["Location"]


@pytest.fixture
def dns_servers() -> Iterator[list[NameServer]]:
    """The authority of all zones, and two resolvers that see what it has."""
    zone = nameserver.zone_of("acme.test", {})
    zone |= nameserver.zone_of("ours.test", {(MAIN, "A"): ["127.0.0.1"]})
    with (
        nameserver.serving(zone) as authority,
        nameserver.serving(zone) as one,
        nameserver.serving(zone) as two,
    ):
        yield [authority, one, two]


@pytest.mark.req("T1", "T2", "T3", "T4", "T5", "A2", "A9")
def test_a_page_gets_a_name_of_its_own_with_its_certificate(
    tmp_path: Path, prepared: Path, dns_servers: list[NameServer]
) -> None:
    authority, *resolvers = dns_servers
    shutil.copytree(prepared, tmp_path / "data")
    product = Product(
        tmp_path / "data",
        {
            "TRUSTED_PROXY_HOPS": "1",
            "CANDOR_DNS_RESOLVERS": " ".join(f"127.0.0.1:{one.port}" for one in resolvers),
            "CANDOR_DNS_PORT": str(authority.port),
        },
    )
    caddy = Caddy(product.port)
    product.environment |= {
        "CANDOR_ORIGIN": f"https://{MAIN}:{caddy.port}",
        "CANDOR_PROXY_TLS": f"127.0.0.1:{caddy.port}",
    }
    try:
        product.start()
        caddy.start()
        tell(product, caddy, authority)
    finally:
        caddy.stop()
        product.stop()


def tell(product: Product, caddy: Caddy, authority: NameServer) -> None:
    product.shell(SET_UP, text=DESCRIPTION)
    wait_for(lambda: page_of(caddy.get(MAIN, "/s/eu/")) == "Acme EU", 60, product.log)
    assert page_of(caddy.get(MAIN)) == "Acme"
    assert caddy.get(OWN) is None, "a name that nobody has entered gets no certificate"

    with caddy.client(MAIN) as client:
        add_the_name(Operator(client, caddy), product, caddy, authority)
    no_certificate_for_strangers(product, caddy)
    known_names_go_on(product, caddy)


def add_the_name(ada: Operator, product: Product, caddy: Caddy, authority: NameServer) -> None:
    ada.post("/admin/login/", username="ada", password="correct horse battery")
    option = re.search(r'<option value="(\d+)"[^>]*>Acme EU<', ada.get("/admin/domains/add/"))
    assert option is not None
    screen = ada.post("/admin/domains/add/", page=option[1], name=OWN.upper())
    ada.post(screen, f"{screen}verify/")
    assert ada.get(screen).count("There is no such record yet") == 2
    assert caddy.get(OWN) is None, "nor one that is not verified"

    challenge = re.search(r"candor-[0-9a-f]{40}", ada.get(screen))
    assert challenge is not None
    authority.zone[OWN, "CNAME"] = [f"{MAIN}."]
    authority.zone[f"_status-verify.{OWN}", "TXT"] = [f'"{challenge[0]}"']
    ada.post(screen, f"{screen}verify/")
    began = time.monotonic()
    # Nobody visits the name before its certificate is there: Candor itself makes the proxy get it.
    wait_for(lambda: OWN in caddy.issued(), CERTIFIED_WITHIN_S, product.log)
    wait_for(lambda: page_of(caddy.get(OWN)) == "Acme EU", CERTIFIED_WITHIN_S, product.log)
    assert time.monotonic() - began < CERTIFIED_WITHIN_S
    wait_for(lambda: "Active until" in ada.get(screen), CERTIFIED_WITHIN_S, product.log)

    console = caddy.get(OWN, "/admin/login/")
    assert console is not None
    assert console.status_code == 404
    assert page_of(caddy.get(MAIN, "/s/eu/")) == "Acme EU", "the default address goes on"
    asked = caddy.get(OWN, f"/.well-known/candor/ask?domain={OWN}")
    assert asked is not None
    assert asked.status_code == 404


def no_certificate_for_strangers(product: Product, caddy: Caddy) -> None:
    """Whatever names strangers make up, none is issued, and the page is there for the others."""
    before = caddy.issued()
    assert before == {MAIN, OWN}
    for number in range(STRANGERS):
        assert not caddy.shake_hands(f"x{number}.{OWN}")
    assert caddy.issued() == before
    assert page_of(caddy.get(OWN)) == "Acme EU"
    assert "x1." not in product.log(), "refusals are counted, not told one by one"


def known_names_go_on(product: Product, caddy: Caddy) -> None:
    """With the database gone, and after a restart of the proxy, names keep page and certificate."""
    with closing(sqlite3.connect(product.folder / "candor.sqlite3", timeout=20)) as database:
        database.execute("BEGIN EXCLUSIVE")  # as good as gone: nobody can read or write it
        caddy.halt()
        caddy.start()
        assert page_of(caddy.get(OWN)) == "Acme EU"
        assert not caddy.shake_hands(f"new.{OWN}")
        database.rollback()


def page_of(answer: httpx.Response | None) -> str:
    """The name of the page that answered; empty for none."""
    if answer is None or answer.status_code != 200:
        return ""
    found = re.search(r"<title>([^<]*)</title>", answer.text)
    return found[1].rpartition(" – ")[2].removesuffix(" Status") if found else ""
