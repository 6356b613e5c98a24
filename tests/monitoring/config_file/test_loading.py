"""A config file is judged as a whole: every mistake, each with its path and line."""

import pytest
from annotated_types import Le
from django.core.validators import MaxValueValidator
from django.db.models import Field
from pytest_django import Settings

from components.models import Component, ComponentGroup, Page
from monitoring.config_file import loading, node_schema, schema, values
from monitoring.config_file.problems import ConfigInvalid
from monitoring.config_file.schema import Document
from monitoring.models import Node


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        loading.load(text.encode())
    return [str(problem) for problem in caught.value.problems]


def mistake(text: str) -> str:
    found = mistakes(text)
    assert len(found) == 1, found
    return found[0]


def node(options: str) -> str:
    """A file with one node, whose options are in line 5."""
    return f"components:\n  - name: Shop\n    nodes:\n      - name: web\n        {options}\n"


def test_an_empty_key_can_be_seen_in_the_message() -> None:
    assert mistake("page: {name: Acme, '': 1}").startswith(
        'page."", line 1: "" is not a known key.'
    )


def replica(address: str) -> str:
    return node(f"replicas: [{address!r}]")


@pytest.mark.req("B1", "B2", "B5", "C6", "D1", "D2", "D3")
def test_the_example_of_the_manual_is_read_as_it_stands() -> None:
    document = loading.load(
        b"""
page: {name: Acme, time_zone: Europe/Paris}
groups:
  - name: Websites
    components:
      - name: Landing page
        nodes:
          - name: web
            mode: poll
            interval_s: 30
            retries: 2
            dead_after_s: 10
            sick_after_s: 5
            http: {method: GET, status: [200, 399], body_contains: ok, follow_redirects: true}
            replicas: ["https://example.com", "tcp://127.0.0.1:5432", "icmp://127.0.0.1",
                       "dns://example.com?type=MX"]
alerts:
  email: {to: [ops@example.com]}
"""
    ).document

    component = document.groups[0].components[0]
    assert component.slug == "landing-page"
    assert component.nodes[0].slug == "web"
    assert component.nodes[0].http.status == [200, 399]
    assert component.nodes[0].replicas == [
        "https://example.com/",
        "tcp://127.0.0.1:5432",
        "icmp://127.0.0.1",
        "dns://example.com?type=MX",
    ]
    assert document.alerts is not None
    assert document.alerts.email is not None
    assert document.alerts.email.to == ["ops@example.com"]


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order() -> None:
    found = mistakes(
        """\
page: {name: Acme, time_zone: Europe/Pariss}
group: []
groups:
  - name: Web
    colapsed: yes
    components:
      - name: 12
      - name: "日本語"
        nodes:
          - name: web
            intervall_s: 3
            interval_s: 30s
            retries: 2.5
            mode: pull
            dead_after_s: 3
            http: {method: HEAD, body_contains: ok, status: [300, 200]}
            replicas:
              - tcp://db
              - ftp://files.example.com/
              - 5432
  - name: Web
alerts: {email: {to: [ops@example.com, nobody]}, sms: {}}
"""
    )

    assert (
        "\n".join(found)
        == """\
page.time_zone, line 1: This is not a time zone. Write Europe/Paris.
group, line 2: group is not a known key. Did you mean groups?
groups[0].colapsed, line 5: colapsed is not a known key. Did you mean collapsed?
groups[0].components[0].name, line 7: This has to be text; put it into quotes.
groups[0].components[1].slug, line 8: No slug can be made from this name. Add one, like slug: landing-page.
groups[0].components[1].nodes[0].sick_after_s, line 10: sick_after_s (5) is longer than dead_after_s (3). Write one that is shorter or equal.
groups[0].components[1].nodes[0].intervall_s, line 11: intervall_s is not a known key. Did you mean interval_s?
groups[0].components[1].nodes[0].interval_s, line 12: This has to be a whole number without quotes or a unit.
groups[0].components[1].nodes[0].retries, line 13: This has to be a whole number.
groups[0].components[1].nodes[0].mode, line 14: This is not a mode. Write poll or push or local.
groups[0].components[1].nodes[0].http.status, line 16: The healthy status codes must be a range inside 100 to 599.
groups[0].components[1].nodes[0].http.method, line 16: An answer to HEAD has no body to look into; use GET.
groups[0].components[1].nodes[0].replicas[0], line 18: tcp://db has no port; write for example tcp://db:5432.
groups[0].components[1].nodes[0].replicas[1], line 19: ftp:// cannot be probed; use http://, https://, tcp://, icmp:// or dns://.
groups[0].components[1].nodes[0].replicas[2], line 20: This has to be text; put it into quotes.
groups[1].name, line 21: This group name is already used by groups[0].name, line 4.
alerts.email.to[1], line 22: “nobody” is not an e-mail address. Write name@example.com.
alerts.sms, line 22: sms is not a known key. Known here: email, channels, health_webhooks, reminders, grouping, warning."""
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a list\n", "has to begin with keys"),
        ("- name: Shop\n", "has to begin with keys"),
        ("components: Shop\n", "components, line 1: This has to be a list."),
        ("components:\n", "components, line 1: This has to be a list; nothing stands here"),
        ("components:\n  - Shop\n", "components[0], line 2: This has to be a mapping"),
        ("components:\n  - slug: shop\n", "components[0].name, line 2: name is missing."),
        ("components:\n  - name: ' '\n", "components[0].name, line 2: The text is empty."),
        ("components:\n  - {name: Shop, slug: the shop}\n", "A slug has only letters"),
        ("components:\n  - {name: Shop, visible: yes}\n", "This has to be true or false."),
        ("components:\n  - {name: Shop, visible: 1}\n", "This has to be true or false."),
        ("page: {name: Acme, weights: {major_outage: 2}}\n", "The most is 1."),
        ("page: {name: Acme, weights: {major_outage: 0.1234}}\n", "three digits"),
        ("page: {time_zone: UTC}\n", "page.name, line 1: name is missing."),
        ("alerts: {email: {}}\n", "alerts.email.to, line 1: to is missing."),
        ("a: 1\na: 2\n", "twice"),
    ],
)
def test_a_wrong_shape_is_told_in_plain_words(text: str, words: str) -> None:
    assert words in "\n".join(mistakes(text))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("interval_s: 0", "interval_s, line 5: The least is 1."),
        ("interval_s: 86401", "The most is 86400."),
        ("retries: -1", "The least is 0."),
        ("retries: true", "This has to be a whole number."),
        ("dead_after_s: 121", "The most is 120."),
        ("dead_after_s: ten", "This has to be a number without quotes or a unit."),
        ("sick_after_s: 11", "sick_after_s (11) is longer than dead_after_s (10)"),
        ("http: {status: [200]}", "The list has 1 entries and needs 2."),
        ("http: {status: [200, 600]}", "http.status[1], line 5: The most is 599."),
        ("http: {method: get}", "The method must be one of GET"),
        ("http: {body_regex: '(?=a)'}", "look-around and back-references are not supported"),
        ("http: {body_regex: '('}", "not a valid regular expression"),
        ("http: {body_contains: " + "x" * 501 + "}", "501 characters long"),
        ("http: {headers: {'X A': b}}", "is not a header name"),
        ('http: {headers: {X-A: "b\\nc"}}', "plain ASCII on one line"),
        ("http: {headers: {Content-Length: '3'}}", "is set by the check itself"),
        ("http: {headers: {X-A: b, x-a: c}}", "are the same header"),
        ("http: {headers: {X-A: 3}}", "headers.X-A, line 5: This has to be text"),
        ("http: {folow_redirects: true}", "Did you mean follow_redirects?"),
    ],
)
def test_options_outside_their_limits_are_refused(options: str, words: str) -> None:
    assert words in mistake(node(options))


@pytest.mark.req("B5")
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("example.com", "does not start with http://"),
        ("https://", "no host"),
        ("tcp://db:99999", "is not a port"),
        ("https://user:secret@example.com/", "Credentials do not belong"),
        ("https://example.com/a b", "contains a space"),
        ("https://example.com/" + "a" * 2000, "longer than 2000 characters"),
        ("http://example.com\\@169.254.169.254/", "backslash"),
        ("gopher://example.com/", "cannot be probed"),
        ("file:///etc/passwd", "no host"),
        ("//169.254.169.254", "does not start with"),
    ],
)
def test_an_address_that_cannot_be_probed_is_refused_and_told_why(address: str, words: str) -> None:
    message = mistake(replica(address))

    assert message.startswith("components[0].nodes[0].replicas[0], line 5: ")
    assert words.lower() in message.lower()


# reliability.md, appendix B; metadata.google.internal is a name and judged when it is dialled.
PRIVATE_HOSTS = """
127.0.0.1 localhost localhost. 127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 0 0.0.0.0 [::1]
[::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [fe80::1%25lo] 127。0。0。1
①②⑦.⓪.⓪.① 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.100.100.200 168.63.129.16
192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 [fd00:ec2::254] [64:ff9b::a9fe:a9fe]
[2002:7f00:1::] [fec0::1]
"""


@pytest.mark.parametrize("host", PRIVATE_HOSTS.split())
def test_a_private_address_is_refused_unless_private_targets_are_allowed(
    host: str, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = False

    for address in (
        f"http://{host}/",
        f"https://{host}:8443/x",
        f"tcp://{host}:80",
        f"icmp://{host}",
    ):
        assert mistake(replica(address)).startswith("components[0].nodes[0].replicas[0], line 5: ")


def test_private_networks_are_accepted_when_private_targets_are_allowed() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1"):
        assert loading.load(replica(f"http://{host}/").encode())


def test_long_and_invisible_text_is_refused_without_being_repeated() -> None:
    long = mistake(f"components:\n  - {{name: {'x' * 10_000}, slug: shop}}\n")
    assert long == (
        "components[0].name, line 2: The text is 10,000 characters long; at most 100 are allowed."
    )
    for sign in ("\\x00", "\\x1b", "\\n", "\\t", "\\u2028", "\\u202e", "\\x85"):
        text = f'components:\n  - {{name: "a{sign}b", slug: shop}}\n'
        assert "components[0].name, line 2: The text contains a control character" in mistake(text)


def test_names_slugs_addresses_and_recipients_stand_in_a_file_once() -> None:
    found = mistakes(
        """\
groups:
  - name: Web
    components:
      - name: The shop
        nodes:
          - {name: web, replicas: ["https://example.com", "HTTPS://EXAMPLE.com:443/"]}
          - {name: Web}
  - {name: Web}
components:
  - {name: Another, slug: the-shop}
alerts: {email: {to: [ops@example.com, Ops@example.com]}}
"""
    )

    assert (
        "\n".join(found)
        == """\
groups[0].components[0].nodes[0].replicas[1], line 6: This address is already used by groups[0].components[0].nodes[0].replicas[0], line 6.
groups[0].components[0].nodes[1].slug, line 7: This node slug is already used by groups[0].components[0].nodes[0].slug, line 6.
groups[1].name, line 8: This group name is already used by groups[0].name, line 2.
components[0].slug, line 10: This component slug is already used by groups[0].components[0].slug, line 4.
alerts.email.to[1], line 11: This recipient is already used by alerts.email.to[0], line 11."""
    )


def test_the_same_node_slug_and_address_may_stand_under_two_components() -> None:
    assert loading.load(
        b"""
components:
  - {name: A, nodes: [{name: web, replicas: ["https://example.com/"]}]}
  - {name: B, nodes: [{name: web, replicas: ["https://example.com/"]}]}
"""
    )


def test_limits_and_defaults_are_those_of_the_database() -> None:
    """A file must accept what the console accepts, and leave out what a new row has anyway."""
    for key in (
        *("interval_s", "retries", "dead_after_s", "sick_after_s", "mode", "silent_after_s"),
        *(
            "silence_rule",
            "ping_every_s",
            "cpu_sick_above",
            "ram_sick_above",
            "bad_checks",
            "good_checks",
            "quorum",
        ),
    ):
        field = Node._meta.get_field(key)
        assert isinstance(field, Field)
        ours = node_schema.Node.model_fields[key]
        assert ours.default == field.get_default()
        for validator in field.validators:
            if isinstance(validator, MaxValueValidator) and validator.limit_value < 2**31 - 1:
                assert Le(validator.limit_value) in ours.metadata, key
    http = node_schema.Http()
    row = Node()
    assert http.method == row.http_method
    assert http.status == [row.http_status_min, row.http_status_max]
    assert http.follow_redirects == row.http_follow_redirects
    assert http.verify_tls == row.http_verify_tls
    for model in (Component, ComponentGroup, Node, Page):
        assert model._meta.get_field("name").max_length == 100
    assert Component._meta.get_field("slug").max_length == values.SLUG_LIMIT
    assert Node._meta.get_field("slug").max_length == values.SLUG_LIMIT
    assert Component._meta.get_field("description").max_length == 500
    assert Node._meta.get_field("http_body_contains").max_length == 500
    for status in schema.Weights.model_fields:
        default = getattr(Page(), f"{status}_weight")
        assert schema.Weights().exact(status) == default


def test_an_empty_document_is_valid_and_says_nothing() -> None:
    assert loading.load(b"{}").document == Document()
