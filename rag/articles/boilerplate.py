"""Finds page furniture: navigation, share buttons, advertisements, captions, and boxes on cookies and newsletters.

A line is dropped only if all of it is furniture. Single words that could also be a heading ('Search', 'Comments')
are dropped only before the article's first sentence or after its last one. In doubt a line stays: a wrongly kept
line adds a little noise, a lost line costs an answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.articles.dates import is_ago

if TYPE_CHECKING:
    from collections.abc import Sequence

# Furniture wherever it is alone on a line.
_FURNITURE = re.compile(
    r"""
    (?:related|recommended|more|similar|popular|trending|latest|recent|top|featured|other)\s+
        (?:articles?|posts?|stories|story|reading|news|content|topics?|links?|from\ .{1,40})
  | most\ (?:read|popular|viewed|shared|watched)
  | (?:you\ (?:may|might)\ (?:also\ )?(?:like|enjoy|be\ interested\ in)) | people\ also\ read
  | (?:also\ read|read\ also|read\ more|read\ next|see\ also|watch\ also|related|recommended)
        \s*[:|»›>→].{0,150}
  | (?:also\ read|read\ also|read\ more|read\ next|read\ full\ (?:article|story)|continue\ reading)
  | (?:back|scroll|go|return)\ to\ (?:the\ )?(?:top|home|homepage) | skip\ to\ (?:main\ )?content
  | (?:previous|next|older|newer)\ (?:article|post|story|page|posts|stories)
  | (?:load|show|view|see)\ (?:more|all)
  | share(?:\ (?:this|it|on|via|with|article|story|post|link).{0,60})? | (?:tweet|pin)\ (?:this|it)
  | (?:share|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|email|print|copy\ link|instagram)
        (?:[\s,|/·•]+(?:share|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|email|print
        |copy\ link|instagram)){1,12}
  | copy\ link | follow\ us(?:\ on\ .{1,60})? | (?:leave|post|write|add)\ a\ (?:comment|reply) | no\ comments(?:\ yet)?
  | \d+\s+(?:comments?|shares?|views?|likes?) | (?:comments?|shares?|views?|likes?)\s+\d+
  | (?:log|sign)\ in | sign\ up | subscribe(?:\ now|\ (?:for|from)\ (?:only\ |just\ )?[$€£]?\d.{0,30})?
  | (?:tap|click)\ to\ (?:share|expand|enlarge|listen|play|watch|comment)
  | (?:toggle|main|open|close)\ (?:navigation|menu) | listen\ to\ (?:this\ )?(?:article|story)(?:\ \d+\ min.*)?
  | (?:article|story|report)\ (?:continues\ (?:below|after\ .{1,40})|saved) | bookmark | save\ for\ later
  | (?:for\ subscribers|subscribers?)(?:\ only)? | cookies\ on\ .{2,40}
  | (?:yes|no),?\ (?:i\ (?:agree|accept)|thanks|take\ me\ to\ (?:the\ )?settings)
  | (?:advertise(?:ment|ments)|sponsored(?:\ content|\ post)?|promoted(?:\ content)?)
  | (?:(?:accept|agree|allow|reject|refuse|decline|deny|manage|customi[sz]e)(?:\ all)?
        \ (?:all|cookies|preferences|settings|options|choices)(?:[\s|/·•]+|$)){1,4}
  | (?:cookie|privacy)\ (?:policy|settings|preferences|notice)
  | terms\ (?:of|and)\ (?:use|service|conditions)(?:\ .{1,40})?
  | .{0,60}\ball\ rights\ reserved
  | (?:featured\ )?(?:image|photo|picture|photograph)s?(?:\ credit|\ source)?\s*
        (?:(?:from|via|by|courtesy\ of|credit)?\s?:[\ :]*.{1,60}
        |(?:from|via|by|courtesy\ of|credit)\ (?:
            (?-i:[^\W\d_a-z][^\W\d]*(?:[\ .,/|&'’-]+(?:[^\W\d_a-z][^\W\d]*|of|for|on|via|the))*)
            |(?:the\ )?[\w’'-]+(?:\ [\w’'-]+)?))
  | \d+\ ?(?:-\ ?)?min(?:ute)?s?(?:\ read|\ reading\ time)? | (?:estimated\ )?reading\ time:?.{0,20}
  | page\ \d+(?:\ of\ \d+)? | \d+\ of\ \d+ | (?:tags|filed\ under|posted\ in|categories|category)\s*:.{0,120}
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Furniture only before or after the article's sentences; between them, such a word can be a heading.
_EDGE = frozenset({"breaking news", "local news", "world news", "business news"}).union(
    re.findall(
        r"\w+",
        """
        tech technology business world politics sport sports weather science health opinion breaking news
        home search menu login register share tags comments email print facebook twitter x linkedin
        whatsapp telegram instagram reddit pinterest youtube rss contact about advertisement ad
        ads exclusive featured trending latest markets finance entertainment lifestyle culture
        travel obituaries video videos podcasts newsletter newsletters subscribe blog local jobs shop account
        """,
    )
)
_CALL = re.compile(
    r"(?:please\s+|and\s+|or\s+|to\s+read\s+more,?\s+)?(?:(?:click|tap)\s+(?:here|the\s+(?:link|button)|on|below)"
    r"|subscribe\b|sign\s+up\s+(?:for|to|now|here|today)|follow\s+(?:us|me)\b"
    r"|join\s+(?:our|the)\s+(?:newsletter|mailing|channel|community|telegram|whatsapp)|share\s+this\b"
    r"|stay\s+tuned\b|stay\s+up\s+to\s+date\b|download\s+our\s+app|like\s+and\s+(?:share|subscribe)"
    r"|get\s+(?:the|our)\s+(?:latest|daily|weekly|free)\b.{0,60}\b(?:inbox|newsletter)"
    r"|(?:get|receive|have)\b.{1,100}\b(?:in|to)\s+your\s+(?:e-?mail\s+)?inbox"
    r"|want\s+(?:more|to\s+(?:get|read|receive))\b.{1,80}\?$|(?:you\s+(?:can|may)\s+)?unsubscribe\b|no\s+spam\b"
    r"|by\s+(?:signing\s+up|subscribing|entering\s+your)\b.{1,80}\b(?:agree|accept|consent)"
    r"|thank(?:s|\s+you)\s+for\s+(?:signing\s+up|subscribing|reading\b.{0,40}$)"
    r"|(?:view|read)\s+(?:this|it|online)\b.{0,30}\bbrowser\b|forwarded\s+this\s+e-?mail\b"
    r"|have\s+a\s+(?:news\s+)?tip\b|(?:text|call|e-?mail|message)\s+us\b|you\s+can\s+find\s+this\s+(?:story|article)\s+in\b"
    r"|enter\s+your\s+e-?mail|your\s+e-?mail\s+address\s+will\s+not\s+be\s+published|enable\s+javascript"
    r"|please\s+enable)",
    re.IGNORECASE,
)
_CREDITED = r"(?:photo|image|picture|photograph|illustration)s?(?:\s+credit)?\s*(?::|\bby\b|\bcourtesy\s+of\b)\s*"
_NAMED = r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){1,4}"
# A caption that says so, or that ends with a photographer or a picture agency. News also ends with "(Reuters)".
_CAPTION = re.compile(
    r"(?:(?:image|photo|picture|video|media)\s+)?caption\s?[:,]\s*\S.*"
    r"|(?:image|video|media)\s+(?:caption|source)[:,]?\s+(?-i:[A-Z]).*"
    rf"|.*\({_CREDITED}[^()]{{1,60}}\)\.?"
    r"|.*\((?!In\b)(?-i:[A-Z])[^()]{0,50}\b(?-i:Images|Photos?|Pictures|Photography|PHOTO)(?:/[^()]{1,40})?\)"
    rf"|.*\((?-i:{_NAMED}/(?:The\ )?{_NAMED})\)"
    rf"|.*[.!?]\s+{_CREDITED}(?-i:[A-Z])[^.!?:]{{1,50}}",
    re.IGNORECASE,
)
_LONGEST_BOX = 70
"""Most words of a caption or of a box about cookies. Chosen by hand; a longer line is more likely text."""
_LONGEST_WORD = 12
"""Most characters of a box for each of these words. It bounds the work on a line without spaces."""
_LONGEST_SLOGAN = 5
"""Most words of a sentence beside "Subscribe now." that goes with it. Chosen by hand."""
FEWEST_IN_MENU = 5
"""Fewest lines with words such as "Home" and "Sport" that make a menu of the short lines between them."""
LONGEST_IN_MENU = 3
"""Most words of such a short line. Both are chosen by hand."""
_LISTED = re.compile(
    r"(?:related|most)\s+(?:topics?|stories|articles|content|links|coverage|read|viewed|popular|shared|watched)"
    r"|more\s+(?:on\s+this\s+story|from\s+.{1,40})|editor['’]?s['’]?\s+picks?|you\s+(?:may|might)\s+also\s+like",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\d{1,2}[.)] +\S")
# The sentences of a cookie notice. They may hold figures ("our 842 partners"), which nobody asks for.
_CONSENT = re.compile(
    r"(?:we\s+(?:value|care\s+about|respect)\s+your\s+privacy|your\s+(?:privacy|consent)\b"
    r"|(?:we(?:['’]ll)?|this\s+(?:web)?site)(?:,?\s+and\s+our\b.{0,40}\b(?:partners|vendors),?|\s+and\s+third\s+parties)?"
    r"\s+(?:use|uses|store|stores|set|process)\b|(?:some|these)\s+(?:cookies|partners|vendors)\b"
    r"|(?:accept|reject|manage|allow|decline|agree)\b.{0,30}\b(?:all|cookies|preferences|settings|options|choices)\b"
    r"|by\s+(?:clicking|continuing|using)\b|you\s+(?:can|may)\s+(?:change|withdraw|manage|opt|object|reject)\b"
    r"|(?:find\s+out|learn|read|see)\b.{0,40}\b(?:cookies?|privacy)\b)",
    re.IGNORECASE,
)
_ABOUT_CONSENT = re.compile(r"\b(?:cookies?|privacy|consent)\b", re.IGNORECASE)
_CONTACT = re.compile(
    r"(?:(?:press|media|for (?:more|further) information,?) )?(?:contacts?|tel(?:ephone)?|phone|mobile|e-?mail|fax"
    r"|embargo(?:ed until)?)\b.{0,10}:.*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[|·•»›]\s*|\s+>\s+")
# Must not match news: "Copyright holders sued", or the third item of a list, "(c) Meta pays".
_COPYRIGHT = re.compile(
    r"[|·•–-]?\s*(?:©|copyright[\s,:]*(?:©|\(c\)|(?:19|20)\d\d\b)|\(c\)[\s,]*(?:19|20)\d\d\b"
    r"|copyright\b.{0,60}\ball\s+rights\s+reserved\.?$)",
    re.IGNORECASE,
)
# Signs of reporting: "Never miss a payment, Buffett said" is not a call to the reader.
_SAID = re.compile(r"\b(?:said|says|saying|told|tells|adds|added|warns|warned|wrote|according)\b", re.IGNORECASE)
_REPORT = re.compile(rf"\d|{_SAID.pattern}", re.IGNORECASE)
_LABEL = re.compile(r"[^\W\d]+(?: [^\W\d]+){1,6}")
_TAGS = re.compile(r"(?:[#@][^\W\d]\w*[\s,]*)+")  # hashtags, and accounts
_STAFF = re.compile(r"(?:reach|contact|e-?mail|write\s+to)\s+.{3,60}?\b(?:at|on|via)\s+\S*@\S+.{0,60}", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+")


def is_furniture(line: str) -> bool:
    """Whether a line is page furniture, regardless of its position."""
    if not line or _TAGS.fullmatch(line) or is_link(line) or _STAFF.fullmatch(line[:200]):
        return True
    words = line.split()
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", line) if part]
    about = len(words) <= 120 and _ABOUT_CONSENT.search(line) and not _SAID.search(line)
    if is_caption(line) or (about and all(_CONSENT.match(sentence) for sentence in sentences)):
        return True
    if len(words) > 30:
        return False
    bare = _strip_decoration(line)
    if is_ago(bare):
        return True
    if (parts := _BETWEEN.split(bare))[2:] and all(is_edge_furniture(part) for part in parts):
        return True
    if not line.endswith((".", "!", "?", "”")) and (_FURNITURE.fullmatch(bare) or _FURNITURE.fullmatch(line)):
        return True
    if _COPYRIGHT.match(line) and len(words) <= 15:
        return True
    if len(words) == 1 or _REPORT.search(_URL.sub("", line)):
        return False
    calls = [bool(_CALL.match(sentence)) for sentence in sentences]
    return any(calls) and all(call or _is_slogan(text) for call, text in zip(calls, sentences, strict=True))


def _is_slogan(sentence: str) -> bool:
    """Whether a sentence beside a call to the reader only advertises: it exclaims, or is short and names nothing."""
    words = sentence.split()
    names = any(word[0].isupper() for word in words[1:])
    return sentence.endswith("!") or (len(words) <= _LONGEST_SLOGAN and not names)


def is_caption(line: str) -> bool:
    """Whether a line is the caption of a picture."""
    short = len(line) <= _LONGEST_BOX * _LONGEST_WORD and len(line.split()) <= _LONGEST_BOX
    return short and _CAPTION.fullmatch(line) is not None


def is_contact(line: str) -> bool:
    """Whether a line says whom to ask and when to print, as those above a press release do: "Contact: A. Name"."""
    return _CONTACT.fullmatch(line) is not None


def is_link(line: str) -> bool:
    """Whether a line holds URLs and no words. Emoji, arrows and punctuation are ignored."""
    return bool(_URL.search(line)) and not re.search(r"\w", _URL.sub("", line))


def is_edge_furniture(line: str) -> bool:
    """Whether a line is page furniture before the first or after the last sentence of an article."""
    return _strip_decoration(line).casefold() in _EDGE


def _is_menu(line: str) -> bool:
    """Whether a line is a row of several such words ("Home | News | Sport"), perhaps with a few others."""
    parts = [_strip_decoration(part).casefold() for part in _BETWEEN.split(line)]
    known = sum(part in _EDGE for part in parts)
    if len(parts) == 1 and len(words := line.split()) >= 4:  # copied without the marks between them
        return 3 * sum(is_edge_furniture(word) for word in words) >= 2 * len(words)
    return known >= 2 and 2 * known >= len(parts) and max(map(len, parts)) <= 30


def _strip_decoration(line: str) -> str:
    """Strip everything before the first and after the last letter or digit."""
    start = next((n for n, character in enumerate(line) if character.isalnum()), len(line))
    end = next((n for n in range(len(line), start, -1) if line[n - 1].isalnum()), start)
    return line[start:end]


def find_furniture(lines: Sequence[str]) -> set[int]:
    """Find the lines to drop.

    :param lines: an article's lines, stripped, without markup.
    :return: the indices of these lines.
    """
    found = {n for n, line in enumerate(lines) if is_furniture(line)}
    menus = {n for n, line in enumerate(lines) if _is_menu(line)}
    skipped = found | menus
    prose = [n for n, line in enumerate(lines) if len(line.split()) >= 8 and n not in skipped]
    for n, line in enumerate(lines):
        outside = bool(prose) and (n < prose[0] or n > prose[-1])
        if outside and (n in menus or (n > 0 and is_edge_furniture(line))):
            found.add(n)
    found |= _find_menu(lines[: prose[0]] if prose else (), found)
    if prose:
        # A page repeats what stands around its articles, such as "Harbour supplement", but so does a talk: "Yes."
        labels = {line.casefold() for line in lines[: prose[-1]] if _LABEL.fullmatch(line)}
        found |= {n for n in range(prose[-1] + 1, len(lines)) if lines[n].casefold() in labels}
    found |= _find_listed(lines, found)
    return found | _find_numbered(lines)


def _find_numbered(lines: Sequence[str]) -> set[int]:
    """The numbered headlines below "Most read" in the middle of an article."""
    found: set[int] = set()
    listing = False
    for n, line in enumerate(lines):
        numbered = _NUMBERED.match(line) is not None and not line.endswith(".")
        listing = (listing and numbered) or _LISTED.fullmatch(_strip_decoration(line)) is not None
        found |= {n} if listing and numbered else set()
    return found


def _find_menu(lines: Sequence[str], found: set[int]) -> set[int]:
    """The other words of a menu of one word a line: short lines between those that only a menu has."""
    words = [n for n in found if n < len(lines) and is_edge_furniture(lines[n])]
    if len(words) < FEWEST_IN_MENU:
        return set()
    return {n for n in range(min(words), max(words)) if len(lines[n].split()) <= LONGEST_IN_MENU}


def _find_listed(lines: Sequence[str], found: set[int]) -> set[int]:
    """The lists of other articles below the text: from "Most read" to the end, if no line there is a sentence."""
    first = len(lines)
    for n in range(len(lines) - 1, 0, -1):
        if n not in found and lines[n].endswith((".", "!", "”", '"')):
            break
        if _LISTED.fullmatch(_strip_decoration(lines[n])):
            first = n
    above = any(len(line.split()) >= 8 for line in lines[:first])
    return set(range(first, len(lines))) if above else set()
