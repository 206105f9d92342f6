"""Reads the article of a saved web page.

trafilatura finds the article among navigation, advertisements and lists of other articles. What the page says about
itself for search engines (JSON-LD of type Article) comes first, because its publisher wrote it.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from rag.articles.dates import parse_date
from rag.articles.encodings import decode_page
from rag.articles.html_about import About, read_about, read_page_title
from rag.articles.html_authors import find_author
from rag.articles.html_gaps import fill_gaps
from rag.articles.html_leads import find_lead, find_named_lead, fold
from rag.articles.raw import Converted, RawArticle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_EXTRACTOR = "trafilatura"
_SAVED = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)\s*-->")
"""Browsers write it at the head of a page that they save."""
_HEAD = 2_000  # characters in which that may stand
_DECLARATION = re.compile(r"\s*<\?xml[^<>]*\?>")
_COMPLETE = 0.8
"""The body in JSON-LD is used if it has this share of the words that trafilatura finds. Many are only a teaser."""
_ENOUGH = 0.7
"""If a page does not mark its article, and trafilatura takes less than this share of the words that stand in no link or
menu, it is asked for more. It takes half of some long pages of lists."""
_AROUND = (
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "button",
    "select",
)
_COMMENTS = re.compile(
    r"(?<![a-z])(?<!has[-_])(?<!no[-_])(?<!with[-_])"  # "has-comments" and "comments-open" name the article's box
    r"(?:(?:comments|commentaires|comentarios|kommentare|commenti|disqus)(?![a-z])"
    r"(?![-_](?:allowed|open|closed|enabled|disabled|on|off)(?![a-z]))"
    r"|comment[-_]?(?:area|block|list|section|thread|wrapper))",
    re.IGNORECASE,
)
_MAY_COMMENT = re.compile(
    r"(?<![a-z])comments?[-_](?:allowed|open|closed|enabled|disabled|on|off)(?![a-z])", re.IGNORECASE
)
_FEWEST_SAID = 20
"""Least words of readers' comments: a box with only a byline and the number of comments is kept."""
_FEWEST_OPENING = 20
"""Least words of the first paragraph of the page's text."""
_SOURCE_BREAK = re.compile(r"(?P<kept><pre>.*?</pre>|</t[dh]>\s*)|(?<![ \t\r\f])[ \t\r\f]*\n\s*", re.DOTALL)
"""A line break in the HTML source, which browsers show as a space. Those in <pre> and between cells are kept."""
_ANCHOR = re.compile(r"(?:<span>\s*|(?<!\s)\s*)[#¶](?:\s*</span>)?\s*(?=</h[1-6]>)")
"""The link to itself at the end of a heading."""
_HTML = {
    "p": "p",
    "ab": "p",
    "list": "ul",
    "item": "li",
    "quote": "blockquote",
    "lb": "br",
    "table": "table",
    "row": "tr",
    "cell": "td",
}
"""trafilatura's elements, as HTML. Other elements are parts of a line."""


def convert_page(data: bytes) -> Converted:
    """The article of a web page.

    :raises FormatError: if the bytes are not text.
    """
    page = decode_page(data)
    return Converted((read_page(page.text),), page.note)


def read_page(html: str) -> RawArticle:
    """The article of a web page; its text is empty if there is none. Nothing is fetched and no script is run."""
    from trafilatura import load_html

    declaration = _DECLARATION.match(html)
    html = html[declaration.end() :] if declaration else html
    if "<" not in html:
        return RawArticle(html)
    tree = load_html(html)
    if tree is None:  # a part of a page, or something else before its first tag
        tree = load_html(f"<html><body>{html}</body></html>")
    if tree is None:
        return RawArticle("")
    saved = _SAVED.search(html, 0, _HEAD)
    article = _read_tree(tree)
    return replace(article, url=saved[1] if saved else article.url, extractor=_EXTRACTOR)


def _read_tree(tree: HtmlElement) -> RawArticle:
    _drop_comments(tree)
    about = read_about(tree)
    found = _extract(tree)
    unmarked = about == About() and not tree.xpath("//article | //meta[@property='og:type'][@content='article']")
    if unmarked and _count_words(found) < _ENOUGH * len(_prune(tree, "a").text_content().split()):
        found = max(found, _extract(tree, recall=True), key=_count_words)
    if found:
        fill_gaps(tree, found.body)
    text = _write_html(found.body) if found else about.body or _write_rest(tree)
    if found and len(about.body.split()) >= _COMPLETE * _count_words(found):
        text = about.body
    if not text:
        return RawArticle("")
    for find in (find_named_lead, find_lead) if found else ():
        if lead := find(tree, text):
            text = f"<p>{escape(lead)}</p>\n\n{text}"
    title = _choose_title(tree, _get(found, "title"))
    sites = [_get(found, "sitename"), _get(found, "hostname"), about.publication, *_list_publishers(tree)]
    return RawArticle(
        text,
        about.title or title,
        about.date or parse_date(_get(found, "date")),
        about.author or find_author(tree, title, _get(found, "author"), sites),
        publication=about.publication or _get(found, "sitename"),
        language=about.language or tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "",
        url=_get(found, "url"),
        dated="JSON-LD" if about.date else "metadata",
    )


def _drop_comments(tree: HtmlElement) -> None:
    """Drop readers' comments. trafilatura leaves them out only if it knows the site's mark-up.

    It also drops the whole article if its box has such a name, as "comments-open". Such a name is taken away.
    """
    opening = next((p for p in tree.iter("p") if _opens(p)), None)
    around = set() if opening is None else set(opening.iterancestors())
    for element in list(tree.iter("div", "section", "ol", "ul", "aside", "details")):
        name = _name(element)
        if "comment" not in name.casefold() and not _COMMENTS.search(name):
            continue
        if element.getparent() is None or _holds_article(element) or (element in around and _MAY_COMMENT.search(name)):
            for key in {"id", "class"} & {*element.attrib}:
                element.set(key, " ".join(w for w in element.get(key).split() if "comment" not in w.casefold()))
        elif _COMMENTS.search(name) and len(element.text_content().split()) >= _FEWEST_SAID:
            element.drop_tree()


def _name(element: HtmlElement) -> str:
    return f"{element.get('id', '')} {element.get('class', '')}"


def _holds_article(box: HtmlElement) -> bool:
    """Whether it holds the page's heading or an <article> that is not a comment itself."""
    return any(
        "comment" not in f"{_name(element)} {element.text_content() if element.tag == 'h1' else ''}".casefold()
        for element in box.iter("h1", "article")
    )


def _opens(paragraph: HtmlElement) -> bool:
    """Whether it may be the first paragraph of the article. Comments come behind it."""
    return len(paragraph.text_content().split()) >= _FEWEST_OPENING and not any(
        element.tag in _AROUND for element in paragraph.iterancestors()
    )


def _list_publishers(tree: HtmlElement) -> Iterator[str]:
    for meta in tree.iter("meta"):
        if "publisher" in (meta.get("name") or meta.get("property") or "").casefold():
            yield meta.get("content", "")


def _get(found: Any, name: str) -> str:
    """A field of trafilatura's document, if there are one and the other."""
    return getattr(found, name, None) or ""


def _extract(tree: HtmlElement, *, recall: bool = False) -> Any:
    """trafilatura's document; None if it finds no text.

    :param recall: whether to take also what might belong to the article.
    """
    from trafilatura import bare_extraction

    return bare_extraction(
        tree,
        include_comments=False,
        include_formatting=True,
        favor_recall=recall,
        with_metadata=True,
        # The extensive search takes any date in the text, and its result depends on the day.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )


def _count_words(found: Any) -> int:
    return len((found.text or "").split()) if found else 0


def _prune(tree: HtmlElement, *names: str) -> HtmlElement:
    """A copy without scripts, menus, forms and the given elements."""
    pruned = copy.deepcopy(tree)
    for element in list(pruned.iter(*_AROUND, *names)):
        if element.getparent() is not None:
            element.drop_tree()
    return pruned


def _write_rest(tree: HtmlElement) -> str:
    """The page without scripts, menus and forms, as HTML; empty if it has no text."""
    from lxml import etree

    body = _prune(tree).find(".//body")
    if body is None or not body.text_content().strip():
        return ""
    return unwrap_items(str(etree.tostring(body, encoding="unicode", method="html")))


def _choose_title(tree: HtmlElement, found: str) -> str:
    """The heading with which the page's title begins ("Heading | Site"), or else the title that trafilatura finds,
    unless it has no word of the page's title, as a heading of the menu.
    """
    given = read_page_title(tree)
    folded = fold(given)
    headings = [" ".join(element.text_content().split()).rstrip("#¶ ") for element in tree.iter("h1", "h2")]
    first = [text for text in headings if fold(text) and f"{folded} ".startswith(f"{fold(text)} ")]
    if first:
        return max(first, key=len)
    return given if given and not set(fold(found).split()) & set(folded.split()) else found


def _write_html(body: Any) -> str:
    """trafilatura's elements as HTML without attributes, which cleaning reads like any other."""
    from lxml import etree

    for element in body.iter(etree.Element):
        head = re.fullmatch(r"h[1-6]", element.get("rend", "")) if element.tag == "head" else None
        heading = head[0] if head else "h2" if element.tag == "head" else ""
        cell = "th" if element.tag == "cell" and element.get("role") == "head" else ""
        lines = "pre" if element.tag in {"code", "quote"} and element.find("p") is None and _has_break(element) else ""
        element.tag = heading or cell or lines or _HTML.get(element.tag, "span")
        element.attrib.clear()
    written = _SOURCE_BREAK.sub(_join_lines, str(etree.tostring(body, encoding="unicode", method="html")))
    return unwrap_items(_ANCHOR.sub("", written))


def _has_break(element: Any) -> bool:
    return any("\n" in text for text in element.itertext())


def _join_lines(found: re.Match[str]) -> str:
    return found["kept"] or " "


def unwrap_items(html: str) -> str:
    """Take away the paragraph with which an item of a list begins, which would part the item from its bullet, and the
    bullet of an item that begins with a heading or another block.
    """
    html = re.sub(r"(<li\b[^<>]*>)\s*<p>", r"\1", html)
    return re.sub(r"<li\b[^<>]*>\s*(?=<(?:h[1-6]|div|table|blockquote|ul|ol)\b)", "", html)
