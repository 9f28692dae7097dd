"""What an article takes grows as its length does, whatever it consists of."""

import ast
import gc
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType
from typing import Final, TypeVar

import pytest

import policynlp
from policynlp import AbstractLimits, Analyzer
from policynlp.abstracts.main_points import Digester, limits_for
from policynlp.cli.terminal import Look, analysis_lines, page_lines
from policynlp.errors import InputError
from policynlp.files.html import read_page
from policynlp.reading import read_text, split_clauses
from policynlp.schema import to_json
from pumping import bad_pump, growing, patterns_of

Result = TypeVar("Result")

# Which took longer and longer: some that were here, and textbook ones.
BAD: Final = {
    "navigation": r"^[^>，]{1,16}(?:[>＞›»→]+[^>＞›»→，]{0,26})+$",
    "bare label": r"^(?P<label>来源于?|稿源|作者)\s*[|丨]?(?P<value>[^，。：]{2,16}?)\s*[|丨]?$",
    "related": r"^[【\[]?\s*热门推荐\s*(?:排行|/.{0,20})?\s*[】\]]?\s*[:：>》]*\s*(?:更多)?$",
    "wrapped": r"(?<=[\u2e80-\u9fff])\s*[\r\n]\s*(?=[\u2e80-\u9fff])",
    "site": r"\s*[-_|–—]+\s*[^-_|–—]*$",
    "date": r"^\d{4}-\d\d-\d\d\s?日?\s*(?:周.)?\s*(?:$|[\s|]*第?\d{1,3}版$|[\s|][^，]{0,12}$)",
    "people": r"^\d+\s*条|\d+人参与",
    "unit": r"\s+|[“（]*(?:-*[0-9A-Za-z]+|\S)",
    "nested": r"(a+)+$",
    "spaces": r"\s*x\s*$",
    "words": r"^(\w+\s?)*$",
    "choices": r"^(?:东|东东)*西$",
    "between": r"<a[^>]*>[^中]*中",
    "overlap": r"[东西]*[西北]*南",
    "bytes": rb"(<created[^>]*>)[^<]*",
}
# Texts of about ``n`` characters.
SENTENCE: Final = "云溪县今年推进项目建设，新开工项目四十二个，完成投资九亿元。"
HEAD: Final = "政务网\n首页>要闻\n云溪县推进项目建设\n2024-01-02 10:00 来源：云溪日报\n"
SHORT: Final = ("今天天气很好。", "项目开工了。", "园区建设提速。", "数字政府上线。")


@cache
def modules() -> Mapping[str, ModuleType]:
    """Every module of the package."""
    found = pkgutil.walk_packages(policynlp.__path__, "policynlp.")
    names = [each.name for each in found if not each.name.endswith("__main__")]
    return {name: importlib.import_module(name) for name in names}


@pytest.mark.parametrize("source", BAD.values(), ids=BAD)
def test_a_pattern_that_grows_is_found(source: str | bytes) -> None:
    assert bad_pump(re.compile(source))


def test_every_pattern_is_linear() -> None:
    patterns = patterns_of(modules())
    assert len(patterns) > 70
    bad = {name: bad_pump(pattern) for pattern, name in patterns.items()}
    assert {name: pump for name, pump in bad.items() if pump} == {}


def test_no_pattern_hides_in_a_function() -> None:
    """What a module does not hold is not tried; one is made of names that are literal in it."""
    hidden = [
        (name, node.lineno)
        for name, module in modules().items()
        for function in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "re"
        and node.attr
        in ("compile", "search", "match", "fullmatch", "findall", "finditer")
        + ("sub", "subn", "split")
    ]
    assert [name for name, _ in hidden] == ["policynlp.files.atomic"]


def lines(*kinds: str) -> Callable[[int], str]:
    """Return a text of such lines, again and again."""
    return lambda n: "".join(f"{line}\n" for line in islice(cycle(kinds), n // 10))


def repeated(piece: str, start: str = "", end: str = "") -> Callable[[int], str]:
    """Return a text of one line, or of what ``piece`` has."""
    return lambda n: start + piece * (n // len(piece)) + end


TEXTS: Final[dict[str, Callable[[int], str]]] = {
    "arrows": repeated(">", "首页", "，"),
    "arrows in lines": repeated("首页>>>>>>>>>>>>>>>>>>，\n"),
    "spaces in a heading of links": repeated("热门推荐" + " " * 54 + "，\n"),
    "spaces behind a label": repeated(" ", f"{HEAD}来源", f"，\n{SENTENCE}"),
    "spaces behind a date": repeated(f"2024-01-02{' ' * 140}，\n"),
    "spaces between letters": repeated("来  ", HEAD, f"：某报\n{SENTENCE}"),
    "spaces": repeated(" ", end=SENTENCE),
    "empty lines": repeated("\u3000\n", SENTENCE, SENTENCE),
    "very short lines": repeated("中\n"),
    "one line without a mark": repeated("项目建设"),
    "one character": repeated("的"),
    "Latin letters": repeated("a"),
    "Latin words": repeated("ab "),
    "English": repeated("The plan is good. "),
    "digits": repeated("1"),
    "figures": repeated("3.5亿元，1,2.3％"),
    "dashes": repeated("-"),
    "quotes that open": repeated("“"),
    "straight quotes": repeated('他说："好。"'),
    "short quotes": repeated("“好！”"),
    "marks": repeated("！？"),
    "full stops with spaces": repeated("。 "),
    "brackets": repeated("（一）"),
    "a menu": lines("首页"),
    "a menu above and a body": lambda n: HEAD + lines("首页", "打印")(n) + SENTENCE,
    "metadata": lines("2024-01-02 10:00 来源：某报"),
    "metadata between paragraphs": lines("2024-01-02 来源：某报", SENTENCE),
    "all kinds of chrome": lines("来源：某报", "责任编辑：张三", "版权所有", "相关新闻", "打印"),
    "labels in a line": repeated("来源：", HEAD, f"\n{SENTENCE}"),
    "the title again and again": lambda n: HEAD + lines("云溪县推进项目建设")(n) + SENTENCE,
    "headings": lines("一、推进园区建设", SENTENCE),
    "headings of three levels": lines("一、推进", "（一）建设", "1. 园区"),
    "headings without numbers": lines("推进园区建设提速"),
    "broken lines": lines(SENTENCE[:-1]),
    "lines that go on": lambda n: "中" * (n // 2) + "，\n中。中\n" + lines("项目建设")(n),
    "the same paragraph": lines(SENTENCE),
    "one paragraph": repeated(SENTENCE),
    "openings": repeated("今年以来，", end="好。"),
    "tails": repeated("，为提供", end="。"),
    "who said it": repeated("“好。”他表示", end="。"),
    "what leans on the sentence before": repeated("但这是“项目建设的成果。"),
    "rare characters": repeated("\U00020000㐀\ue000"),
    "combining marks": repeated("\u0301"),
    "null": repeated("\0"),
    "addresses": repeated("https://"),
}
# Texts of ``n`` short sentences, which make long choices.
CHOICES: Final[dict[str, Callable[[int], str]]] = {
    "few": lambda n: "".join(islice(cycle(SHORT), n)),
    "each its own": lambda n: "".join(f"{chr(19968 + i % 999)}县{i * 7}个项目。" for i in range(n)),
    "leaning": lambda n: "这是“项目。" * n,
    "each leaning on the one before": lambda n: "相反]项目[？" * n,
}
BODY_TEXT: Final = SENTENCE * 10
BODY: Final = f"<p>{BODY_TEXT}</p>"
NESTED: Final = "<table><tr><td>" * 100 + SENTENCE * 9 + "</table>" * 100
PAGES: Final[dict[str, Callable[[int], str]]] = {
    "line ends": repeated("\n", "<p>中", "x"),
    "a title of dashes": repeated("-", "<title>", f"</title>{BODY}"),
    "words in bold": lambda n: f"<p>{'<b>中</b>' * n}</p>",
    "paragraphs": lambda n: f"<p>{SENTENCE}</p>" * n,
    "blocks": lambda n: f"{BODY}{'<div></div>中文' * n}",
    "tables": lambda n: f"{BODY}{'<table><tr><td>中</table>' * n}",
    "rows": lambda n: f"{BODY}<table>{'<tr><td>中<td>国' * n}</table>",
    "tables within tables": lambda n: BODY + NESTED * (n // 100),
    "links within links": lambda n: f"<p>{SENTENCE}<a href=x>" * min(n, 900) + SENTENCE * n,
    "attributes": lambda n: BODY + f"<p {' '.join(f'a{i}=1' for i in range(900))}>" * (n // 900),
    "ends without a beginning": lambda n: f"{BODY}{'</b></i>' * n}",
    "comments": lambda n: f"{BODY}{'<!--x-->中' * n}",
}
UNUSUAL: Final = {
    "many elements": BODY + "<b>中</b>" * 10_000,
    "links within links": BODY + f"<p>{SENTENCE}<a href=x>" * 50,
    "long": f"{BODY}<p>{'中' * 500_000}",
}
LIMITS: Final = AbstractLimits(2000, section_characters=500, whole_sentences=False)
HALF: Final = AbstractLimits(None, section_characters=None, ratio=0.5)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """Return the bundled model's."""
    return policynlp.load()


@pytest.mark.parametrize("made", TEXTS.values(), ids=TEXTS)
def test_no_stage_grows_faster_than_the_text(
    analyzer: Analyzer, made: Callable[[int], str]
) -> None:
    def times(n: int) -> dict[str, float]:
        clock, text = Clock(), made(n)
        article = clock("read", lambda: read_text(text))
        clock("clauses", lambda: split_clauses(text, 0, len(text)))
        limits = replace(LIMITS, themes=analyzer.themes)
        analysis = clock("analyze", lambda: analyzer.analyze(article, limits=limits))
        clock("write", lambda: to_json(analysis, with_text=True))
        clock("print", lambda: [*analysis_lines(analysis, Look())])
        clock("print page", lambda: [*page_lines(article, Look(), show_removed=True)])
        return clock.took

    assert growing(times, 3000, 0.1) == []


@pytest.mark.parametrize("made", CHOICES.values(), ids=CHOICES)
def test_no_long_choice_grows_faster_than_the_text(
    analyzer: Analyzer, made: Callable[[int], str]
) -> None:
    def times(n: int) -> dict[str, float]:
        clock, article = Clock(), read_text(made(n))
        clock("half", lambda: analyzer.analyze(article, limits=HALF))
        return clock.took

    assert growing(times, 800, 0.2) == []


@pytest.mark.parametrize("made", PAGES.values(), ids=PAGES)
def test_no_page_grows_faster_than_its_source(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[int], str]
) -> None:
    """That is our own reading; the extractor is asked about usual pages only."""
    monkeypatch.setattr("policynlp.files.html._extract", lambda tree: None)

    def times(n: int) -> dict[str, float]:
        clock, html = Clock(), made(n)
        clock("page", lambda: read_page(html))
        return clock.took

    assert growing(times, 3000, 0.1) == []


@pytest.mark.parametrize("made", UNUSUAL.values(), ids=UNUSUAL)
def test_the_extractor_is_not_asked_about_unusual_pages(
    monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("policynlp.files.html._extract", asked.append)
    assert BODY_TEXT in read_page(BODY).text
    assert len(asked) == 1
    assert BODY_TEXT in read_page(made).text
    assert len(asked) == 1


def test_a_page_with_too_many_attributes_is_refused() -> None:
    page = BODY + "".join(f"<p {' '.join(f'a{i}=1' for i in range(n))}>" for n in (999, 1001))
    with pytest.raises(InputError, match="1001 attributes"):
        read_page(page)


def test_no_digest_grows_faster_than_its_articles(analyzer: Analyzer) -> None:
    def times(n: int) -> dict[str, float]:
        clock, digester = Clock(), Digester(analyzer.themes, others=True)
        heard = list(
            analyzer.pipe(
                CHOICES["each its own"](n).split("。"), limits=limits_for(analyzer.themes)
            )
        )
        clock("add", lambda: [digester.add(each) for each in heard])
        clock("digest", lambda: digester.digest(n))
        return clock.took

    assert growing(times, 100, 0.1) == []


class Clock:
    """Processor time by what it was taken for."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.took: dict[str, float] = {}

    def __call__(self, name: str, what: Callable[[], Result]) -> Result:
        """Do something and note how long it takes.

        Without the search for garbage, which takes 0.3 s among all that other tests have left.
        """
        gc.disable()
        try:
            begin = time.process_time()
            result = what()
            self.took[name] = time.process_time() - begin
        finally:
            gc.enable()
        return result
