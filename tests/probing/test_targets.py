"""Reading targets: what is accepted, how it is normalised, and what each refusal says."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing import targets
from probing.base import Kind
from probing.targets import DnsQuestion, TargetInvalid


@pytest.mark.req("B5", "C1", "C5")
@pytest.mark.parametrize(
    ("text", "kind", "host", "port", "url"),
    [
        ("https://Example.COM", Kind.HTTP, "example.com", 443, "https://example.com/"),
        ("HTTP://example.com:80/a?b=c", Kind.HTTP, "example.com", 80, "http://example.com/a?b=c"),
        ("https://example.com:8443/", Kind.HTTP, "example.com", 8443, "https://example.com:8443/"),
        ("https://example.com./x#top", Kind.HTTP, "example.com", 443, "https://example.com/x"),
        ("http://my_service:8080", Kind.HTTP, "my_service", 8080, "http://my_service:8080/"),
        ("http://[2001:DB8::1]:81/", Kind.HTTP, "2001:db8::1", 81, "http://[2001:db8::1]:81/"),
        ("https://bücher.de/ü", Kind.HTTP, "xn--bcher-kva.de", 443, None),
        ("tcp://db:5432", Kind.TCP, "db", 5432, "tcp://db:5432"),
        ("tcp://mail.example.com:25/", Kind.TCP, "mail.example.com", 25, None),
        ("tcp://[::1]:22", Kind.TCP, "::1", 22, "tcp://[::1]:22"),
        ("icmp://192.0.2.1", Kind.ICMP, "192.0.2.1", None, "icmp://192.0.2.1"),
        ("icmp://[::1]/", Kind.ICMP, "::1", None, "icmp://[::1]"),
        ("dns://example.com", Kind.DNS, "example.com", None, "dns://example.com?type=A"),
        ("  tcp://db:5432  ", Kind.TCP, "db", 5432, "tcp://db:5432"),
    ],
)
def test_a_target_is_read_and_normalised(
    text: str, kind: Kind, host: str, port: int | None, url: str | None
) -> None:
    target = targets.parse_target(text)

    assert (target.kind, target.host, target.port) == (kind, host, port)
    assert url is None or target.url == url
    assert targets.parse_target(target.url) == target


def test_https_is_tls_and_http_is_not() -> None:
    assert targets.parse_target("https://example.com").is_tls
    assert not targets.parse_target("http://example.com").is_tls


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("dns://example.com?type=mx", DnsQuestion(record_type="MX")),
        (
            "dns://example.com?type=A&server=192.0.2.53:5353&expect=192.0.2.1&expect=192.0.2.2",
            DnsQuestion(server="192.0.2.53", server_port=5353, expected=("192.0.2.1", "192.0.2.2")),
        ),
        ("dns://example.com?server=2001:db8::53", DnsQuestion(server="2001:db8::53")),
        (
            "dns://example.com?server=[2001:db8::53]:54",
            DnsQuestion(server="2001:db8::53", server_port=54),
        ),
        ("dns://example.com?server=ns1.example.com", DnsQuestion(server="ns1.example.com")),
        (
            "dns://_dmarc.example.com?type=TXT&expect=v=DMARC1;%20p=none",
            DnsQuestion(record_type="TXT", expected=("v=DMARC1; p=none",)),
        ),
    ],
)
def test_a_dns_question_is_read_and_survives_being_written(
    text: str, question: DnsQuestion
) -> None:
    target = targets.parse_target(text)

    assert target.dns == question
    assert targets.parse_target(target.url) == target


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write what to watch"),
        ("example.com", "does not start with http://"),
        ("//169.254.169.254", "does not start with"),
        ("unix:/var/run/docker.sock", "does not start with"),
        ("-f 127.0.0.1", "space"),
        ("8.8.8.8; id", "space"),
        ("icmp://-f", "not a host name"),
        ("icmp://8.8.8.8;id", "not a host name"),
        ("icmp://$(id)", "not a host name"),
        ("icmp://`id`", "not a host name"),
        ("icmp://127.0.0.1\nid", "control"),
        ("http://example.com/\r\nX: y", "control"),
        ("http://example.com/\x00", "control"),
        ("http://exa\u200bmple.com/", "invisible"),
        ("http://example.com/a b", "%20"),
        ("http://example.com\\@169.254.169.254/", "backslash"),
        ("http://example.com:pass@169.254.169.254/", "Credentials"),
        ("http://a@b@c/", "Credentials"),
        ("file:///etc/passwd", "no host"),
        ("gopher://example.com/", "cannot be probed"),
        ("dict://example.com/", "cannot be probed"),
        ("ftp://example.com/", "cannot be probed"),
        ("http://", "no host"),
        ("http:///path", "no host"),
        ("http://:80/", "no host"),
        ("http://host:0/", "from 1 to 65535"),
        ("http://host:65536/", "from 1 to 65535"),
        ("http://host:/", "from 1 to 65535"),
        ("http://host:８０/", "from 1 to 65535"),
        ("http://host:1e3/", "from 1 to 65535"),
        ("http://host:6379/", "tcp://host:6379"),
        ("https://host:25/", "tcp://host:25"),
        ("http://::1/", "brackets"),
        ("http://[::1", "brackets"),
        ("http://[::1]x/", "brackets"),
        ("http://[fe80::1%25lo]/", "zone"),
        ("http://[::g]/", "not an IPv6 address"),
        ("http://exa%6dple.com/", "not a host name"),
        ("http://a..b/", "not a host name"),
        (f"http://{'a' * 64}.com/", "not a host name"),
        (f"http://{'a.' * 130}com/", "not a host name"),
        ("http://" + "a" * 2000, "2000 characters"),
        ("http://127.1/", "not an IPv4 address"),
        ("http://2130706433/", "not an IPv4 address"),
        ("http://0x7f000001/", "not an IPv4 address"),
        ("http://0x7f.1/", "not an IPv4 address"),
        ("http://0177.0.0.1/", "not an IPv4 address"),
        ("http://0/", "not an IPv4 address"),
        ("http://256.1.1.1/", "not an IPv4 address"),
        ("tcp://db", "write for example tcp://db:5432"),
        ("tcp://db:5432/x", "write tcp://db:5432"),
        ("tcp://db:5432?x=1", "write tcp://db:5432"),
        ("icmp://host:80", "write icmp://host"),
        ("icmp://host/path", "write icmp://host"),
        ("dns://example.com:53", "server=192.0.2.1:53"),
        ("dns://example.com/x", "no path"),
        ("dns://192.0.2.1", "asks for a name"),
        ("dns://example.com?type=ANY", "one of A, AAAA"),
        ("dns://example.com?kind=A", "not an option"),
        ("dns://example.com?type=A&type=MX", "once"),
        ("dns://example.com?expect=", "needs a value"),
        ("dns://example.com?expect=%00", "printable"),
        ("dns://example.com?server=a@b", "not a host name"),
        ("dns://example.com?server=fe80::1%25lo", "zone"),
    ],
)
def test_a_bad_target_is_refused_with_a_sentence_that_helps(text: str, says: str) -> None:
    with pytest.raises(TargetInvalid, match=r".+\.$") as refusal:
        targets.parse_target(text)

    assert says in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_a_fullwidth_spelling_of_an_address_is_stored_as_the_address_it_is() -> None:
    assert targets.parse_target("http://①②⑦.⓪.⓪.①/").url == "http://127.0.0.1/"
    assert targets.parse_target("http://127。0。0。1/").url == "http://127.0.0.1/"


def test_what_follows_a_hash_never_becomes_the_host() -> None:
    target = targets.parse_target("http://169.254.169.254#@example.com/")

    assert target.host == "169.254.169.254"
    assert target.url == "http://169.254.169.254/"


url_like = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https", "tcp", "icmp", "dns", "HTTP", "ftp"]),
    st.text(st.sampled_from("aA0.:-_@/?#[]%\\&=é①。ｌ\u200b\u0130 x1f"), min_size=0, max_size=20),
    st.sampled_from(["", "/", ":80/", "/a?b#c", "?type=A", "/ü?ß"]),
)


@given(text=st.one_of(url_like, st.text(max_size=80)))
def test_any_text_is_either_refused_or_read_the_same_way_by_everybody(text: str) -> None:
    try:
        target = targets.parse_target(text)
    except TargetInvalid:
        return
    assert targets.parse_target(target.url) == target
    assert target.url.isascii()
    assert target.url.isprintable()
    if target.kind is Kind.HTTP:
        url = httpx.URL(target.url)
        assert url.raw_host.decode() == target.host
        assert (url.port or {"http": 80, "https": 443}[url.scheme]) == target.port
        assert not url.userinfo
