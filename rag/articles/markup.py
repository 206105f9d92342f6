"""Removes mojibake, control characters, HTML remnants, Markdown links and emphasis.

Every function maps text to text and ignores paragraphs. Each rule matches a complete mark, because prices, stock
tickers (``<SRD>``), file names (``read_me``) and footnote marks (``[note 1]``) use the same characters.
"""

from __future__ import annotations

import html
import re
import unicodedata

_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
# Persian, Indic scripts and emoji need joiners; Latin text does not.
_JOINER = re.compile("(?<=[\x00-\u024f])[\u200c\u200d]|[\u200c\u200d](?=[\x00-\u024f])|[\u200c\u200d]$")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# "&amp;amp;lt;" is "&lt;" that was escaped twice more.
_ESCAPED_AMPERSANDS = re.compile(r"&(?:(?:amp|AMP|#0{0,5}38|#[xX]0{0,4}26);)+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_HIDDEN = (
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<script\b[^<>]*>", re.IGNORECASE), re.compile(r"</script\s*>", re.IGNORECASE)),
    (re.compile(r"<style\b[^<>]*>", re.IGNORECASE), re.compile(r"</style\s*>", re.IGNORECASE)),
)
_BLOCK_NAMES = (
    "p|div|br|hr|section|article|header|footer|nav|aside|main|figure|figcaption|blockquote|pre|ul|ol|dl|dt|dd"
    "|table|thead|tbody|tfoot|tr|caption|form|fieldset|html|head|body|title|center|iframe|video|audio|noscript"
)
_INLINE_NAMES = (
    "a|abbr|b|bdi|bdo|big|button|cite|code|del|dfn|em|font|i|img|input|ins|kbd|label|link|mark|meta|picture|q|s"
    "|samp|small|source|span|strike|strong|sub|sup|svg|td|th|time|tt|u|var|wbr"
)
_TAG = re.compile(rf"<(/?)(h[1-6]|li|{_BLOCK_NAMES}|{_INLINE_NAMES})((?:\s[^<>]*)?/?)>", re.IGNORECASE)

_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]{1,100})\]:[ \t]+<?\S+>?(?:[ \t]+[\"'(].*)?[ \t]*$", re.MULTILINE)
_ADDRESS = r"(?:<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)"
_TARGET = rf"\([ \t]*{_ADDRESS}(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)"
_LINK = re.compile(r"(!?)(?<!\\)\[([^\[\]\n]{0,1000})\](" + _TARGET + ")")
_NAVIGATION = re.compile(
    r"^[ \t]*(?:[-*+•][ \t]+)?(?:\[[^\[\]\n]{1,60}\]" + _TARGET + r"[ \t|/›»>•·,–—-]*){2,}$", re.MULTILINE
)
_LOOKS_LIKE_TARGET = re.compile(r"\(\s*\)|\(\s*<|\(\s*[#/.?]|.*[./:#]")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\[\]\s]{1,40}\](?!:)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_BRACKETED = re.compile(r" ?\[(?:https?://|www\.)[^\s\[\]]+\]")
_MARK = re.compile(r"[*_~`]")
_EMPHASIS = (
    re.compile(r"(?<![\w*\\])\*{1,3}(?![\s*])([^*\n]{0,2000}?(?<![\s\\]))\*{1,3}(?![\w*])"),
    re.compile(r"(?<![\w*\\])\*\*(?![\s*])([^*\n]{0,2000}?(?<![\s\\]))\*\*(?=\w)"),
    re.compile(r"(?<![\w_\\])_{1,3}(?![\s_])([^_\n]{0,2000}?(?<![\s\\]))_{1,3}(?![\w_])"),
    re.compile(r"(?<![~\\])~~(?![\s~])([^~\n]{0,2000}?(?<!\s))~~(?!~)"),
    re.compile(r"(?<![`\\])`{1,2}([^`\n]{1,2000})`{1,2}(?!`)"),
)
_ESCAPE = re.compile(r"(?<!\\)\\+(?=[$*_#~`\[\]|&%!.+>-]|$)", re.MULTILINE)
_SPACED_MONEY = re.compile(r"(?<=[$€£¥]) (?=\d)")


def normalise_characters(text: str) -> str:
    """Repair mojibake, normalise to NFC, and remove invisible characters.

    Line breaks become ``\\n``, tabs stay, and other white space becomes plain spaces. Control and zero-width characters
    are removed. Typographic quotes stay.
    """
    import ftfy

    text = _LINE_BREAK.sub("\n", _INVISIBLE.sub("", text))
    text = ftfy.fix_text(_CONTROL.sub("", text), uncurl_quotes=False, unescape_html=False, normalization="NFC")
    text = _CONTROL.sub("", _LINE_BREAK.sub("\n", text))
    text = _INVISIBLE.sub("", _JOINER.sub("", text))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", text))


def squeeze_spaces(text: str) -> str:
    """Turn tabs into spaces, shorten runs of spaces to one, and indentation to at most four, all that Markdown needs.

    The patterns for a line's marks take time quadratic in the length of such a run.
    """
    text = re.sub(r"^ {5,}", "    ", text.replace("\t", " "), flags=re.MULTILINE)
    return re.sub(r"(?<![ \n]) {2,}", " ", text)


def strip_html(text: str) -> str:
    """Remove HTML tags and comments and decode entities. Block elements become lines, ``<h2>`` and ``<li>`` Markdown.

    Only names defined by HTML count as tags. A name in capitals (``<B>``) could be a stock ticker, so it counts only
    if the text also contains its closing tag.
    """
    if "<" in text:
        for opening, closing in _HIDDEN:
            text = _drop_between(text, opening, closing)
        closed = {name for slash, name, _ in _TAG.findall(text) if slash}
        text = _TAG.sub(lambda match: _replace_tag(match, closed), text)
    if "&" in text:
        for _ in range(3):
            text = _ESCAPED_AMPERSANDS.sub("&", text)
            text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def _drop_between(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """Remove marked spans in one pass. A lazy regular expression would take hours on a million unclosed comments."""
    kept = []
    place = 0
    while (start := opening.search(text, place)) and (end := closing.search(text, start.end())):
        kept += [text[place : start.start()], " "]
        place = end.end()
    return "".join([*kept, text[place:]])


def _replace_tag(match: re.Match[str], closed: set[str]) -> str:
    slash, name, attributes = match.groups()
    if name.isupper() and not slash and not attributes.strip(" /") and name not in closed:
        return match[0]
    name = name.lower()
    if name[0] == "h" and name[1:].isdigit():
        return "\n\n" if slash else "\n\n" + "#" * int(name[1:]) + " "
    if name == "li":
        return "\n" if slash else "\n- "
    if name == "br":
        return "\n"
    if name in {"td", "th"}:
        return " "
    return "\n\n" if re.fullmatch(_BLOCK_NAMES, name) else ""


def strip_links(text: str) -> str:
    """Replace Markdown links by their text and images by their descriptions. Drop lines of several links and no text.

    A link's target is not content, and it interrupts the sentence.
    """
    text = _NAVIGATION.sub("", text)
    names = {name.casefold() for name in _DEFINITION.findall(text) if not name.startswith("^")}
    if names:
        text = _DEFINITION.sub(lambda match: match[0] if match[1].startswith("^") else "", text)
        text = re.sub(
            r"!?\[([^\[\]\n]{1,1000})\][ ]?\[([^\[\]\n]{0,100})\]",
            lambda match: match[1] if (match[2] or match[1]).casefold() in names else match[0],
            text,
        )
    # Twice, because the text of a link can be an image.
    for _ in range(2):
        text = _LINK.sub(_replace_link, text)
    return _AUTOLINK.sub(r"\1", _FOOTNOTE_MARK.sub("", text))


def _replace_link(match: re.Match[str]) -> str:
    bang, words, target = match.groups()
    if not _LOOKS_LIKE_TARGET.match(target):
        return match[0]
    if bang and (len(words.split()) < 4 or re.search(r"\.\w{3,4}$", words)):
        return ""
    return words


def strip_addresses(text: str) -> str:
    """Drop the addresses of links in brackets, with which e-mails in plain text interrupt their sentences."""
    return _BRACKETED.sub("", text).strip()


def strip_inline(text: str) -> str:
    """Remove emphasis, code and escape marks from one line. ``$ 10 billion`` becomes ``$10 billion``."""
    if _MARK.search(text):
        for pattern in _EMPHASIS * 2:
            text = pattern.sub(r"\1", text)
    text = _SPACED_MONEY.sub("", _ESCAPE.sub("", text))
    return re.sub(r" {2,}", " ", text).strip()
