"""A page as a test sees it, and the rules that every page keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import lxml.html

ERROR_PREFIXES = {"sv": "Fel: ", "en": "Error: "}
INTERACTIVE = set("a button input select textarea summary label".split())
BLOCKS = set(
    "address article aside div dl fieldset footer form h1 h2 h3 h4 header hr main nav ol p pre section table ul".split()
)
PHRASING_ONLY = set("p h1 h2 h3 h4 span strong em small label button abbr time".split())
_OF_NO_RULE = re.compile(
    r'(?<=>)[^<&]+(?=<)|(?<=value=")[\w.-]+(?=")|(?<=href="/)\w[\w/.-]*(?=[?"])|(?<=action="/)\w[\w/.-]*(?=[?"])'
)
"""Words, what a form holds, and where a link leads on this site: tokens, mostly, which differ each time."""

_well_made: set[int] = set()

REFERENCES = "for aria-describedby aria-labelledby aria-controls aria-errormessage list headers".split()


_parser = lxml.html.HTMLParser(encoding="utf-8")


class Page:
    """A parsed page: its words, its headings, its forms."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.root: Element = lxml.html.document_fromstring(html.encode(), parser=_parser)

    @property
    def parse_errors(self) -> list[str]:
        """What a browser would have to put right: html5lib tells it all, at forty times the cost of reading."""
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        parser.parse(self.html)
        return [f"line {position[0]}: {code} {data}" for position, code, data in parser.errors]

    def all(self, *tags: str) -> Iterator[Element]:
        return (e for e in self.root.iter() if isinstance(e.tag, str) and (not tags or e.tag in tags))

    def find(self, **attributes: str) -> Element:
        """The first element with these attributes; `class_` for class, `aria_x` for aria-x."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        for element in self.all():
            if all(element.get(name) == value for name, value in wanted.items()):
                return element
        raise AssertionError(f"no element with {wanted} on the page")

    @property
    def text(self) -> str:
        return words(next(self.all("body")))

    @property
    def title(self) -> str:
        return words(next(self.all("title")))

    @property
    def h1(self) -> str:
        return words(next(self.all("h1")))

    @property
    def lang(self) -> str:
        return self.root.get("lang") or ""

    @property
    def has_errors(self) -> bool:
        return any(e.get("aria-invalid") == "true" or e.get("id") == "errors" for e in self.all())

    def links(self) -> list[str]:
        return [href for element in self.all("a") if (href := element.get("href"))]

    def form(self, action: str | None = None) -> Form:
        """The POST form of the page, or the one whose action ends with `action`."""
        forms = [e for e in self.all("form") if (e.get("method") or "get").lower() == "post"]
        if action is not None:
            forms = [e for e in forms if (e.get("action") or "").endswith(action)]
        if not forms:
            raise AssertionError(f"no POST form{f' to {action}' if action else ''} on the page “{self.title}”")
        return Form(forms[-1])


class Form:
    """A form as a browser would send it untouched: hidden fields, defaults, ticks."""

    def __init__(self, element: Element) -> None:
        self.action = element.get("action") or ""
        self.values: dict[str, list[str]] = {}
        for field in element.iter():
            for value in _sent_value(field):
                self.values.setdefault(field.get("name") or "", []).append(value)

    def filled(self, fields: dict[str, object]) -> dict[str, list[str]]:
        """What is sent with these fields typed; None unticks or leaves out, True ticks, a list is several."""
        sent = dict(self.values)
        for name, value in fields.items():
            sent.pop(name, None)
            if value is None or value is False:
                continue
            sent[name] = [str(v) for v in value] if isinstance(value, (list, tuple)) else [_typed(value)]
        return sent


def _typed(value: object) -> str:
    return "y" if value is True else str(value)


def _sent_value(field: Element) -> list[str]:
    if not field.get("name") or field.get("disabled") is not None:
        return []
    if field.tag == "textarea":
        return ["".join(field.itertext()).removeprefix("\n")]
    if field.tag == "select":
        options = list(field.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [option.get("value", "".join(option.itertext())) for option in chosen]
    if field.tag != "input" or field.get("type") in {"submit", "button", "reset", "image", "file"}:
        return []
    if field.get("type") in {"checkbox", "radio"} and field.get("checked") is None:
        return []
    return [field.get("value", "on" if field.get("type") in {"checkbox", "radio"} else "")]


def words(element: Element) -> str:
    """The element's text with its white space evened out, and without soft hyphens."""
    return re.sub(r"\s+", " ", "".join(element.itertext()).replace("\u00ad", "")).strip()


def check(html: str) -> None:
    """Fails with all that the page breaks of the rules of every page; bones that were found well made stay so."""
    page = Page(html)
    broken = [*_names(page)]
    bones = hash(_OF_NO_RULE.sub("", html))
    if bones not in _well_made:
        broken += [*page.parse_errors, *_ids(page), *_nesting(page), *_policy(page), *_ways_out(page)]
    assert not broken, f"the page “{page.title}” is not well made:\n  " + "\n  ".join(broken)
    _well_made.add(bones)


def _names(page: Page) -> Iterator[str]:
    if page.lang not in ERROR_PREFIXES:
        yield f"lang is {page.lang!r}"
        return
    headings = list(page.all("h1"))
    if len(headings) != 1:
        yield f"{len(headings)} h1"
        return
    prefix = ERROR_PREFIXES[page.lang]
    if page.title.startswith(prefix) != page.has_errors:
        yield f"title {page.title!r}, but {'fields' if page.has_errors else 'no fields'} with errors"
    if not page.title.removeprefix(prefix).startswith(page.h1):
        yield f"title {page.title!r} does not start with the h1 {page.h1!r}"


def _ids(page: Page) -> Iterator[str]:
    ids = Counter(identity for element in page.all() if (identity := element.get("id")) is not None)
    yield from (f"id {identity!r} {times} times" for identity, times in ids.items() if times > 1 or not identity)
    for element in page.all():
        for name in REFERENCES:
            for identity in (element.get(name) or "").split():
                if identity not in ids:
                    yield f"<{element.tag} {name}> points at no id {identity!r}"
        href = element.get("href") or ""
        if element.tag == "a" and href.startswith("#") and href[1:] not in ids:
            yield f"a link points at no id {href!r}"


def _nesting(page: Page) -> Iterator[str]:
    yield from _inside(next(page.all("body")), ())
    for element in page.all("ul", "ol"):
        yield from (
            f"<{child.tag}> right in a <{element.tag}>"
            for child in element
            if isinstance(child.tag, str) and child.tag not in {"li", "template", "script"}
        )


def _inside(element: Element, above: tuple[str, ...]) -> Iterator[str]:
    for child in element:
        if isinstance(child.tag, str):
            yield from (f"<{child.tag}> inside <{holder}>" for holder in _wrong_holders(child.tag, above))
            yield from _inside(child, (*above, child.tag))


def _wrong_holders(tag: str, above: tuple[str, ...]) -> set[str]:
    """Which of the elements above may not hold this one (HTML, content models)."""
    if tag in BLOCKS:
        return PHRASING_ONLY.intersection(above)
    if tag in INTERACTIVE:
        return {"a", "button", tag}.intersection(above)
    return set()


def _ways_out(page: Page) -> Iterator[str]:
    """What would lead away from a form in which somebody has typed."""
    forms = [
        e for e in page.all("form") if (e.get("method") or "get").lower() == "post" and any(map(_is_typed, e.iter()))
    ]
    for link in (e for form in forms for e in form.iter("a")):
        if not (link.get("href") or "").startswith(("#", "mailto:")) and link.get("target") != "_blank":
            yield f"a link leads away from a form: {link.get('href')}"
    for link in page.all("a"):
        if link.get("target") == "_blank" and ("(" not in words(link) or link.get("rel") != "noopener"):
            yield f"a link to a new window doesn't say so: {link.get('href')}"
        if forms and "language" in (link.get("class") or "").split():
            yield "the other language leads away from a form"
    for field in (e for form in forms for e in form.iter() if e.tag in {"input", "textarea"}):
        if field.get("autocomplete") == "off" and field.get("name") != "website":
            yield f"the browser may not restore {field.get('name')}"


def _is_typed(field: Element) -> bool:
    hidden = field.tag == "input" and field.get("type") in {"hidden", "submit", "button"}
    return field.tag in {"input", "select", "textarea"} and not hidden and field.get("name") is not None


def _policy(page: Page) -> Iterator[str]:
    """What the Content-Security-Policy would block, and what would go to another host."""
    for element in page.all():
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            yield f"an inline <{element.tag}>"
        for name, value in element.attrib.items():
            if name == "style" or name.startswith("on"):
                yield f"<{element.tag} {name}>"
            if name == "src" and re.match(r"(?:[a-z]+:)?//", value):
                yield f"<{element.tag}> from {value}"
        loads = element.tag == "link" and element.get("rel") not in {"alternate", "canonical"}
        if loads and re.match(r"(?:[a-z]+:)?//", element.get("href") or ""):
            yield f"<link> from {element.get('href')}"
