"""What organisers write: Markdown without raw HTML, rendered safely."""

import functools

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote", "hr", "code"}


@functools.lru_cache(maxsize=256)
def render(source: str) -> Markup:
    """Safe HTML of the source. Headings start at h3: the page's own stand above them."""
    html = (
        MarkdownIt("zero", {"html": False})
        .enable(
            [
                "heading",
                "list",
                "emphasis",
                "link",
                "autolink",
                "blockquote",
                "hr",
                "newline",
                "escape",
                "entity",
            ]
        )
        .render(source)
    )
    for level in (4, 3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{min(level + 2, 4)}>").replace(
            f"</h{level}>", f"</h{min(level + 2, 4)}>"
        )
    return Markup(  # noqa: S704  # what nh3 let through is safe
        nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})
    )
