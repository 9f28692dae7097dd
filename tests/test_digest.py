"""Digests: the main points of many articles, each said once, with where it comes from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import policynlp
from fake_analyzer import read_hanging
from policynlp.abstracts.main_points import OTHER, Digest, Digester, limits_for
from policynlp.analyzer import Analyzer
from policynlp.article import Article
from policynlp.cli import main
from policynlp.files import read
from policynlp.reading import read_text

LAB = "清溪县渔业实验室联合三所高校攻克低温保鲜技术，申请发明专利12件，成果转让给5家科技企业。"
FUND = "柳叶湾高新区设立2亿元科技成果转化基金，支持高新技术企业和高校院所共建研发中心。"
RAIN = "连日大雨过后，清溪县的河水退了下去，村民们忙着晒被子。"
SAMPLES = str(Path(__file__).parents[1] / "samples")


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return policynlp.load()


def article(text: str, title: str = "", source: str = "") -> Article:
    return replace(read_text(text), title=title, source=source)


def digested(
    analyzer: Analyzer, articles: list[Article], length: int = 600, others: bool = True
) -> Digest:
    digester = Digester(analyzer.themes, others=others)
    for analysis in analyzer.pipe(articles, limits=limits_for(analyzer.themes)):
        assert not isinstance(analysis, policynlp.article.Failure)
        digester.add(analysis)
    return digester.digest(length)


def test_two_articles_are_heard_by_theme(analyzer: Analyzer) -> None:
    found = digested(analyzer, [article(LAB, "保鲜", "清溪日报"), article(RAIN, "雨后")])
    assert [point.text for point in found.groups["科技创新"]] == [LAB]
    assert found.groups["科技创新"][0].article.source == "清溪日报"
    assert [point.text for point in found.groups[OTHER]] == [RAIN]
    assert (found.articles, found.reprints) == (2, 0)


def test_what_several_say_is_said_once_and_counts(analyzer: Analyzer) -> None:
    reworded = LAB.replace("联合三所高校攻克", "联合三所高校，攻克").replace("转让给", "已转让给")
    articles = [article(FUND + "\n" + RAIN), article(LAB), article("　" + LAB), article(reworded)]
    found = digested(analyzer, articles)
    points = found.groups["科技创新"]
    assert [(point.text, point.articles) for point in points] == [(LAB, 3), (FUND, 1)]
    assert found.reprints == 1  # the reworded one is another article that says the same


def test_other_figures_say_something_else(analyzer: Analyzer) -> None:
    other = LAB.replace("12件", "57件").replace("5家", "31家").replace("清溪县", "芦花县")
    found = digested(analyzer, [article(LAB), article(other)])
    assert {point.text for point in found.groups["科技创新"]} == {LAB, other}


@pytest.mark.parametrize("length", [1, 40, 90, 200, 5000])
def test_points_quote_their_articles_within_the_length(analyzer: Analyzer, length: int) -> None:
    articles = [article(text) for text in (LAB, FUND, RAIN, LAB + FUND, FUND + RAIN)]
    found = digested(analyzer, articles, length)
    points = [point for group in found.groups.values() for point in group]
    assert sum(len(point.text) for point in points) <= length
    assert all(found.groups.values())
    assert len({point.text for point in points}) == len(points)
    for point in points:
        assert point.article.text[point.sentence.start : point.sentence.end] == point.text
    assert digested(analyzer, articles, length) == found


def test_a_digest_of_nothing_has_no_groups(analyzer: Analyzer) -> None:
    assert digested(analyzer, []) == Digest({}, 0, 0)
    assert digested(analyzer, [article("")]) == Digest({}, 1, 0)
    assert digested(analyzer, [article(RAIN)], others=False).groups == {}


def test_the_command_writes_points_with_their_sources(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digest.json"
    assert main(["digest", SAMPLES, "--length", "500", "-o", str(out)]) == 0
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["articles"] > 10
    assert [group["theme"] for group in record["themes"]][-1] == OTHER
    points = [point for group in record["themes"] for point in group["points"]]
    assert 300 < sum(len(point["text"]) for point in points) <= 500
    assert all(point["end"] - point["start"] == len(point["text"]) for point in points)
    assert main(["digest", SAMPLES, "--theme", "科技创新"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n## ") == 1
    assert "\n- " in printed
    assert "（《" in printed


def test_the_command_names_what_it_could_not_hear(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.txt").write_text(LAB, encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\x00\x01\x02\xff\xfe\x00")
    assert main(["digest", str(tmp_path)]) == 3
    printed = capsys.readouterr()
    assert "bad.txt: " in printed.err
    assert "另有 1 篇未能读取" in printed.out
    for wrong in (["--theme", "体育"], ["-o", "digest.docx"], ["--length", "0"]):
        assert main(["digest", str(tmp_path), *wrong]) in (1, 2)
    assert main(["digest", str(tmp_path / "none")]) == 1


def test_the_command_says_when_a_text_is_traditional(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "雲溪縣把科技創新擺在發展全局的核心位置，推動傳統產業數字化轉型，幹部帶頭抓項目。"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    for command in ("digest", "analyze"):
        assert main([command, str(tmp_path / "a.txt")]) == 0
        printed = capsys.readouterr()
        assert "--simplify" in (printed.err if command == "digest" else printed.out)
        assert main([command, str(tmp_path / "a.txt"), "--simplify"]) == 0
        printed = capsys.readouterr()
        assert "--simplify" not in printed.out + printed.err
        assert "推动传统产业数字化转型" in printed.out


def test_an_article_that_hangs_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.txt", "b.docx", "c.txt"):
        (tmp_path / name).write_text(LAB, encoding="utf-8")
    monkeypatch.setitem(read._PAGES, (".docx",), read_hanging)
    inputs = [str(tmp_path / name) for name in ("a.txt", "b.docx", "c.txt")]
    printed = []
    for jobs in ("1", "2"):
        assert main(["digest", *inputs, "--jobs", jobs, "--max-seconds", "0.5"]) == 3
        printed.append(capsys.readouterr())
    assert printed[0] == printed[1]
    assert f"- {LAB}（a.txt；共 2 篇）" in printed[0].out
    assert "b.docx: no result after 0.5 s" in printed[0].err


def test_the_command_replaces_no_input_and_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, out = tmp_path / "in" / "page.md", tmp_path / "out.md"
    page.parent.mkdir()
    page.write_text(LAB, encoding="utf-8")
    for inputs in (page, page.parent):
        assert main(["digest", str(inputs), "-o", str(page), "--overwrite"]) == 1
        assert "which this command needs" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == LAB
    out.write_text("earlier", encoding="utf-8")
    assert main(["digest", str(page), "-o", str(out)]) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "earlier"
    assert main(["digest", str(page), "-o", str(out), "--overwrite"]) == 0
    assert LAB in out.read_text(encoding="utf-8")


def test_advice_to_go_on_is_for_runs_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "page.txt").write_text(LAB, encoding="utf-8")
    monkeypatch.setattr("os.fsync", full)
    for command, out, goes_on in (("digest", "out.md", False), ("score", "out.jsonl", True)):
        assert main([command, str(tmp_path / "page.txt"), "-o", str(tmp_path / out)]) == 1
        said = capsys.readouterr().err
        assert "make room on the disk, then give the same command again" in said
        assert ("it goes on from here" in said) is goes_on
