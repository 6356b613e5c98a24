"""Announcing with a program made for Vigil, on the running product, across a restart."""

import base64
import http.client
import json
from typing import Any

import pytest

from tests.stories.world import Product, wait_for

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("shared product")]


class Manager:
    """Calls over a real socket, so that every byte passes the served stack."""

    def __init__(self, product: Product, secret: str) -> None:
        credentials = base64.b64encode(f":{secret}".encode()).decode()
        self._port, self._authorization = product.port, f"Basic {credentials}"

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={
                    "Authorization": self._authorization,
                    "Content-Type": "application/json; charset=urf-8",
                },
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.mark.req("H1", "H2", "H3")
def test_what_a_manager_announces_and_mutes_survives_a_restart(shared_product: Product) -> None:
    product = shared_product
    made = product.manage("token", "create", "--kind", "manager")
    assert made.returncode == 0, made.stdout + made.stderr
    ask = Manager(product, made.stdout.split()[-1])
    wrong = Manager(product, "wrong")

    assert wrong("GET", "/manager/announcements/") == (403, b"")
    status, body = ask("POST", "//manager/announcement/", {"title": "Late", "text": "*Soon*"})
    ident = json.loads(body)["id"]
    assert status == 200
    wait_for(lambda: "<em>Soon</em>" in product.get("/").text, 3, product.log)
    assert ask("PUT", "/manager/prober/alerts/ignored", {"reminders_seconds": 3600})[0] == 200
    assert product.get("/warning.js").headers["Access-Control-Allow-Origin"] == "*"
    assert product.json("/status/warning.json")["warn"] is False

    product.interrupt()
    product.start()

    assert json.loads(ask("GET", "/manager/announcements")[1]) == [{"id": ident, "title": "Late"}]
    left = json.loads(ask("GET", "/manager/prober/alerts/ignored/")[1])["reminders_seconds"]
    assert 3000 < left <= 3600
    assert json.loads(ask("GET", "/manager/prober/alerts")[1]) == {"dead": [], "sick": []}
    assert ask("DELETE", f"/manager/announcement/{ident}/") == (200, b"")
    wait_for(lambda: "Soon" not in product.get("/").text, 3, product.log)
