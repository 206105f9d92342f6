"""A folder of messy files becomes articles that read well, with nothing of their content lost."""

from __future__ import annotations

import errno
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import SEEDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.articles.cleaning import clean_text
from rag.articles.duplicates import find_duplicates
from rag.articles.folder import Contents, Skipped, find_articles, find_skipped, read_file
from rag.errors import CorpusError

if TYPE_CHECKING:
    from rag.types import Document

# None of these may cost more than in proportion to its length: a file may have 20 MB.
HOSTILE = {
    "spaces in a heading": lambda n: "# a" + " " * n + "b",
    "spaces after a rule": lambda n: "--" + " " * n + "x",
    "spaces in a table's rule": lambda n: "--|" + " " * n + "x",
    "spaces before a word": lambda n: " " * n + "x",
    "spaces in a link": lambda n: "[a](" + " " * n + "x",
    "spaces between links": lambda n: "a" + " [](#)" * (n // 4) + "b",
    "heading marks": lambda n: "# " * n + "x",
    "bullets": lambda n: "- " * n + "x",
    "all marks": lambda n: "> - # • * " * (n // 4) + "x",
    "ampersands": lambda n: "&" + "amp;" * n,
    "numbered ampersands": lambda n: "&" + "#38;amp;#x26;" * n + "lt;",
    "emphasis": lambda n: "*_" * (n // 4) + "x" + "_*" * (n // 4),
    "links": lambda n: "[" * (n // 4) + "x" + "](#)" * (n // 4),
    "tables": lambda n: "<table>" * (n // 20) + "<tr><td colspan=9 rowspan=9>x" * (n // 40) + "</table>",
    "tags": lambda n: "<" * (n // 4) + "b>" * (n // 4) + "x",
    "backslashes": lambda n: "\\" * n + "x",
    "decoration": lambda n: "a" + "-" * n + "b",
    "wrapped lines": lambda n: "lower case words that run on for as long as a line may be and on\n" * (n // 8),
    "lines to join": lambda n: "word " * 20 + "\n\nand on" * (n // 8),
    "repeated headings": lambda n: "".join(f"one two three word{k % (n // 30)}\n\n" for k in range(n // 10)),
    "dates": lambda n: "A b c.\n\n" * 2 + "June 1, 2025\n\n" * (n // 20) + "So it was said at the time. " * 9,
    "front matter": lambda n: "---\n" + "  - a: b\n" * min(n // 100, 59) + "x" * n,
}
HEADER = (
    "Meta Takes 49% Stake in Scale AI for $14.3 Billion—CEO Alexandr Wang Joins Superintelligence Team "
    "as Scale Operates Independently"
)
# Cut in two by a page header in the file.
MENDED = [
    "As part of the deal, Scale AI founder and CEO Alexandr Wang will join Meta’s superintelligence team directly.",
    "Jason Droege: The interim CEO inherits a company with massive resources, proven product-market"
    " fit, and a clear strategic direction.",
    "The top layer includes Scale's consulting and custom pipeline development for enterprise clients.",
    "Superintelligent systems—if they emerge—will require training data that captures superhuman-level reasoning.",
    "Wang's move to Meta's superintelligence team signals that the company believes data infrastructure"
    " expertise determines capability trajectories for the most advanced systems.",
]
CONTENT = {
    "000": [
        "Could Wang pull off the most ambitious data labelling project in human history?",
        "Roughly 20% of the world’s mobile internet traffic flows through its empire of apps like WhatsApp,"
        " Instagram, Facebook.",
        "That’s 3.5 billion daily active users.",
        "he joins Meta to lead a superintelligence AI unit for $14.3B.",
        "(some reportedly paid under $1/day)",
        "used as one “rack-scale” system.",
        "OpenAI hits $10B in annual revenue.",
        "The company is targeting $125 billion in revenue by 2029.",
        "Meta is close to finalizing an almost $15 billion investment in Scale AI",
        "assembling a team of about 50 people to help Meta supercharge its AI goals – specifically, to achieve",
        "introduces “STARFlow,” a system developed by Apple researchers",
        "with just three lines of Swift code",
        "ByteDance and Carnegie Mellon researchers announced PartCrafter",
        "The unspoken secret in AI: $$$ today is mostly with service-led growth (Tara Tan)",
        "Cursor system prompts have been leaked, and it's a goldmine. (X)",
        "Meta just bought 49% of Scale AI.",
        "I wrote a warning piece on this. No fear, no hype. Just clarity.",
    ],
    "001": [
        *MENDED,
        "Meta paid $14.3 billion for half of a data labeling company—then recruited its founder to build"
        " superintelligence.",
        "On June 13, 2025, Meta closed what ranks among the largest strategic AI investments in history:"
        " a $14.3 billion acquisition of 49% of Scale AI.",
        "a total Scale AI valuation of approximately $29.2 billion—extraordinary for a company",
        "Jason Droege steps in as interim CEO while Scale continues operating as an independent company.",
        "spans defense contracts, autonomous vehicle programs, and virtually every major foundation model lab.",
        "Alexandr Wang built Scale AI from a dorm room to a $29 billion valuation before turning 28.",
        "Scale can now invest in R&D, expand its platform capabilities",
        "Labelbox, Snorkel, and smaller annotation platforms now compete",
        "This isn't defensible through IP protection—it's defensible because replicating it",
        "Given Meta's $1.5 trillion market cap, the investment represents roughly 1% of company value",
        "Where does your training data come from? If the answer includes Scale AI, understand",
        "Labelbox provides stronger tooling for teams that want to manage annotation in-house",
        "Build for RLHF: Design systems that capture preference signals implicitly.",
        "In the race to superintelligence, Meta just signaled that data infrastructure",
        "dynamics have fundamentally shifted.",
    ],
    "002": [
        "Meta's shift away from Scale AI reflects a strategic move toward proprietary AI data infrastructure",
        "Alexandr Wang's $14 billion company must now prove its enterprise and government contracts",
        'Founded in 2016, Scale AI emerged as the "API for human intelligence,"',
        "(like Toyota and NVIDIA)",
        "several factors changed the calculus:",
        'Projects like Meta\'s "CICERO" demonstrated',
        "With over 3 billion users across its platforms",
        "From custom AI chips (MTIA) to supercomputing clusters",
        'venture capitalist Matt Turck calls "the great unbundling and rebundling."',
        "Companies like Weights & Biases and emerging",
        "The company's work on Project Maven (the Pentagon's AI initiative)",
        "building beneath this foundational layer.",
    ],
    "003": [
        "Meta investment of $10 billion in Scale AI is more than just a simple financing tour",
        "10 billion dollarsMeta investment in Scale AI",
        "870 million dollars → 2 billion dollars: Domain revenue scale of artificial intelligence (2024 to 2025)",
        "$7B → 13.8 billion dollars: Path for the evaluation of the scale in modern financing rounds",
        "said the CEO of Scale Ai Wang told the Financial Times in 2024.",
        "The two companies are working on Defense Llama",
        "Scale Ai witnessed revenues of $870 million last year and is expected to bring $2 billion this year",
        "may become “data wars”-a competition to control high-quality specialized data groups",
        "Meta, the $10 billion, may be remembered as the moment",
    ],
    "004": [
        "Meta announced an investment of about $15 billion in Scale AI",
        "its acquisition of WhatsApp for $19 billion and Instagram for $1 billion",
        "according to informed sources..",
        "approximately 4.3% of its best competencies",
        "Alexander Wang, 28, although he has never led a tech research lab",
        "saying: “Data is like a moving target. It's not enough to catch up, you have to be proactive..",
        "This collaboration with Meta could put Scale AI in a delicate position",
        "OpenAI is preparing to launch its new GPT-5 model",
        "upcoming models within the Llama series...",
        "all eyes remain on Meta to see what comes next.",
    ],
}
FURNITURE = [
    *("Don’t miss more", "Click here", "Related Articles", "Back to top", "Post Top Ad", "Main Second Ad"),
    *("Breaking", "Tech made simple", "Angry Techz", "Image from web search", "substack.com", "03:17:00"),
    *("#Superintelligence", "Jun 10, 2026", "\\$", "\\\\", "**", "](", "##", "•", "👉"),
]
TITLES = {
    "000": ("Meta bets on human training data with Scale AI's Alexandr Wang", None),
    "001": (HEADER, None),
    "002": ("Top Questions & Answers Regarding the Meta-Scale AI Divergence", None),
    "003": ("Why Meta’s Biggest AI Bet Isn’t on Models—It’s on Data", "2025-06-09"),
    "004": ("Will the Scale AI deal succeed in reigniting Meta's AI efforts?", "2026-06-10"),
}


@pytest.fixture(scope="module")
def seeds() -> dict[str, Document]:
    documents, skipped = read_all(SEEDS)
    assert skipped == []
    return {document.document_id[:3]: document for document in documents}


def read_all(corpus: Path) -> tuple[list[Document], list[Skipped]]:
    read = [read_file(path, corpus) for path in find_articles(corpus)]
    documents = [document for item in read if isinstance(item, Contents) for document in item.documents]
    skipped = [*find_skipped(corpus), *(item for item in read if isinstance(item, Skipped))]
    return documents, sorted(skipped, key=lambda item: item.document_id)


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_txt", ".txt").replace("_md", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.mark.parametrize("seed", sorted(CONTENT))
def test_what_a_seed_says_survives_word_for_word(seeds: dict[str, Document], seed: str) -> None:
    assert [text for text in CONTENT[seed] if text not in seeds[seed].text] == []


@pytest.mark.parametrize("seed", sorted(CONTENT))
def test_what_surrounds_a_seed_is_gone(seeds: dict[str, Document], seed: str) -> None:
    assert [text for text in FURNITURE if text in seeds[seed].text] == []


@pytest.mark.parametrize("seed", sorted(TITLES))
def test_titles_and_dates_of_the_seeds(seeds: dict[str, Document], seed: str) -> None:
    assert (seeds[seed].title, seeds[seed].date) == TITLES[seed]


def test_almost_every_word_of_the_seeds_survives(seeds: dict[str, Document]) -> None:
    for path in find_articles(SEEDS):
        raw = re.sub(r"(?i)^(## )?meta takes 49%.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
        before, after = len(re.findall(r"\w+", raw)), len(re.findall(r"\w+", seeds[path.name[:3]].text))
        assert after > 0.93 * before, path.name


def test_a_page_header_stays_as_the_title_only(seeds: dict[str, Document]) -> None:
    assert seeds["001"].text.count("Operates Independently") == 1
    assert seeds["001"].text.startswith(HEADER + "\n\n")
    assert HEADER not in {section.heading for section in seeds["001"].sections}


def test_a_page_header_in_a_list_glues_nothing(seeds: dict[str, Document]) -> None:
    paragraphs = seeds["001"].text.split("\n\n")
    assert any(p.endswith("they still offer advantages:") for p in paragraphs)
    assert any(p.startswith("Labelbox provides stronger") for p in paragraphs)


def test_headings_with_and_without_marks_start_sections(seeds: dict[str, Document]) -> None:
    for document in seeds.values():
        for section in document.sections:
            assert document.text[section.start :].startswith(section.heading + "\n\n")
    headings = {seed: [section.heading for section in document.sections] for seed, document in seeds.items()}
    assert headings["003"] == [
        "The infrastructure of the data is necessary",
        "Strategic differentiation by controlling data",
        "Military and governmental dimension",
        "Microsoft-OpenAI Model Challenge",
        "Amnesty International Infrastructure Economics",
        "Looking: Data wars begin",
    ]
    assert headings["004"] == [
        "Background and Context",
        "What Meta Announced",
        "Technical Details",
        "Key Takeaways",
    ]
    assert "6-Month Horizon" in headings["001"]
    assert "The Synthetic Data Revolution" in headings["002"]
    assert "News that mattered this week" in headings["000"]


WORDS = ["Meta", "deal", "the", "is:", "said.", "2", "O", "السلام", "日本", "<SRD>", "$ 10", "\\\\$"]
MARKS = ["**", "_it_", "`", "[a](http://b.c)", "![x](y.png)", "#tag", "“Hi", "there.”", "”", "...", "<b>"]
ODD = ["&amp;amp;", "â€™", "Ã©", ">", "|", "\\*x\\*", "x_y", "***", "---", "===", "~~s~~", "\u200b", "\x00"]
LINES = [
    "\ufeff",
    "</b>",
    "<p>",
    "dollarsMeta",
    "•",
    "-",
    "2025-06-09",
    "Jun 10, 2026",
    "Read more",
    "Breaking",
    "A - Site",
    "http://x.y",
]
MESSY = st.sampled_from([*WORDS, *MARKS, *ODD, *LINES])
MESSY_LINES = st.tuples(
    st.sampled_from(["", "# ", "## ", "- ", "  • ", "> ", "| ", "    ", "---", "```"]),
    st.lists(MESSY, max_size=8).map(" ".join),
    st.sampled_from(["\n", "\n\n", "\r\n", "\n\n\n"]),
).map("".join)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.one_of(st.text(), st.lists(MESSY_LINES, max_size=12).map("".join)))
def test_cleaning_again_changes_nothing_and_paragraphs_are_one_blank_line_apart(raw: str) -> None:
    cleaned = clean_text(raw)
    assert clean_text(cleaned.text).text == cleaned.text
    assert cleaned.text == cleaned.text.strip()
    assert all(paragraph.strip() and "\n" not in paragraph for paragraph in cleaned.text.split("\n\n") if cleaned.text)
    for section in cleaned.sections:
        assert cleaned.text.startswith(section.heading, section.start)


def test_cleaning_the_seeds_again_changes_nothing(seeds: dict[str, Document]) -> None:
    for document in seeds.values():
        assert clean_text(document.text).text == document.text


PROSE = "The company said on Monday that it had bought the plant for an undisclosed sum of money."


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("It cost \\$5 and \\\\$6.", "It cost $5 and $6."),
        ("It paid $ 10 billion.", "It paid $10 billion."),
        ("It sold 40 iPhones, 3 eBooks and 2 McLarens.",) * 2,
        ("**Bold** and *italic* and `code` and ~~old~~.", "Bold and italic and code and old."),
        ("See [the report](https://a.b/c_(d)) here.", "See the report here."),
        ("Read <https://a.b> now.", "Read https://a.b now."),
        ("A &amp; B &lt;C&gt; &#8220;D&#8221;.", "A & B <C> “D”."),
        ("<p>One <b>two</b>.</p><script>var x = 1;</script><p>Three.</p>", "One two.\n\nThree."),
        ("Standard Oil <SRD> and <B> rose 5 * 3 * 2 in snake_case_name.",) * 2,
        ("Itâ€™s a cafÃ© with “curly” quotes.", "It’s a café with “curly” quotes."),
        ("One\x00 two\u200b three\u00a0four.", "One two three four."),
        ("One.\r\nTwo.\rThree.\u2028Four.", "One.\n\nTwo.\n\nThree.\n\nFour."),
        ("- One item\n* Two items\n  • Three items", "One item\n\nTwo items\n\nThree items"),
        ("1. First do this.\n2. Then that.", "1. First do this.\n\n2. Then that."),
        ("| A | B |\n|---|---|\n| 1 | 2 |", "A | B\n\nA: 1 | B: 2"),
        (
            "| NOK million | 2025 | 2024 |\n|:--|---:|---:|\n| Sales | 31 | |\n| Staff | 7 | 6 |\n\n| 1 | 2 | 3 |",
            "NOK million | 2025 | 2024\n\nSales | 2025: 31 | NOK million\n\nStaff | 2025: 7 | 2024: 6 | NOK million"
            "\n\n1 | 2 | 3",
        ),
        ("> Quoted words.\n\n---\n\nMore.", "Quoted words.\n\nMore."),
        ("وقال الرئيس إن الصفقة تمت.\u200f", "وقال الرئيس إن الصفقة تمت."),
        ("", ""),
        ("\ufeff \n\n\t", ""),
    ],
)  # fmt: skip
def test_marks_go_and_words_stay(raw: str, text: str) -> None:
    assert clean_text(raw).text == text


@pytest.mark.parametrize(
    "line",
    ["Share this article", "Subscribe now", "Related Articles", "#Meta #ScaleAI", "👉 https://a.b/c",
     "Advertisement", "Image: Getty Images", "© 2025 News Corp. All rights reserved.", "[Home](/) |"
     " [News](/news) | [About](/about)",
     "Sign up for our newsletter! Follow us on X.", "Read more: Another story", "3 min read",
     "Copyright © 2025 The Wire", "Copyright 2025 Reuters.", "(c) 2024 News Corp", "Photo by Ana Ruiz on Unsplash",
     "Copyright News Corp. All rights reserved.", "Image via Getty Images/AFP", "Photo: Żaneta Wójcik for The Times",
     "Never miss a story. Subscribe now.", "Stay tuned for more!"],
)  # fmt: skip
def test_page_furniture_goes_wherever_it_stands(line: str) -> None:
    for raw in (f"{PROSE}\n\n{line}\n\n{PROSE} Again.", f"{PROSE}\n\n{PROSE} Again.\n\n{line}"):
        assert clean_text(raw).text == f"{PROSE}\n\n{PROSE} Again."


@pytest.mark.parametrize(
    "line",
    ["Share prices fell.", "Search", "Subscribers rose by 5%.", "He clicked here.", "Comments",
     "Image rights matter.", "Microsoft's Super Bowl Ad", "Follow the money, he said.", "Net 1,234 vs 4,321",
     "By John Smith", "Copyright holders sued OpenAI in 2023 for $3 billion.", "Copyright trolls won 12 cases.",
     "Copyright holders sue OpenAI", "(c) Meta pays its founder", "Stay tuned for GPT-5 in August, Altman said.",
     "Photos by satellite show 14 new bases", "Photos from space show the damage",
     "Never miss a payment, Buffett said.", "Never miss 2 payments.", "Follow us, the colonel told his men."],
)  # fmt: skip
def test_what_only_resembles_furniture_stays(line: str) -> None:
    assert line in clean_text(f"{PROSE}\n\n{line}\n\n{PROSE} Again.").text


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_no_article_takes_long_to_clean(name: str) -> None:
    # What is quadratic takes 16 times as long for 4 times as much.
    times = [min(measure_cleaning(HOSTILE[name](n)) for _ in range(3)) for n in (4_000, 16_000)]
    assert times[1] < 8 * times[0] + 0.02, times


def measure_cleaning(text: str) -> float:
    start = time.process_time()
    clean_text(text)
    return time.process_time() - start


def test_marks_inside_marks_go_in_one_pass() -> None:
    assert clean_text("# " * 2000 + "x").text == "x"
    assert clean_text("> - # • * " * 2000 + "x").text == "x"
    assert clean_text("&" + "amp;" * 2000 + "lt;").text == "<"


def test_lines_wrapped_at_a_width_become_one_paragraph() -> None:
    wrapped = "The company said on Monday that it had bought\nthe plant for an undisclosed sum of money, in\ncash."
    assert clean_text(wrapped).text == wrapped.replace("\n", " ")


def test_a_line_goes_on_after_a_comma_whatever_the_next_one_begins_with() -> None:
    raw = (
        "A headline\n\nThe wettest single day was 17 March, when it rained for hours.\n"
        "The reservoir is full. The duty forecaster of the hills,\nPenny Orr, said that April was likely to be dry."
    )
    last = clean_text(raw).text.split("\n\n")[-1]
    assert last.endswith("The duty forecaster of the hills, Penny Orr, said that April was likely to be dry.")


def test_headlines_one_below_the_other_stay_apart() -> None:
    raw = "Company buys the old plant near the river\nTown hopes for new work at the plant\nRiver runs high"
    assert clean_text(raw).text == raw.replace("\n", "\n\n")


@pytest.mark.parametrize(
    ("raw", "title", "date"),
    [
        (f"A short title\n26-FEB-1987 15:01:01.79\n\n{PROSE}", "A short title", "1987-02-26"),
        (
            f"TRADE PACT WITH THE U.S.\n1-MAR-1987 09:00:00.00\n\n{PROSE}",
            "TRADE PACT WITH THE U.S.",
            "1987-03-01",
        ),
        (f"---\ntitle: 'From the top'\ndate: 2024-02-29T10:00\n---\n\n{PROSE}", "From the top", "2024-02-29"),
        (f"# Heading\n\nPublished: Monday, 9 June 2025\n\n{PROSE}", "Heading", "2025-06-09"),
        (f"Kenya\n\n{PROSE}", "Kenya", None),
        (f"A title\n\nLONDON, June 13, 2025 – {PROSE}", "A title", "2025-06-13"),
        (f"A title\n\n{PROSE}\n\nOn June 13, 2025, it rained.", "A title", None),
        (f"A title\n\n2025-02-30\n\n{PROSE}", "A title", None),
        (PROSE, "", None),
    ],
)
def test_titles_and_dates(raw: str, title: str, date: str | None) -> None:
    cleaned = clean_text(raw)
    assert (cleaned.title, cleaned.date) == (title, date)
    assert PROSE in cleaned.text


def test_a_chronicle_keeps_its_dates() -> None:
    raw = f"A title\n\n{PROSE}\n\nJune 1, 2025\n\n{PROSE}\n\nJune 2, 2025\n\n{PROSE}"
    assert "June 1, 2025\n\n" in clean_text(raw).text
    assert "June 2, 2025\n\n" in clean_text(raw).text


def test_articles_are_found_in_order_and_others_left_alone(tmp_path: Path) -> None:
    write(tmp_path, b_txt=PROSE, a__c_md=PROSE, README_md=PROSE, d_pdf=PROSE)
    write(tmp_path / ".hidden", e_txt=PROSE)
    (tmp_path / "Z.TXT").write_text(PROSE)
    (tmp_path / ".f.txt").write_text(PROSE)
    assert [path.relative_to(tmp_path).as_posix() for path in find_articles(tmp_path)] == [
        "Z.TXT",
        "a/c.md",
        "b.txt",
    ]


def test_a_link_out_of_the_folder_is_not_followed_but_named(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", secret_txt=PROSE)
    corpus = write(tmp_path / "corpus", a_txt=PROSE)
    (corpus / "out.txt").symlink_to(outside / "secret.txt")
    (corpus / "dangling.txt").symlink_to(corpus / "gone.txt")
    (corpus / "folder").symlink_to(outside)
    (corpus / "loop").symlink_to(corpus)
    documents, skipped = read_all(corpus)
    assert [document.document_id for document in documents] == ["a.txt"]
    assert [item.document_id for item in skipped] == ["dangling.txt", "out.txt"]


def test_files_that_hold_no_text_are_named_with_a_fix_and_the_others_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        good_txt="\ufeff" + PROSE,
        foreign_txt="Мост будет закрыт до ноября".encode("cp1251"),
        empty_txt="",
        blank_txt=" \n",
    )
    write(tmp_path, binary_txt=bytes(range(8)) * 50, null_txt=f"{PROSE}\x00", wide_txt=PROSE.encode("utf-16"))
    documents, skipped = read_all(tmp_path)
    assert [d.document_id for d in documents] == ["good.txt", "null.txt", "wide.txt"]
    assert [d.text for d in documents] == [PROSE] * 3
    assert [d.title for d in documents] == ["good", "null", "wide"]
    reasons = {item.document_id: item.reason for item in skipped}
    assert sorted(reasons) == ["binary.txt", "blank.txt", "empty.txt", "foreign.txt"]
    assert "save it as UTF-8" in reasons["foreign.txt"]
    assert "has no text" in reasons["empty.txt"]


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.articles.folder.MAX_BYTES", 10)
    path = write(tmp_path, a_txt=PROSE) / "a.txt"
    skipped = read_file(path, tmp_path)
    assert isinstance(skipped, Skipped)
    assert "split it" in skipped.reason


def test_errors_name_the_fix(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no folder .*--corpus"):
        find_articles(tmp_path / "gone")
    with pytest.raises(CorpusError, match=r"is a file: .*--corpus"):
        find_articles(write(tmp_path / "x", a_txt=PROSE) / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"No articles in .*: put .* files there"):
        find_articles(tmp_path / "empty")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(CorpusError, match=r"No article in .* can be read; a\.txt: .*copy of the file"):
        find_articles(tmp_path / "links")


def test_a_path_that_cannot_be_looked_up_is_one_sentence_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for corpus in (tmp_path / "loop", tmp_path / ("x" * 300)):
        with pytest.raises(CorpusError, match=r"^\S+ cannot be read \(.+\): name another folder with --corpus\.$"):
            find_articles(corpus)
    write(tmp_path / "file", a_txt=PROSE)
    with pytest.raises(CorpusError, match=r"no folder .*--corpus"):
        find_articles(tmp_path / "file" / "a.txt" / "deeper")
    for name in ("stat", "iterdir"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, refuse)
            with pytest.raises(CorpusError, match=r"cannot be read \(Permission denied\): change .*, or .*--corpus\.$"):
                find_articles(tmp_path / "file")


def refuse(path: Path, *_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


def test_a_folder_that_cannot_be_read_is_named_with_a_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a_txt=PROSE, closed__b_txt=PROSE, open__closed__c_txt=PROSE, open__d_txt=PROSE)
    scan = os.scandir

    # The tests may run as root, whom no permission stops.
    def scan_open(path: str) -> object:
        return refuse(Path(path)) if Path(path).name == "closed" else scan(path)

    monkeypatch.setattr(os, "scandir", scan_open)
    documents, skipped = read_all(tmp_path)
    assert [document.document_id for document in documents] == ["a.txt", "open/d.txt"]
    assert [item.document_id for item in skipped] == ["closed", "open/closed"]
    assert {item.reason for item in skipped} == {
        "It is a folder that cannot be read (Permission denied): change its permissions."
    }
    (tmp_path / "a.txt").unlink()
    (tmp_path / "open" / "d.txt").unlink()
    with pytest.raises(CorpusError, match=r"No article in .* can be read; closed: .*change its permissions"):
        find_articles(tmp_path)


def read_texts(tmp_path: Path, *texts: str) -> list[Document]:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text)
    return read_all(tmp_path)[0]


def test_near_duplicates_are_found(tmp_path: Path, seeds: dict[str, Document]) -> None:
    text = seeds["002"].text
    other_figures = text.replace("14 billion", "15 billion").replace("2016", "2017").replace("3 billion", "4 billion")
    edited = text.replace("Founded in", "Started in").replace("Furthermore, ", "")
    documents = read_texts(tmp_path, text, other_figures, seeds["003"].text, edited, text[: len(text) // 2])
    assert find_duplicates(documents) == {"1.txt": "0.txt", "3.txt": "0.txt"}
    assert find_duplicates(list(seeds.values())) == {}
    assert find_duplicates([]) == {}


def test_reports_of_one_template_about_two_companies_are_no_duplicates(tmp_path: Path) -> None:
    figures = "Shr 34 cts vs 31 cts\n\nNet 1.2 mln vs 1.1 mln\n\nRevs 30 mln vs 28 mln"
    report = "{0} <{1}> 4TH QTR NET\n2-MAR-1987\n\n" + figures
    documents = read_texts(tmp_path, report.format("ACME INC", "ACM"), report.format("ZENITH CORP", "ZEN"))
    assert find_duplicates(documents) == {}


def test_a_header_is_not_repeated_beyond_measure() -> None:
    rows = "\n".join(f"| {n} | 2 |" for n in range(50))
    long = "x" * 2_000
    assert len(clean_text(f"| {long} | B |\n|---|---|\n{rows}").text) < 4_000
    assert clean_text(f"| A | B |\n|---|---|\n{rows}").text.count(" | B: 2") == 50
