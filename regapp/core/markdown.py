"""What organisers write: Markdown without raw HTML, rendered safely."""

import functools
import re

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_HARD_END = re.compile(r"(?: {2,}|\\)$")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_BEGINS = re.compile(rf"\s*(?:[-*+>]|\d{{1,9}}[.)])(?: |$)|{_HEADING.pattern}")
"""A list item, a quotation, a heading."""

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote", "hr", "code"}


@functools.lru_cache(maxsize=256)
def render(source: str) -> Markup:
    """Safe HTML of the source."""
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
    return Markup(  # noqa: S704  # what nh3 let through is safe
        nh3.clean(_below_h2(html), tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})
    )


def flowing(source: str) -> str:
    """The source as plain words whose lines end where they do in `render`: a single line end is only a blank."""
    lines: list[str] = []
    for line in source.strip().splitlines():
        if lines and _flows_on(lines[-1], line):
            lines[-1] = f"{lines[-1].rstrip()} {line.lstrip()}"
        else:
            lines.append(line)
    return "\n".join(_HARD_END.sub("", line) for line in lines)


def _flows_on(before: str, line: str) -> bool:
    begins_anew = _BEGINS.match(line) or not line.strip()
    return bool(before.strip()) and not (begins_anew or _HARD_END.search(before) or _HEADING.match(before))


def _below_h2(html: str) -> str:
    """Headings as h3 and h4: the page's own stand above. The first one's level counts as h3, so none is skipped."""
    first = re.search(r"<h([1-6])>", html)
    if first is None:
        return html
    return re.sub(r"(</?h)([1-6])>", lambda tag: f"{tag[1]}{3 if tag[2] <= first[1] else 4}>", html)
