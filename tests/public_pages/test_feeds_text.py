"""What operators wrote, as feeds and calendars carry it: one paragraph, one text, no wrong character."""

import pytest

from common import markdown
from public_pages import feeds_text


@pytest.mark.parametrize(
    ("text", "html", "plain"),
    [
        ("One.\n\nTwo.", "One.<br><br>Two.", "One.\n\nTwo."),
        ("One\nTwo", "One<br>Two", "One\nTwo"),
        (
            "Known:\n\n- **EU** only\n- retry\n\nSorry.",
            "Known:<br><br>• <strong>EU</strong> only<br>• retry<br><br>Sorry.",
            "Known:\n\n• EU only\n• retry\n\nSorry.",
        ),
        ("3. c\n4. d", "3. c<br>4. d", "3. c\n4. d"),
        ("- a\n\n  b\n- c", "• a<br><br>b<br><br>• c", "• a\n\nb\n\n• c"),
        ("> - q\n> - r", "• q<br>• r", "• q\n• r"),
        (
            "See [the notes](https://example.com/?a=1&b=2).",
            'See <a href="https://example.com/?a=1&amp;b=2">the notes</a>.',
            "See the notes (https://example.com/?a=1&b=2).",
        ),
        (
            "<https://example.com/>",
            '<a href="https://example.com/">https://example.com/</a>',
            "https://example.com/",
        ),
        ("```\na\n  b\n```\nc", "<code>a<br>  b</code><br><br>c", "a\n  b\n\nc"),
        ("*a* **b** `c<d`", "<em>a</em> <strong>b</strong> <code>c&lt;d</code>", "a b c<d"),
        ("> quoted\n\nsaid", "quoted<br><br>said", "quoted\n\nsaid"),
        ("<b>1</b>", "&lt;b&gt;1&lt;/b&gt;", "<b>1</b>"),
        ("", "", ""),
    ],
)
def test_blocks_become_lines(text: str, html: str, plain: str) -> None:
    rendered = markdown.render(text)

    assert feeds_text.inline(rendered) == html
    assert feeds_text.plain(rendered) == plain


def test_characters_that_break_feeds_are_left_out_and_all_others_stay() -> None:
    kept = "]]> é 漢字 👩‍👩‍👧 🇫🇷 \u202eabc\u202c שלום \ufeff\t."

    assert feeds_text.clean(f"a\x00\x0b\x1b\x7f\x85\ud800\ufffe\uffff{kept}") == f"a{kept}"
    assert feeds_text.clean("a\r\nb\rc\u2028d\u2029e") == "a\nb\nc\nd\ne"
    assert feeds_text.line(" a\r\n b\x00 ") == "a b"
