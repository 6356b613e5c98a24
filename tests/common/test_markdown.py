"""Markdown: what operators may write, and what can never come out of it."""

import html.parser

import pytest

from common import markdown

ALLOWED = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "code", "pre", "blockquote", "hr"}
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<style>*{display:none}</style>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/admin/)",
    "[x](\\\\evil.example)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "![x](https://evil.example/pixel.gif)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    "`<script>alert(1)</script>`",
    "```<script>\nalert(1)\n```",
    '``` "onload="alert(1)\nx\n```',
    "<!--stale <script>alert(1)</script>-->",
    "<math><mtext></mtext><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "# <b onclick=alert(1)>x</b>",
    "> <details open ontoggle=alert(1)>",
    "\x00<script>alert(1)</script>",
)


class Reader(html.parser.HTMLParser):
    """Collects every tag and attribute as a browser's tokenizer would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(markdown.render(text))
    reader.close()
    return reader


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_active_comes_out(attack: str) -> None:
    reader = read(attack)

    assert set(reader.tags) <= ALLOWED
    assert reader.comments == []
    for tag, name, value in reader.attributes:
        assert (tag, name) in {("a", "href"), ("a", "rel"), ("ol", "start")}
        if name == "href":
            assert value.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if "//evil" in attack])
def test_a_link_or_image_that_is_refused_stays_visible(attack: str) -> None:
    assert "evil.example" in markdown.render(attack)
    assert 'href="//' not in markdown.render(attack)


def test_what_is_allowed_is_rendered() -> None:
    text = "# Late\n\nWe are *on* it.\n**Ask** [us](https://a.example/?q=1&b=2) or <mailto:a@b.example>\n\n1. one"

    assert markdown.render(text) == (
        "<p><strong>Late</strong></p>\n"
        "<p>We are <em>on</em> it.<br>\n<strong>Ask</strong> "
        '<a href="https://a.example/?q=1&amp;b=2" rel="nofollow noopener noreferrer ugc">us</a> or '
        '<a href="mailto:a@b.example" rel="nofollow noopener noreferrer ugc">mailto:a@b.example</a>'
        "</p>\n<ol>\n<li>one</li>\n</ol>"
    )


def test_plain_text_keeps_its_lines_and_its_signs() -> None:
    assert markdown.render("1 < 2\n& more") == "<p>1 &lt; 2<br>\n&amp; more</p>"
