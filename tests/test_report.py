"""The page of scored articles without a browser: what it holds, and records that are wrong."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fake_analyzer import FakeAnalyzer
from html_tags import Tags
from policynlp import cli
from policynlp.article import Article
from policynlp.errors import InputError
from policynlp.files.find import find_inputs
from policynlp.files.items import make_article
from policynlp.files.read import read_inputs
from policynlp.messages import speaking
from policynlp.report.collection import Earlier, collection_page
from policynlp.schema import Scored, read_scored, to_record
from policynlp.themes.drift import Profile, measure_drift
from scored_records import record

SAMPLES = Path(__file__).parents[1] / "samples"
DATA = re.compile(r'<script type="application/json" (?:id|class)="(\w+)">(.*?)</script>', re.S)
HAN = r"[\u2e80-\u9fff\uff00-\uffef]"
HOSTILE = (
    '</script><img src=x onerror=alert(1)><svg onload=alert(1)><!--<script>"&amp;\u2028\u2029\x00'
)

Records = list[dict[str, Any]]


def write(path: Path, records: Records) -> Path:
    lines = (json.dumps(each, ensure_ascii=False) + "\n" for each in records)
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


@pytest.fixture
def scored(tmp_path: Path) -> Callable[..., list[Scored]]:
    """Records as they are read again."""
    return lambda *records: list(read_scored([write(tmp_path / "out.jsonl", list(records))]))


def articles() -> list[Article]:
    found = read_inputs(find_inputs([str(SAMPLES / "*.txt"), str(SAMPLES / "divided.jsonl")]))
    return [make_article(each.record) for each in found]  # type: ignore[union-attr]


def data(page: str) -> tuple[dict[str, Any], Records]:
    """The index and the articles that lie in a page, before the words of its scripts."""
    found = [(name, json.loads(text)) for name, text in DATA.findall(page)]
    assert [name for name, _ in found] == ["index", *["article"] * (len(found) - 2), "words"]
    return found[0][1], [value for _, value in found[1:-1]]


def test_a_page_of_scored_samples_holds_them_and_reaches_for_nothing(
    scored: Callable[..., list[Scored]],
) -> None:
    analyses = [FakeAnalyzer().analyze(article) for article in articles()]
    page = collection_page(scored(*(to_record(each, with_text=True) for each in analyses)), "样本")
    tags = Tags(page)
    assert tags.open == []
    assert set(tags.links) == {"#list"}
    assert "style=" not in page
    index, bodies = data(page)
    assert [row["title"] for row in index["articles"]] == [a.article.title for a in analyses]
    assert [body["text"] for body in bodies] == [a.article.text for a in analyses]
    for analysis, body in zip(analyses, bodies, strict=True):
        for section, part in zip(body["sections"], analysis.sections, strict=True):
            assert (section["start"], section["end"]) == (part.section.start, part.section.end)
            assert [
                [index["themes"][t], q] for t, quotes in section["evidence"] for q in quotes
            ] == [
                [tag.theme, [e.start, e.end, round(e.weight, 4)]]
                for tag in part.themes
                for e in tag.evidence
            ]


def test_the_policy_allows_the_pages_own_style_and_script_alone(
    scored: Callable[..., list[Scored]],
) -> None:
    page = collection_page(scored(record()))
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', page)
    assert policy
    for name in ("style", "script"):
        (text,) = re.findall(rf"<{name}>(.*?)</{name}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in html.unescape(policy[1])
    assert html.unescape(policy[1]).startswith("default-src 'none';")
    assert "unsafe" not in policy[1]


def test_what_an_article_says_stays_text(scored: Callable[..., list[Scored]]) -> None:
    text = f"{HOSTILE}\n{HOSTILE}。"
    hostile = record(
        text,
        heading="",
        evidence=((HOSTILE, HOSTILE),),
        themes=(HOSTILE,),
        title=HOSTILE,
        source=HOSTILE,
        url="javascript:alert(1)",
        published="2024-05-06",
        model=HOSTILE,
    )
    page = collection_page(scored(hostile), HOSTILE)
    tags = Tags(page)
    assert tags.open == []
    assert "img" not in tags.seen
    assert tags.seen.count("script") == 4
    assert "\u2028" not in page.partition("<script")[2]
    index, (body,) = data(page)
    assert index["articles"][0]["title"] == index["themes"][0] == index["sources"][0] == HOSTILE
    assert body["text"] == text


def test_without_text_the_quotes_are_there(scored: Callable[..., list[Scored]]) -> None:
    bare = record()
    del bare["text"]
    _, (with_text, without) = data(collection_page(scored(record(), bare)))
    (_, ((start, end, weight),)) = with_text["sections"][0]["evidence"][0]
    assert with_text["text"][start:end] == "证据"
    assert without["text"] is None
    assert without["sections"][0]["evidence"] == [[0, [[start, end, weight, "证据"]]]]


def test_an_article_takes_less_room_than_its_record(
    scored: Callable[..., list[Scored]],
) -> None:
    records = [to_record(FakeAnalyzer().analyze(each), with_text=True) for each in articles()]
    one, two = collection_page(scored(*records)), collection_page(scored(*records, *records))
    written = sum(len(json.dumps(each, ensure_ascii=False).encode()) for each in records)
    assert len(two.encode()) - len(one.encode()) < written


def test_charts_count_sections(scored: Callable[..., list[Scored]]) -> None:
    both = record(
        evidence=(("甲主题", "证据"), ("乙主题", "正文")), published="2023-11-02", source="日报"
    )
    page = collection_page(
        scored(
            both,
            record(published="2024-02-28 09:30", source="日报"),
            record(evidence=(), published="2024-02-29", source="晚报"),
            record(published="去年"),
        )
    )
    assert re.findall(r'data-theme="(\d)" class="row hue-\d">.*?class="count">(\d)<', page) == [
        ("0", "3"),
        ("1", "1"),
    ]
    assert re.findall(r'data-source="\d" class="row"><span>(.*?)<.*?class="count">(\d)<', page) == [
        ("日报", "2"),
        ("晚报", "1"),
        ("unknown source", "1"),
    ]
    months = ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert re.findall(r'<th scope="col">([\d-]+)</th>', page) == months
    assert re.findall(r"<title>(.*?): sections (\d), with a theme (\d)<", page) == list(
        zip(months, "1002", "1001", strict=True)
    )
    assert re.findall(r'data-theme="(\d)" data-period="([\d-]+)".*?>(\d)</button>', page) == [
        ("0", "2023-11", "1"),
        ("0", "2024-02", "1"),
        ("1", "2023-11", "1"),
    ]
    assert "Sections without a date: 1." in page
    # A month without a section keeps its place.
    assert re.findall(r'<rect x="(.*?)%".*?class="(all|tagged)"', page) == [
        *(("0.83", name) for name in ("all", "tagged")),
        *(("25.83", name) for name in ("all", "tagged")),
    ]


@pytest.mark.parametrize(
    ("first", "last", "periods"),
    [
        ("2019-12-31", "2024-11-01", 60),
        ("2019-12-31", "2024-12-01", 6),
        ("1949-10-01", "2024-12-01", 2),
    ],
)
def test_long_times_are_years(
    scored: Callable[..., list[Scored]], first: str, last: str, periods: int
) -> None:
    page = collection_page(scored(record(published=first), record(published=last)))
    assert len(re.findall(r'<th scope="col">\d', page)) == periods


def test_forty_themes_can_be_told_apart(scored: Callable[..., list[Scored]]) -> None:
    names = tuple(f"主题{i}" for i in range(40))
    page = collection_page(scored(record(evidence=((names[7], "证据"),), themes=names)))
    assert len(set(re.findall(r'class="swatch (.*?)"', page))) == 40


def english_record(**metadata: str) -> dict[str, Any]:
    """A record without a Chinese character."""
    text = "Top\nHead\nSome evidence here.\nEnd."
    quotes = (("Digital", "evidence"),)
    made = record(text, heading="Head", evidence=quotes, themes=("Digital", "Works"), **metadata)
    return made | {"theme_abstracts": {"Works": {"text": "Of works.", "sentences": []}}}


def page_with_everything(articles: list[Scored], theme: str) -> str:
    """A page with all that it may say."""
    profiles = [Profile(9, n, [n, 30 - n] + [0] * 18, [n, 30 - n] + [0] * 6, n) for n in (9, 1)]
    drifts = [(f"{n}.jsonl", measure_drift(*profiles)) for n in range(2)]
    few = measure_drift(Profile(9, 9, [1] + [0] * 19), profiles[1])
    assert all(drift for _, drift in drifts)
    return collection_page(
        articles,
        drifts=[*drifts, ("3.jsonl", few)],  # type: ignore[list-item]
        earlier=Earlier("0.jsonl", 1000, {theme: 10}),
    )


def test_a_page_speaks_english_or_chinese(scored: Callable[..., list[Scored]]) -> None:
    dates = [f"2024-{month:02}-01" for month in range(1, 12)]
    english = scored(
        *(english_record(published=date, source=date, title=date) for date in dates),
        english_record(),
    )
    page = page_with_everything(english, "Digital")
    assert '<html lang="en">' in page
    assert re.findall(HAN, page) == []
    chinese = scored(*(record(published=date, source=date) for date in dates), record())
    with speaking("zh"):
        page = page_with_everything(chinese, "甲主题")
    assert '<html lang="zh-Hans">' in page
    assert "变化较大：甲主题由 1.0% 升至 100.0%。" in page
    own = {"m", "jsonl"}  # of the model's and the files' names
    assert set(re.findall(r"[A-Za-z]+", " ".join(Tags(page).said))) == own


def set_field(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(whole: dict[str, Any]) -> None:
        *way, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
        for key in way:
            whole = whole[key]
        if value is ...:
            del whole[last]
        else:
            whole[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("id", ..., '"id" is missing'),
        ("status", "sure", '"status" must be tagged or uncertain or none'),
        ("sections", {}, '"sections" must be a list'),
        ("sections.0", "x", r'"sections\[0\]" must be an object'),
        ("sections.0.level", True, r'\[0\]\.level" must be a whole number from 0 on, found true'),
        ("sections.0.end", 999, r'"sections\[0\]" must be a stretch of the text'),
        ("sections.0.probabilities.甲主题", 1.2, '.甲主题" must be a number from 0 to 1'),
        (
            "sections.0.probabilities.甲主题",
            float("nan"),
            "a number from 0 to 1, found NaN",
        ),
        ("sections.0.themes.0.evidence.0.start", 3, r'evidence\[0\]\.text" must be what stands at'),
        ("sections.0.themes.0.evidence.0.weight", "1", r'\[0\]\.weight" must be a number, found'),
        ("sections.0.paragraphs.1.start", -1, r'\[1\]\.start" must be a whole number from 0 on'),
        ("abstract.text", None, '"abstract.text" must be a string'),
        ("removed.0.reason", 3, r'"removed\[0\]\.reason" must be a string'),
        ("text", 3, '"text" must be a string'),
    ],
)
def test_a_wrong_record_is_named(
    scored: Callable[..., list[Scored]], path: str, value: object, complaint: str
) -> None:
    wrong = record()
    set_field(path, value)(wrong)
    with pytest.raises(InputError, match=rf"out\.jsonl:2: .*{complaint}"):
        scored(record(), wrong)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"", "a.csv: a report is made of .jsonl"),
        ("a.jsonl", b"\n{\n", "a.jsonl:2: not a line of JSON"),
        ("a.jsonl", b"[]\n", "a.jsonl:1: must be an object"),
        ("a.jsonl", b'{"id": "\xff"}\n', "a.jsonl:1: not a line of JSON"),
        ("a.jsonl", b'{"id": "1", "text": "x"}\n', 'a.jsonl:1: "status" is missing'),
        ("a.jsonl.gz", gzip.compress(b"{}" * 999)[:-9], "a.jsonl.gz: cannot be unzipped"),
        ("a.jsonl.gz", b"{}", "a.jsonl.gz: cannot be unzipped"),
        ("a.jsonl", b"\n", "there is no article to report"),
        ("missing.jsonl", None, "missing.jsonl: there is no such file"),
        ("week*.jsonl", None, "week*.jsonl: no file or folder matches"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_no_page(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | None,
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    assert cli.main(["report", name, "-o", "page.html"]) == 1
    assert f"policynlp: error: {complaint}" in capsys.readouterr().err
    assert list(tmp_path.glob("*page*")) == []


def test_the_command_reads_zipped_and_several_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = write(tmp_path / "a.jsonl", [record(title="甲")])
    zipped = tmp_path / "b.jsonl.gz"
    zipped.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(record(title="乙")).encode()))
    page = tmp_path / "page.html"
    assert cli.main(["report", str(plain), str(zipped), "-o", str(page), "--title", "周报"]) == 0
    index, _ = data(page.read_text(encoding="utf-8"))
    assert [row["title"] for row in index["articles"]] == ["甲", "乙"]
    assert "<title>周报</title>" in page.read_text(encoding="utf-8")
    assert cli.main(["report", str(plain), "-o", str(tmp_path / "page.csv")]) == 2
    assert "a report must end in .html" in capsys.readouterr().err


def test_the_command_expands_what_a_shell_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell of Windows hands ``*`` on."""
    monkeypatch.chdir(tmp_path)
    for name, title in (("out2.jsonl", "乙"), ("out1.jsonl", "甲"), ("other.jsonl", "丙")):
        write(Path(name), [record(title=title)])
    assert cli.main(["report", "out*.jsonl", "-o", "page.html"]) == 0
    index, _ = data(Path("page.html").read_text(encoding="utf-8"))
    assert [row["title"] for row in index["articles"]] == ["甲", "乙"]


def test_broken_characters_do_not_end_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(record(title="甲\ud800")), encoding="ascii")
    page = tmp_path / "page.html"
    assert cli.main(["report", str(tmp_path / "a.jsonl"), "-o", str(page)]) == 0
    index, _ = data(page.read_text(encoding="utf-8"))
    assert index["articles"][0]["title"] == "甲?"
