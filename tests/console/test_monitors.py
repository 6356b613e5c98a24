"""The "Monitored services" screen: services, nodes and replicas described and looked at in one place."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from components import catalogue
from components.models import Component, ComponentGroup
from monitoring import overview
from monitoring.models import Node, Replica
from monitoring.overview import Wanted
from probing.health import Health
from tests import build, counting

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
JUDGING = {"interval_s": "30", "retries": "3", "sick_after_s": "0.5", "dead_after_s": "4"}
OPTIONS = JUDGING | {
    "mode": "poll",
    "silent_after_s": "60",
    "silence_rule": "longer",
    "cpu_sick_above": "0.9",
    "ram_sick_above": "0.9",
}


def text_of(page: bytes) -> str:
    """The visible text of some markup, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


@pytest.mark.req("B1", "B4", "B6", "C6", "A12")
def test_a_service_with_an_address_is_on_the_page_and_checked_at_once(
    client: Client, operator: User
) -> None:
    before = catalogue.page().revision
    response = client.post(
        "/admin/monitors/services/add/",
        {"name": "Landing page", "new_group": "Websites", "address": "https://acme.example/"},
        follow=True,
    )
    component = Component.objects.get()
    node, replica = Node.objects.get(), Replica.objects.get()
    assert (component.slug, component.group) == ("landing-page", ComponentGroup.objects.get())
    assert (node.component, node.mode) == (component, "poll")
    assert replica.next_probe_at is not None
    assert component.uuid
    assert catalogue.page().revision > before
    page = text_of(response.content)
    assert "Websites" in page
    assert "1 waiting" in page
    assert AuditEntry.objects.filter(actor=operator, object_repr="Landing page").exists()


@pytest.mark.req("B2", "B4")
def test_a_node_holds_many_replicas_each_shown_by_itself(client: Client, operator: User) -> None:
    node = build.node()
    for number in range(1, 4):
        response = client.post(
            f"/admin/monitors/nodes/{node.pk}/replicas/",
            {"address": f"https://web{number}.acme.example/"},
            follow=True,
        )
    page = text_of(response.content)
    for number in range(1, 4):
        assert f"{number} https://web{number}.acme.example/" in page


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tcp://db", "has no port"),
        ("acme.example", "does not start with http://"),
        ("ftp://acme.example/", "cannot be probed"),
        ("https://", "no host"),
        ("https://user:pw@acme.example/", "Credentials"),
        ("https://acme.example/\x07", "control"),
        ("https://" + "a" * 3000, "2000"),
        ("", "required"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_bad_address_is_explained_the_input_kept_and_nothing_saved(
    client: Client, operator: User, address: str, sentence: str, headers: dict[str, str]
) -> None:
    node = build.node()
    response = client.post(
        f"/admin/monitors/nodes/{node.pk}/replicas/", {"address": address}, headers=headers
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert f'id="new-{node.pk}-address_error"' in page
    assert 'aria-invalid="true"' in page
    if address == "tcp://db":
        assert 'value="tcp://db"' in page
    assert not Replica.objects.exists()


def test_the_same_address_twice_in_a_node_is_refused(client: Client, operator: User) -> None:
    replica = build.replica(address="https://acme.example/")
    response = client.post(
        f"/admin/monitors/nodes/{replica.node_id}/replicas/", {"address": replica.address}
    )
    assert response.status_code == 422
    assert Replica.objects.count() == 1


def test_a_refused_service_saves_no_group_and_no_node(client: Client, operator: User) -> None:
    response = client.post(
        "/admin/monitors/services/add/",
        {"name": "Database", "new_group": "Data", "address": "tcp://db"},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "has no port" in page
    assert 'value="Database"' in page
    assert "<title>Error:" in page
    assert not Component.objects.exists()
    assert not ComponentGroup.objects.exists()


def test_two_services_of_one_name_get_addresses_of_their_own(
    client: Client, operator: User
) -> None:
    for _ in range(2):
        client.post("/admin/monitors/services/add/", {"name": "Website"})
    assert sorted(Component.objects.values_list("slug", flat=True)) == ["website", "website-2"]


def test_a_service_is_changed_and_keeps_its_slug(client: Client, operator: User) -> None:
    component = build.component(slug="old")
    client.post(
        f"/admin/monitors/services/{component.pk}/",
        {"name": "New name", "slug": "", "description": "What it does", "is_visible": "on"},
    )
    component.refresh_from_db()
    assert (component.name, component.slug, component.description) == (
        "New name",
        "old",
        "What it does",
    )


@pytest.mark.req("D1", "D2", "D3", "D8")
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_thresholds_count_from_the_next_check(
    client: Client, operator: User, headers: dict[str, str]
) -> None:
    node = build.node()
    replica = build.replica(node=node, next_probe_at=timezone.now() + timedelta(hours=1))
    response = client.post(f"/admin/monitors/nodes/{node.pk}/judging/", JUDGING, headers=headers)
    assert response.status_code == (200 if headers else 302)
    node.refresh_from_db()
    replica.refresh_from_db()
    assert node.thresholds.retries == 3
    assert (node.interval_s, node.sick_after_s, node.dead_after_s) == (30, 0.5, 4.0)
    assert replica.next_probe_at is not None
    assert replica.next_probe_at <= timezone.now()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("retries", "11"),
        ("retries", "many"),
        ("sick_after_s", "-1"),
        ("sick_after_s", "5"),  # above dead_after_s
        ("dead_after_s", "nan"),
        ("dead_after_s", "1e9"),
        ("interval_s", "7"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(
    client: Client, operator: User, field: str, value: str
) -> None:
    node = build.node()
    response = client.post(
        f"/admin/monitors/nodes/{node.pk}/judging/", JUDGING | {field: value}, headers=HTMX
    )
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert Node.objects.get(pk=node.pk).retries == node.retries


@pytest.mark.req("B1", "C6", "D8")
def test_all_options_of_a_node_are_set_on_one_page(client: Client, operator: User) -> None:
    component = build.component()
    posted = OPTIONS | {
        "name": "API gateway",
        "http_method": "HEAD",
        "http_status_min": "200",
        "http_status_max": "204",
        "http_verify_tls": "on",
        "headers": "Authorization: Bearer CANARY-7\nX-Probe: 1",
    }
    client.post(f"/admin/monitors/services/{component.pk}/nodes/add/", posted)
    node = Node.objects.get()
    assert (node.slug, node.http_method, node.http_status_max) == ("api-gateway", "HEAD", 204)
    assert not node.http_follow_redirects
    assert node.http_headers == {"Authorization": "Bearer CANARY-7", "X-Probe": "1"}


@pytest.mark.req("F13")
def test_stored_headers_are_never_shown_again(client: Client, operator: User) -> None:
    node = build.node()
    node.http_headers = {"Authorization": "Bearer CANARY-7"}
    node.save()
    url = f"/admin/monitors/nodes/{node.pk}/"
    options = OPTIONS | {
        "name": node.name,
        "slug": node.slug,
        "http_method": "GET",
        "http_status_min": "200",
        "http_status_max": "399",
    }
    for page in (client.get(url), client.get(f"/admin/monitors/?open={node.pk}")):
        assert "CANARY" not in page.content.decode()
    for wish, stored in [
        ({"headers_are": "keep"}, {"Authorization": "Bearer CANARY-7"}),
        ({"headers_are": "replace", "headers": "X-New: 2"}, {"X-New": "2"}),
        ({"headers_are": "clear"}, {}),
    ]:
        assert client.post(url, options | wish).status_code == 302
        assert Node.objects.get(pk=node.pk).http_headers == stored
    assert "CANARY" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_address_is_tried_before_it_is_saved(
    client: Client, operator: User, target: str, headers: dict[str, str]
) -> None:
    node = build.node()
    response = client.post(
        f"/admin/monitors/nodes/{node.pk}/test/", {"address": target}, headers=headers
    )
    page = text_of(response.content)
    assert "Healthy" in page
    assert "It answered in time." in page
    for phase in ("connect", "first byte", "in total"):
        assert re.search(rf"{phase} [\d.,]+ ms", page), phase
    assert not Replica.objects.exists()
    if not headers:
        assert f'value="{target}"' in response.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_check_now_shows_the_verdict_and_changes_no_health(
    client: Client, operator: User, headers: dict[str, str]
) -> None:
    replica = build.replica(address="tcp://127.0.0.1:1", health=Health.HEALTHY)
    response = client.post(f"/admin/monitors/replicas/{replica.pk}/test/", headers=headers)
    page = text_of(response.content)
    assert "Dead" in page
    assert "refused" in page
    assert "When 2 retries fail like this, the replica is dead." in page
    replica.refresh_from_db()
    assert replica.health == Health.HEALTHY


def test_options_are_tried_before_they_are_saved(
    client: Client, operator: User, target: str
) -> None:
    node = build.node()
    options = OPTIONS | {
        "name": node.name,
        "slug": node.slug,
        "http_method": "GET",
        "http_status_min": "200",
        "http_status_max": "399",
        "try_address": target,
    }
    for wanted, word in [("all is well", "Healthy"), ("something else", "Dead")]:
        response = client.post(
            f"/admin/monitors/nodes/{node.pk}/try/",
            options | {"http_body_contains": wanted},
            headers=HTMX,
        )
        assert word in text_of(response.content)
    node.refresh_from_db()
    assert node.http_body_contains == ""


@pytest.mark.req("A7")
def test_a_test_dials_no_private_address_unless_that_is_allowed(
    client: Client, operator: User, target: str, settings: pytest.FixtureRequest
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = False  # type: ignore[attr-defined]  # pytest-django's fixture
    node = build.node()
    response = client.post(
        f"/admin/monitors/nodes/{node.pk}/test/", {"address": target}, headers=HTMX
    )
    assert "is a private address" in response.content.decode()


def test_removing_asks_first_and_says_what_is_lost(client: Client, operator: User) -> None:
    component = build.component()
    gone, kept = build.node(component=component), build.node(component=component)
    replica = build.replica(node=gone)
    for url, sentence in [
        (f"/admin/monitors/replicas/{replica.pk}/remove/", "Nothing else measures"),
        (f"/admin/monitors/nodes/{gone.pk}/remove/", "has no replicas"),
        (f"/admin/monitors/services/{component.pk}/remove/", "disappears from the page"),
    ]:
        assert sentence in text_of(client.get(url).content)
        assert client.post(url).status_code == 302
        assert client.get(url).status_code == 404
        assert Node.objects.filter(pk=kept.pk).exists() == ("services" not in url)
    assert not Component.objects.exists()


def test_removing_a_node_counts_what_goes_with_it(client: Client, operator: User) -> None:
    node = build.node()
    build.replica(node=node)
    build.replica(node=node)
    page = text_of(client.get(f"/admin/monitors/nodes/{node.pk}/remove/").content)
    assert "with its 2 replicas" in page


def test_rows_are_moved_with_buttons(client: Client, operator: User) -> None:
    group = build.group()
    components = [build.component(group=group, name=name) for name in "ab"]
    nodes = [build.node(component=components[0], name=name) for name in "ab"]
    replicas = [build.replica(node=nodes[0]) for _ in range(2)]
    client.post(f"/admin/monitors/services/{components[1].pk}/move/", {"up": "1"})
    client.post(f"/admin/monitors/nodes/{nodes[1].pk}/move/", {"up": "1"})
    client.post(f"/admin/monitors/replicas/{replicas[0].pk}/move/", {"down": "1"})
    (sheet,) = overview.read().sheets
    assert [service.name for service in sheet.services] == ["b", "a"]
    assert [node.name for node in sheet.services[1].nodes] == ["b", "a"]
    assert [row.id for row in sheet.services[1].nodes[1].replicas] == [
        replicas[1].pk,
        replicas[0].pk,
    ]


def test_another_address_makes_a_replica_new(client: Client, operator: User) -> None:
    replica = build.replica(health=Health.DEAD, detail="refused")
    client.post(f"/admin/monitors/replicas/{replica.pk}/", {"address": "https://new.example/"})
    replica.refresh_from_db()
    assert (replica.address, replica.health, replica.detail) == ("https://new.example/", None, "")


def test_what_was_seen_is_told_in_words(client: Client, operator: User) -> None:
    now = timezone.now()
    node = build.node(sick_after_s=0.8)
    build.replica(
        node=node,
        health=Health.DEAD,
        health_since=now - timedelta(minutes=27),
        checks_in_health=54,
        last_outcome_at=now,
        detail="Connection refused.",
        phases={"dns_ms": 1.25, "connect_ms": 12.0},
    )
    build.replica(
        node=node, health=Health.SICK, last_outcome_at=now, latency_ms=1240.0, detail="200 OK"
    )
    build.replica(node=node, fresh_until=now + timedelta(minutes=3))
    page = text_of(client.get(f"/admin/monitors/?open={node.pk}").content)
    assert "1 dead, 1 sick, 1 waiting" in page
    assert "Connection refused. 54 checks since" in page
    assert "DNS 1.2, connect 12 ms" in page
    assert "Slower than 0.8 s" in page
    assert "1,240 ms" in page
    assert "The first check is due." in page


def test_the_filter_finds_names_addresses_and_trouble() -> None:
    web, db = build.component(name="Website"), build.component(name="Database")
    well = build.node(component=web, name="front")
    ill = build.node(component=db, name="primary")
    build.replica(node=well, health=Health.HEALTHY, address="https://www.acme.example/")
    build.replica(node=ill, health=Health.DEAD)

    def found(**wanted: object) -> list[str]:
        screen = overview.read(wanted=Wanted(**wanted))  # type: ignore[arg-type]  # a test's table
        return [
            node.name
            for sheet in screen.sheets
            for service in sheet.services
            for node in service.nodes
        ]

    assert sorted(found()) == ["front", "primary"]
    assert found(text="WEBSITE") == ["front"]
    assert found(text="www.acme") == ["front"]
    assert found(text="prim") == ["primary"]
    assert found(only_trouble=True) == ["primary"]
    assert found(text="front", only_trouble=True) == []


def test_a_dead_node_starts_open_and_a_healthy_one_closed() -> None:
    dead, well = build.node(), build.node()
    build.replica(node=dead, health=Health.DEAD)
    build.replica(node=well, health=Health.HEALTHY)

    def opened(wanted: Wanted) -> set[int]:
        return {
            node.id
            for sheet in overview.read(wanted=wanted).sheets
            for service in sheet.services
            for node in service.nodes
            if node.is_open
        }

    assert opened(Wanted()) == {dead.pk}
    assert opened(Wanted(open_nodes={well.pk})) == {well.pk}


def test_live_answers_carry_no_form(client: Client, operator: User) -> None:
    replica = build.replica(health=Health.HEALTHY)
    page = client.get(f"/admin/monitors/live/?open={replica.node_id}&open=x").content.decode()
    assert f'id="health-{replica.pk}"' in page
    assert "<form" not in page
    assert "<input" not in page


def test_twice_the_nodes_cost_the_same_queries() -> None:
    counts = []
    for _ in range(2):
        for _ in range(5):
            node = build.node(component=build.component(group=build.group()))
            build.replica(node=node, health=Health.HEALTHY)
        with counting.statements() as run:
            overview.read()
        counts.append(len(run))
    assert counts[0] == counts[1]


def test_empty_screens_say_what_to_do(client: Client, operator: User) -> None:
    assert "Add the first service" in client.get("/admin/monitors/").content.decode()
    node = build.node()
    page = client.get(f"/admin/monitors/?open={node.pk}").content.decode()
    assert "No replicas yet. Add a URL." in page


def test_who_has_no_rights_changes_and_tests_nothing(client: Client) -> None:
    replica = build.replica()
    node, component = replica.node, replica.node.component
    client.force_login(build.operator(is_superuser=False))
    assert client.get("/admin/monitors/").status_code == 403
    for url in (
        "/admin/monitors/services/add/",
        f"/admin/monitors/services/{component.pk}/",
        f"/admin/monitors/services/{component.pk}/remove/",
        f"/admin/monitors/services/{component.pk}/move/",
        f"/admin/monitors/services/{component.pk}/nodes/add/",
        f"/admin/monitors/nodes/{node.pk}/",
        f"/admin/monitors/nodes/{node.pk}/judging/",
        f"/admin/monitors/nodes/{node.pk}/replicas/",
        f"/admin/monitors/nodes/{node.pk}/test/",
        f"/admin/monitors/nodes/{node.pk}/try/",
        f"/admin/monitors/nodes/{node.pk}/move/",
        f"/admin/monitors/nodes/{node.pk}/remove/",
        f"/admin/monitors/replicas/{replica.pk}/",
        f"/admin/monitors/replicas/{replica.pk}/test/",
        f"/admin/monitors/replicas/{replica.pk}/move/",
        f"/admin/monitors/replicas/{replica.pk}/remove/",
        "/admin/alerts/",
        "/admin/alerts/channels/add/email/",
    ):
        assert client.post(url, {"name": "x", "address": "https://x.example/"}).status_code == 403
    assert Replica.objects.count() == Node.objects.count() == Component.objects.count() == 1


def test_a_name_with_markup_stays_text(client: Client, operator: User) -> None:
    component = build.component(name="<script>alert(1)</script>", group=build.group(name="<b>g"))
    build.replica(node=build.node(component=component, name="<i>n"), health=Health.DEAD)
    for url in ("/admin/", "/admin/monitors/", f"/admin/monitors/services/{component.pk}/remove/"):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<b>g" not in page
        assert "<i>n" not in page
