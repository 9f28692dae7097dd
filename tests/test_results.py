"""Results that answer: what each quotes, prints, shows and becomes."""

import csv
import io
import json
import pickle
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import policynlp
from html_tags import Tags
from policynlp import AbstractLimits, Analysis, Analyzer, Article
from policynlp.article import LONGEST_LINE
from policynlp.batch import Options, score
from policynlp.messages import speaking
from policynlp.reading import read_divided
from policynlp.results import Abstract, Evidence, ParagraphAnalysis, SectionAnalysis, Sentence, Tag
from policynlp.schema import to_json

SAMPLES = Path(__file__).parents[1] / "samples"
HOSTILE = '<script src="https://example.org/x.js">alert("1")</script>&\'\u202e\x1b[31m\ud800'


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return policynlp.load()


@pytest.fixture(scope="module")
def found(analyzer: Analyzer) -> list[Analysis]:
    texts = [path.read_text("utf-8", errors="replace") for path in sorted(SAMPLES.glob("*.txt"))]
    limits = AbstractLimits(whole_sentences=False, themes=analyzer.themes[:2])
    return [*analyzer.pipe([*texts, "", "\n"], limits=limits), *analyzer.pipe(texts[:3])]


class Shown(Tags):
    """What of a page is text, what of that is marked, and which attributes there are."""

    def __init__(self, page: str) -> None:
        self.text = ""
        self.marked: list[str] = []
        self.attributes: set[str] = set()
        super().__init__(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open[-1] == "mark":
            self.marked.append(data)


def parts(result: object) -> Iterator[Any]:
    """A result and all results in it."""
    if isinstance(result, tuple | list):
        for each in result:
            yield from parts(each)
    elif isinstance(result, dict):
        yield from parts([*result.values()])
    elif is_dataclass(result):
        yield result
        for field in fields(result):
            yield from parts(getattr(result, field.name))
        yield from getattr(result, "sentences", ()) if isinstance(result, ParagraphAnalysis) else ()


def test_every_place_quotes_the_text(found: list[Analysis]) -> None:
    quoted = dict.fromkeys((Sentence, Evidence, ParagraphAnalysis, SectionAnalysis), 0)
    for analysis in found:
        assert analysis.text == analysis.article.text
        for part in parts(analysis):
            if type(part) in quoted:
                quoted[type(part)] += 1
                assert part.text == analysis.text[part.start : part.end]
    assert min(quoted.values()) > 50


def test_sections_and_paragraphs_answer(found: list[Analysis]) -> None:
    headings = 0
    for analysis in found:
        assert analysis.title == analysis.article.title
        for section, read in zip(analysis.sections, analysis.article.sections, strict=True):
            assert section.level == read.level
            assert section.heading == (analysis.text[slice(*read.heading)] if read.heading else "")
            assert section.text.startswith(section.heading)
            headings += bool(section.heading)
            for paragraph in section.paragraphs:
                assert "".join(each.text for each in paragraph.sentences) == paragraph.text
    assert headings > 20


def test_a_result_gives_its_record(found: list[Analysis]) -> None:
    for analysis in found:
        assert analysis.to_dict() == json.loads(to_json(analysis))
        assert analysis.to_dict(with_text=True) == {**analysis.to_dict(), "text": analysis.text}


def test_records_and_rows_are_those_of_score(analyzer: Analyzer, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    texts = [path.read_text("utf-8", errors="replace") for path in sorted(SAMPLES.glob("0*.txt"))]
    lines = [json.dumps({"id": f"a{i}", "text": text}) for i, text in enumerate(texts)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    limits = AbstractLimits(themes=analyzer.themes[:1])
    for name in ("out.jsonl", "out.csv"):
        options = Options(limits=limits)
        score(policynlp.load, [str(source)], str(tmp_path / name), options=options)
    articles = [replace(analyzer.analyze(text).article, id=f"a{i}") for i, text in enumerate(texts)]
    results = list(analyzer.pipe(articles, limits=limits))
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [analysis.to_dict() for analysis in results] == records
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        written = list(csv.DictReader(stream))
    rows = [row for analysis in results for row in analysis.rows()]
    assert len(rows) == len(written) > len(texts)
    for row, cells in zip(rows, written, strict=True):
        assert list(row) == list(cells)
        assert ["" if value is None else str(value) for value in row.values()] == [
            cell.removeprefix("'") if cell.startswith("'") else cell for cell in cells.values()
        ]


def test_an_article_without_sections_has_a_row(analyzer: Analyzer) -> None:
    empty = analyzer.analyze("")
    (row,) = empty.rows()
    assert (row["status"], row["section"], row["heading"]) == ("none", None, None)
    assert list(row) == list(analyzer.analyze("一、抓项目\n项目开工。").rows()[0])


def test_every_repr_is_one_short_line(found: list[Analysis], analyzer: Analyzer) -> None:
    hostile = analyzer.analyze(Article(HOSTILE * 40, id=HOSTILE, title=HOSTILE * 9))
    kinds = set()
    for part in parts([*found, hostile]):
        if type(part).__module__ == "policynlp.results" or isinstance(part, Article):
            kinds.add(type(part))
            line = repr(part)
            assert len(line) <= LONGEST_LINE
            assert line.startswith(f"{type(part).__name__}(")
            assert line.isprintable()
    assert len(kinds) == 8


def test_a_repr_says_what_was_found(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(
        read_divided("开工", [("一、抓项目", ["36个重大项目集中开工，总投资88亿元。"])], id="a7")
    )
    (tag,) = analysis.themes
    (section,) = analysis.sections
    said = f"themes={{'{tag.theme}': {round(tag.probability, 2)}}}"
    assert repr(analysis) == f"Analysis(id='a7', title='开工', sections=1, {said})"
    assert repr(section) == f"SectionAnalysis(heading='一、抓项目', paragraphs=1, {said})"
    assert repr(analyzer.analyze("")).endswith("sections=0, status='none')")
    assert repr(Sentence(0, 2, "开工")) == "Sentence(text='开工', start=0, end=2)"


def test_nothing_can_be_changed(found: list[Analysis]) -> None:
    for part in parts(found[0]):
        with pytest.raises(FrozenInstanceError):
            setattr(part, fields(part)[0].name, None)
        with pytest.raises((AttributeError, TypeError)):
            part.anything = 1


def test_no_public_object_is_a_tuple(found: list[Analysis]) -> None:
    """Whose ``count`` and ``index`` would be offered beside what it says."""
    for part in parts(found[0]):
        assert not hasattr(part, "count")
        assert not hasattr(part, "index")


def test_results_travel_and_compare(found: list[Analysis], analyzer: Analyzer) -> None:
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert list(map(hash, again)) == list(map(hash, found))
    for part in parts(found[0]):
        assert len({part, pickle.loads(pickle.dumps(part))}) == 1
    other = replace(found[0], model="another")
    assert other != found[0]
    assert Tag("数字化", 0.9) != Tag("数字化", 0.8)
    assert Abstract("甲。", ()) != Abstract("乙。", ())


def test_a_notebook_shows_an_article(analyzer: Analyzer) -> None:
    body = "当天，汐湾县举行重大项目集中开工仪式，36个项目总投资88亿元。"
    analysis = analyzer.analyze(read_divided("开工", [("一、抓项目", [body]), ("", ["天晴。"])]))
    page = analysis._repr_html_()
    tags = Shown(page)
    assert tags.text.count("一、抓项目") == 1
    for tag in analysis.sections[0].themes:
        assert f"{tag.theme} {tag.probability:.2f}" in page
        for evidence in tag.evidence:
            assert f"{tag.theme} +{evidence.weight:.2f}" in page
    evidence = [each for tag in analysis.sections[0].themes for each in tag.evidence]
    assert evidence
    assert {each.text for each in evidence} >= set(tags.marked)
    assert analysis.sections[0]._repr_html_() in page
    assert "(no heading)" in page
    with speaking("zh"):
        assert "(no heading)" not in analysis._repr_html_()


def test_a_notebook_is_safe_from_what_an_article_says(found: list[Analysis]) -> None:
    one = Evidence(0, 8, 1.0, HOSTILE[:8])
    two = Evidence(4, 12, 0.5, HOSTILE[4:12])
    tags = (Tag(HOSTILE, 0.9, (one, two)), Tag("甲", 0.8, (two,)))
    article = read_divided(HOSTILE, [(HOSTILE, [HOSTILE, HOSTILE])], id=HOSTILE, url=HOSTILE)
    good = next(each for each in found if each.sections)
    (section,) = article.sections
    text = article.text
    paragraphs = tuple(ParagraphAnalysis(p, "none", (), {}, text) for p in section.paragraphs)
    own = SectionAnalysis(
        section, "tagged", tags, {}, Abstract(HOSTILE, ()), paragraphs, article.text
    )
    bad = replace(
        good, article=article, themes=tags, abstract=Abstract(HOSTILE, ()), sections=(own,)
    )
    for page in (bad._repr_html_(), *(each._repr_html_() for each in found)):
        page.encode()
        shown = Shown(page)
        assert {*shown.seen} <= {
            *("div", "p", "strong", "small", "br", "span", "details", "summary", "mark")
        }
        assert shown.attributes <= {"style", "title"}
    assert "<script" not in bad._repr_html_()
    assert "\u202e" not in bad._repr_html_()


def test_overlapping_evidence_is_marked_once(analyzer: Analyzer) -> None:
    article = read_divided("", [("", ["甲乙丙丁戊己"])])
    (section,) = article.sections
    one, two = Evidence(1, 4, 1.0, "乙丙丁"), Evidence(3, 5, 0.5, "丁戊")
    paragraph = ParagraphAnalysis(section.paragraphs[0], "none", (), {}, article.text)
    tags = (Tag("子", 0.9, (one,)), Tag("丑", 0.8, (two,)))
    shown = SectionAnalysis(
        section, "tagged", tags, {}, Abstract("", ()), (paragraph,), article.text
    )._repr_html_()
    assert (
        '甲<mark title="子 +1.00">乙丙</mark><mark title="子 +1.00; 丑 +0.50">丁</mark>'
        '<mark title="丑 +0.50">戊</mark>己' in shown
    )


def test_a_long_article_is_shown_in_part(analyzer: Analyzer) -> None:
    sections = [("一、抓项目", ["全县推进项目建设，三个项目开工。" * 100])] * 60
    page = analyzer.analyze(read_divided("长文", sections))._repr_html_()
    assert len(page) < 60_000
    assert "<p>…</p>" in page


def test_rows_make_a_data_frame(found: list[Analysis]) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(row for analysis in found[:3] for row in analysis.rows())
    assert len(frame) == sum(len(analysis.sections) for analysis in found[:3])
    assert frame["heading"].map(type).eq(str).all()


def test_csv_of_rows_is_a_table(found: list[Analysis]) -> None:
    """As the standard library writes it, too."""
    rows = found[0].rows()
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    assert len(list(csv.DictReader(io.StringIO(buffer.getvalue())))) == len(rows)
