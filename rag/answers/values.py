"""Parses short answers into values, to compare wordings of one value and values of different articles."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from rag.answers.wordings import POWERS, any_of, fold_text, read_date, spell_in_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind: TypeAlias = Literal["money", "percent", "date", "count", "words"]
Hedge: TypeAlias = Literal["", "about", "more", "less"]

LONGEST = 120
"""Maximum number of characters of an amount or a date."""
MOST_WORDS = 60
"""Texts with more words agree only if all their words are equal."""

_CURRENCIES = {
    name: row.split(",")[0]
    for row in (
        "usd,$,us$,us dollars,us dollar,dollars,dollar", "eur,€,euros,euro", "gbp,£,pounds,pound", "jpy,¥,yen",
        "cad,c$,ca$,canadian dollars", "aud,a$,au$,australian dollars", "hkd,hk$", "sgd,s$", "cny,yuan", "inr,₹,rupees",
    )
    for name in row.split(",")
}  # fmt: skip
_STOPS = {
    "a", "an", "the", "in", "of", "on", "at", "to", "for", "by", "with", "from", "and", "or", "as", "per", "after",
    "than", "who", "that", "which", "since", "during", "its", "his", "her", "their", "is", "was", "mr", "mrs", "ms",
    "dr",
}  # fmt: skip
_FILLERS = _STOPS | {
    "between", "worth", "valued", "total", "aged", "age", "just", "only", "well", "slightly", "more", "other", "new",
    "additional", "old", "full", "time", "us", "may", "could", "be", "team", "group",
}  # fmt: skip
_NEGATIONS = {"not", "no", "never", "without", "non", "nor", "neither"}
_PEOPLE = {"people", "person", "individual", "employee", "worker", "staff", "staffer", "job", "position", "role"}

_WORD = re.compile(r"(?<!\w)[^\W\d_]\.(?!\w)|[0-9]+(?:[.,:][0-9]+)*[^\W_]*|\.[0-9]+|[^\W_]+(?:\+\+|#)?|[$€£¥₹%]")
_THOUSANDS = re.compile(r",(?=[0-9]{3}(?![0-9]))")
_FIGURE = re.compile(
    rf"(?<![\w.,:/])(?P<sign>minus |negative )?(?:(?P<before>{any_of(_CURRENCIES)}) ?)?"
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    rf"(?:[ -]?(?P<magnitude>{any_of(POWERS)})\b)?(?:[ -]?(?P<behind>%|{any_of(_CURRENCIES)})(?!\w))?"
    r"(?!\w|[.,:/][0-9])"
)
_SHARE = r"1 of |\S+ (?:in|of|out of)(?: the| every| its)? [0-9]{1,3}\b"
_HEDGE = re.compile(
    r"(?<!\w)(?:(?P<less>almost|nearly|(?:just )?under|below|(?:less|fewer) than|up to|at most|as (?:much|many) as"
    r"|(?:no|not) more than|or (?:less|fewer)|<)|(?P<more>over|above|exceed(?:s|ed|ing)?|(?:more|greater) than|at least"
    r"|plus|no (?:less|fewer) than|upwards of|in excess of|or (?:more|higher)|and up|>|\+)"
    r"|(?P<about>about|around|roughly|approximately|approx|some|circa|(?:an )?estimated|close to|or so|~))(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount as it was written.

    :param step: the value of the last digit that is shown.
    :param magnitude: the factor of the magnitude word, 10**6 for "million"; 1 without one.
    """

    amount: Fraction
    step: Fraction
    magnitude: int = 1


@dataclass(frozen=True, slots=True)
class Value:
    """A parsed short answer. ``words`` are set for every kind."""

    kind: Kind
    words: tuple[str, ...]
    hedge: Hedge = ""
    figures: tuple[Figure, ...] = ()
    """One amount, or the two ends of a range."""
    currency: str = ""
    unit: tuple[str, ...] = ()
    """What is counted, or what money is paid per, as singular nouns."""
    parts: tuple[tuple[str, int], ...] = ()
    """Of a date: year, quarter, month, day, weekday and minute of the day, if given or implied."""


def read_value(text: str) -> Value:
    """Parse any text. If it is neither an amount nor a date, such as two amounts or a clause, its kind is words."""
    folded = fold_text(text)
    spelt = spell_in_digits(folded)
    tokens = _WORD.findall(spelt)
    words = tuple(_THOUSANDS.sub("", token).rstrip(".") for token in tokens if token not in _STOPS)
    words = words or tuple(tokens) or ((folded,) if folded else ())
    if len(folded) <= LONGEST:
        if parts := read_date(folded):
            return Value("date", words, parts=parts)
        if value := _read_amount(spelt, words):
            return value
    return Value("words", words)


def agree(one: Value, other: Value) -> bool:
    """Whether both can be wordings of one value. Unequal values that are not :func:`comparable` never agree."""
    if one == other or not comparable(one, other):
        return one == other
    if "words" in (one.kind, other.kind):
        return _agree_words(one.words, other.words)
    if one.kind == "date":
        mine = dict(one.parts)
        return all(mine.get(name, n) == n for name, n in other.parts)
    currencies, units = {one.currency, other.currency} - {""}, (set(one.unit), set(other.unit))
    if len(currencies) > 1 or (all(units) and not units[0] & units[1]):
        return False
    return _agree_figures(_fill_in_magnitude(one, other), _fill_in_magnitude(other, one))


def comparable(one: Value, other: Value) -> bool:
    """Whether both could answer the same question, so that they contradict each other if they do not agree."""
    kinds = {one.kind, other.kind}
    if kinds == {"date"}:
        return bool(dict(one.parts).keys() & dict(other.parts).keys())
    if len(kinds) == 1:
        return one == other or bool(one.words and other.words)
    if kinds == {"date", "words"}:
        # May, April, June and August can also be names.
        name = one if one.kind == "date" else other
        return dict(name.parts).keys() == {"month", "quarter"} and _agree_words(one.words, other.words)
    if not kinds <= {"count", "money", "percent"} or "count" not in kinds:
        return False
    bare, typed = (one, other) if one.kind == "count" else (other, one)
    alike = bare.figures[-1].magnitude in (1, typed.figures[-1].magnitude) or _agree_figures(bare, typed)
    return alike and not bare.unit


def _read_amount(text: str, words: tuple[str, ...]) -> Value | None:
    found = list(_FIGURE.finditer(text))
    if not found:
        return None
    lead, hedge = _take_hedge(text[: found[0].start()])
    joint = text[found[0].end() : found[1].start()].strip() if len(found) > 1 else ""
    last = int(joint in ("-", "to", "or") or (joint == "and" and "between" in lead))
    following = text[found[last].end() : found[last + 1].start() if len(found) > last + 1 else None]
    rest, behind = _take_hedge(text[found[last].end() :], at_end=True)
    ends = found[: last + 1]
    # In "$14 billion CAD", the code after the amount is more specific than the sign.
    signs = [_CURRENCIES.get(sign, sign) for end in ends for sign in (end["behind"], end["before"]) if sign]
    kind: Kind = "percent" if "%" in signs else "money" if signs else "count"
    figures = _read_figures(ends)
    is_list = len(found) > last + 1 and re.fullmatch(r"\W*(?:and|or|plus)?\W*", following)
    # "One of its founders" and "one in five" are not counts.
    is_share = kind == "count" and re.match(_SHARE, f"{found[0]['number']} {rest}")
    if not figures or is_list or is_share or (kind == "percent" and set(signs) != {"%"}) or not _is_lead(lead, kind):
        return None
    unit = _read_unit(rest, kind)
    if any(noun[0].isdigit() for noun in unit):
        return None
    return Value(kind, words, hedge or behind, figures, signs[0] if kind == "money" else "", unit)


def _take_hedge(text: str, at_end: bool = False) -> tuple[str, Hedge]:
    """(text without its hedge, hedge). After an amount, only hedges such as "or more" count."""
    match = _HEDGE.search(text)
    if not match or (at_end and not re.match(r"or |and |plus|\+|at ", match[0])):
        return text.strip(), ""
    return f"{text[: match.start()]}{text[match.end() :]}".strip(), cast("Hedge", match.lastgroup)


def _read_figures(ends: Sequence[re.Match[str]]) -> tuple[Figure, ...]:
    """One figure, or the ends of a range, the first with the second's magnitude. Empty for a falling range, a score."""
    figures: list[Figure] = []
    for match in ends:
        number = match["number"].replace(",", "")
        magnitude = 1000 ** POWERS.get(match["magnitude"], 0)
        step = Fraction(1, 10 ** len(number.partition(".")[2]))
        figures.append(_scale(Figure(Fraction(number) * (-1 if match["sign"] else 1), step), magnitude))
    low, high = figures[0], figures[-1]
    if low.magnitude == 1 and low.amount * high.magnitude < high.amount:
        low = _scale(low, high.magnitude)
    return tuple(figures) if len(figures) == 1 else (low, high) if low.amount < high.amount else ()


def _scale(figure: Figure, magnitude: int) -> Figure:
    return Figure(figure.amount * magnitude, figure.step * magnitude, magnitude)


def _is_lead(lead: str, kind: Kind) -> bool:
    """Whether the words before an amount only introduce it, like "a total of", unlike "Alexandr Wang,"."""
    others = [word for word in lead.split() if word not in _FILLERS]
    lets_in = kind != "count" and len(others) <= 2 and lead.endswith((" of", " at", " by", " for", " worth"))
    return not others or (lets_in and all(map(str.isalpha, others)))


def _read_unit(rest: str, kind: Kind) -> tuple[str, ...]:
    if kind == "count":
        counted = re.split(rf"[^\w\s-]|\b(?:{any_of(_STOPS)})\b", rest, maxsplit=1)[0].replace("-", " ").split()
    else:
        counted = re.findall(r"^(?:per|an?|/) ?([^\W\d_]+)", rest)
    nouns = [re.sub(r"ies$", "y", noun) for noun in counted if noun not in _FILLERS]
    singular = [re.sub(r"(?<=\w\w\w)(?<![isu])s$", "", noun) for noun in nouns]
    return tuple("people" if noun in _PEOPLE else noun for noun in singular)


def _fill_in_magnitude(value: Value, other: Value) -> Value:
    """Add the magnitude of ``other`` to a bare number: "14.3" compared with "$14.3 billion" means billions."""
    last = value.figures[-1]
    if value.kind != "count" or other.kind == "count" or last.magnitude > 1 or last.amount >= 1000:
        return value
    return replace(value, figures=tuple(_scale(figure, other.figures[-1].magnitude) for figure in value.figures))


def _agree_figures(one: Value, other: Value) -> bool:
    few, many = sorted(([(figure, value.hedge) for figure in value.figures] for value in (one, other)), key=len)
    if len(few) == len(many):
        return all(_is_rounded(*pair) for pair in zip(few, many, strict=True))
    return many[0][0].amount <= few[0][0].amount <= many[1][0].amount or any(_is_rounded(few[0], end) for end in many)


def _is_rounded(one: tuple[Figure, Hedge], other: tuple[Figure, Hedge]) -> bool:
    """Whether both are equal, or one is the other rounded, in the direction that its hedge allows."""
    sides = sorted((_find_step(*side), side[1], side[0].amount) for side in (one, other))
    (fine, _, exact), (coarse, hedge, shown) = sides
    if exact == shown:
        return True
    if fine == coarse or (hedge == "more" and exact < shown) or (hedge == "less" and exact > shown):
        return False
    return -1 <= 2 * (exact - shown) / coarse * (-1 if shown < 0 else 1) < 1


def _find_step(figure: Figure, hedge: Hedge) -> Fraction:
    """The value of the last significant digit. Zeros in "about 300", "nearly 50" and 14,300,000,000 are rounding."""
    step, amount = figure.step, abs(figure.amount)
    while (hedge or (figure.magnitude == 1 and amount >= 10**6)) and amount % (10 * step) == 0 and amount >= 100 * step:
        step *= 10
    return 2 * step if hedge and amount and amount % (10 * step) == 0 else step


def _agree_words(one: Sequence[str], other: Sequence[str]) -> bool:
    if max(len(one), len(other)) > MOST_WORDS:
        return one == other
    numbers, others = ({word for word in words if any(map(str.isdigit, word))} for words in (one, other))
    if (numbers and others and numbers != others) or (_NEGATIONS & set(one)) != (_NEGATIONS & set(other)):
        return False
    joined = not numbers | others and "".join(one) == "".join(other)
    return joined or _stand_in(one, other) or _stand_in(other, one)


def _stand_in(some: Sequence[str], words: Sequence[str]) -> bool:
    """Whether ``words`` has each of ``some``, possibly misspelt or as an initial, but not all as initials."""
    left, missing = list((Counter(words) - Counter(some)).elements()), list((Counter(some) - Counter(words)).elements())
    whole = len(some) - len(missing)
    for word in missing:
        misspelt = [mate for mate in left if _is_misspelt(word, mate)]
        mates = misspelt or [
            mate
            for mate in left
            if mate[0] == word[0] and min(len(mate), len(word)) == 1 and not _is_numeral(mate + word)
        ]
        if not mates or not f"{mates[0]}{word}".isalpha():
            return False
        left.remove(mates[0])
        whole += bool(misspelt)
    return whole > 0


def _is_numeral(word: str) -> bool:
    """Whether a word looks like a Roman numeral, which is not an initial: II does not stand for Ivan."""
    return set(word) <= set("ivx")


def _is_misspelt(one: str, other: str) -> bool:
    """Whether two long words differ by few edits and not in the first letter: million differs from billion."""
    shortest = min(len(one), len(other))
    return shortest >= 5 and one[0] == other[0] and _is_within(one, other, 2 if shortest >= 8 else 1)


def _is_within(one: str, other: str, edits: int) -> bool:
    """Whether the edit distance is at most ``edits``, counting swaps of neighbours as one edit."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[same:], other[same:]
    if not one or not other or not edits:
        return len(one) + len(other) <= edits
    if one[:2] == other[1::-1] and _is_within(one[2:], other[2:], edits - 1):
        return True
    return any(_is_within(one[i:], other[j:], edits - 1) for i, j in ((1, 0), (0, 1), (1, 1)))
