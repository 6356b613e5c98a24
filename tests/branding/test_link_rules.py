"""Links of header and footer lead to web pages and mails only."""

import pytest

from branding import link_rules
from branding.link_rules import Link, NotALink


def test_a_line_is_a_link() -> None:
    text = "Website | https://acme.example\n\n Help  us |mailto:help@acme.example\n"
    links = link_rules.listed(text)

    assert links == [
        Link("Website", "https://acme.example"),
        Link("Help us", "mailto:help@acme.example"),
    ]
    assert link_rules.listed(link_rules.written(links)) == links


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//outside.test",
        "/local",
        "https:outside.test",
        "http:///outside.test",
        "https://",
        "https://a@outside.test",
        "https://acme.example\\@outside.test",
        'https://x/"onclick="alert(1)',
        "https://x/<script>",
        "https://[::1",
        "https://x:99999",
        "mailto:",
        "ftp://x",
        "file:///etc/passwd",
        "",
        "https://x/" + "a" * 500,
        "https://acme.example/\x00",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(NotALink):
        link_rules.listed(f"Name | {url}")
    assert not link_rules.is_url(url)


def test_a_line_without_a_name_and_one_too_many_are_refused_by_number() -> None:
    with pytest.raises(NotALink) as nameless:
        link_rules.listed("A | https://a.example\n| https://b.example")
    with pytest.raises(NotALink) as many:
        link_rules.listed("A | https://a.example\n" * 9)
    assert (nameless.value.line, many.value.line) == (2, 9)
