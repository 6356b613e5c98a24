"""HTML of other products as Markdown: it shows the same, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import markdown, statuspage
from importing import html_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("One<br />two<br><br/>three", "One\ntwo\n\nthree"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<strong>Fixed</strong> and <em>done</em>", "**Fixed** and *done*"),
        (
            "See <a href='https://a.example/x?y=1&amp;z=2'>it</a>",
            "See [it](<https://a.example/x?y=1&z=2>)",
        ),
        ("<a href='javascript:alert(1)'>it</a>", "it"),
        ("<a href=' JaVaScRiPt:alert(1)'>it</a>", "it"),
        ("<a href='https://a.example/> <script>'>it</a>", "it"),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
        ("<ol><li>One</li><li>Two</li></ol>", "1. One\n2. Two"),
        ("<code>a*b</code>", "`a*b`"),
        ("<script>evil()</script>Text<style>p{}</style>", "Text"),
        ("<img src=x onerror=evil()>Text", "Text"),
        ("2 &lt; 3 &amp; *not bold*", r"2 \< 3 & \*not bold\*"),
        ("snake_case stays, _this_ too", r"snake_case stays, \_this\_ too"),
        (
            "# no heading<br />1. no list<br />- no list",
            "\\# no heading\n1\\. no list\n\\- no list",
        ),
        ("&amp;lt;b&amp;gt;", r"\&lt;b\&gt;"),
        ("<b>never closed", "**never closed"),
        ("", ""),
    ],
)
def test_tags_become_signs_and_signs_stay_text(html: str, text: str) -> None:
    assert html_text.to_markdown(html) == text


@pytest.mark.parametrize(
    "written",
    [
        "First line\nsecond line\n\nA paragraph",
        "**Bold**, *slanted* and `code`",
        "A [link](https://a.example/x?y=1&z=2) to it",
        "A list:\n\n- One\n- Two\n\nThe end",
        "1. One\n2. Two",
        "2 < 3, a*b*c, snake_case, [no](link and &amp;",
        "\\* not a list\n\\# not a heading",
    ],
)
def test_what_we_publish_reads_the_same_after_it_was_imported(written: str) -> None:
    published = statuspage.body(markdown.render(written))

    again = statuspage.body(markdown.render(html_text.to_markdown(published)))

    assert again == published


@given(st.text(alphabet="<>&;/#*_`[]()!\\-+=. \n\tabr12\"'é\x00", max_size=60))
def test_no_html_brings_a_tag_along_that_our_own_markdown_does_not_have(html: str) -> None:
    shown = markdown.render(html_text.to_markdown(html))

    assert "<script" not in shown
    assert "<img" not in shown
    assert "javascript:" not in shown


@given(st.text(alphabet="#>*_`[]()!\\-+=. \nabc12<&;", max_size=60))
def test_escaped_text_shows_exactly_itself(text: str) -> None:
    line = " ".join(text.split())

    shown = markdown.render(html_text.escaped(line))

    plain = shown.removeprefix("<p>").removesuffix("</p>")
    assert "<" not in plain, (line, shown)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("One<br />\r\n**two**\r\nthree", "One\n**two**\nthree"),
        ("<p>One</p><p><strong>two</strong> * 3</p>", "One\n\n**two** \\* 3"),
        ("a < b > c", "a < b > c"),
    ],
)
def test_text_of_a_management_api_is_markdown_unless_it_has_tags(body: str, text: str) -> None:
    assert html_text.either(body) == text


@pytest.mark.parametrize(
    "piece", ["<ul><li>x", "<a b='>" + "'" * 40, "<a b='", "<a ", "<!--", "<a b='>", "<br ", " "]
)
def test_hostile_pieces_repeated_give_a_text_of_their_own_size(piece: str) -> None:
    html = (piece * 100_000)[:100_000]

    for text in (
        html_text.to_markdown(html),
        html_text.either(html),
        html_text.either(html + "</p>"),
    ):
        assert len(text) <= 3 * len(html)


def test_lists_are_set_in_eight_levels_and_no_more() -> None:
    deep = html_text.to_markdown("<ul><li>x" * 500)

    assert deep.splitlines()[-1] == "   " * 8 + "- x"


def test_a_line_after_a_line_is_one_each() -> None:
    assert html_text.lines("a <br> \n <br />b") == "a\n\nb"
