"""Markdown that operators write, as HTML that is safe in every place it is shown.

Two layers that do not trust each other (reliability F4): markdown-it-py renders CommonMark without
raw HTML, then nh3 keeps a short list of tags and nothing else.
"""

from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_SCHEMES = ("https://", "http://", "mailto:")
_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "code", "pre", "blockquote", "hr"}


def render(text: str) -> SafeString:
    """Return the text as HTML: paragraphs, lists, quotes, code, emphasis and links.

    Line breaks are kept. Headings become bold paragraphs, because the text is a piece of a page
    with an outline of its own. Raw HTML, images, and links that are not http, https or mailto
    stay visible as they were written.
    """
    clean = nh3.clean(
        _parser.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=_without_generic,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="nofollow noopener noreferrer ugc",
    )
    return mark_safe(clean.strip())  # noqa: S308 - cleaned on the line above


def _is_allowed(url: str) -> bool:
    # A link without a scheme would point into our page, and one with // to any host.
    return url.strip().lower().startswith(_SCHEMES)


def _without_generic(_tag: str, name: str, value: str) -> str | None:
    return None if name in {"title", "lang"} else value  # nh3 allows these everywhere


def _as(html: str) -> Any:
    return lambda *_: html


def _made() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
    parser.validateLink = _is_allowed  # type: ignore[method-assign] # its documented hook
    parser.add_render_rule("heading_open", _as("<p><strong>"))
    parser.add_render_rule("heading_close", _as("</strong></p>\n"))
    return parser


_parser = _made()
