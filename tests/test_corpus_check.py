"""The check of the corpus: ours passes, and each fault is found where it stands."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from conftest import ROOT, THEMES
from maintenance.corpus_check import Corpus, complaints, read, repeated_runs, summary
from maintenance.near_duplicates import near_duplicates
from policynlp.corpus.labelled import LabelledParagraph, LabelledSection

Sections = list[LabelledSection]
FORMULA = "全面贯彻落实新时代党的建设总要求和新时代党的组织路线以高质量党建引领保障高质量发展"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Return the repository's own corpus, what is held out included."""
    return read([ROOT / "corpus"])


def test_the_corpus_keeps_its_rules(corpus: Corpus) -> None:
    assert len(corpus.written) > 800
    assert corpus.themes == THEMES
    assert complaints(corpus) == []


def _labelled(section: LabelledSection, i: int, *themes: str) -> LabelledSection:
    paragraphs = list(section.paragraphs)
    paragraphs[i] = replace(paragraphs[i], themes=frozenset(themes))
    return replace(section, paragraphs=tuple(paragraphs))


def _texted(section: LabelledSection, i: int, text: str) -> LabelledSection:
    paragraphs = list(section.paragraphs)
    paragraphs[i] = replace(paragraphs[i], text=text, size=len(text))
    return replace(section, paragraphs=tuple(paragraphs))


def _each(sections: Sections, change: Callable[[LabelledParagraph, bool], object]) -> Sections:
    """Change every paragraph's ``themes`` or ``size``, given it and whether it comes early."""

    def changed(section: LabelledSection) -> Iterator[LabelledParagraph]:
        for i, p in enumerate(section.paragraphs):
            new = change(p, 2 * i < len(section.paragraphs))
            yield replace(p, size=new) if isinstance(new, int) else replace(p, themes=new)

    return [replace(s, paragraphs=tuple(changed(s)), themes=None) for s in sections]


def _mistype(sections: Sections) -> Sections:
    return [_labelled(sections[0], 0, "数字話"), *sections[1:]]


def _unfound(sections: Sections) -> Sections:
    return [replace(sections[0], themes=frozenset({THEMES[1]})), *sections[1:]]


def _forget(sections: Sections) -> Sections:
    every = _labelled(replace(sections[0], paragraphs=sections[0].paragraphs[:1]), 0, THEMES[2])
    return [replace(every, themes=frozenset()), *sections[1:]]


def _overload(sections: Sections) -> Sections:
    return [replace(_labelled(sections[0], 0, *THEMES), themes=frozenset(THEMES)), *sections[1:]]


def _empty(sections: Sections) -> Sections:
    return [_texted(sections[0], 0, "\u3000 "), *sections[1:]]


def _split(sections: Sections) -> Sections:
    return [replace(sections[0], article=sections[-1].article), *sections[1:]]


def _copy(sections: Sections) -> Sections:
    """The text of another section with other figures, other marks and another beginning."""
    text = sections[-1].paragraphs[0].text.translate(str.maketrans("123，", "456,"))
    return [*sections[1:], _texted(sections[0], 0, "县里" + text[4:])]


def _repeat(sections: Sections) -> Sections:
    return [_texted(s, 0, s.paragraphs[0].text + FORMULA) for s in (sections[0], sections[-1])] + (
        sections[1:-1]
    )


def _one_genre(sections: Sections) -> Sections:
    return [replace(s, notes=s.notes | {"genre": "report"}) for s in sections[9:]] + sections[:9]


def _mistype_genre(sections: Sections) -> Sections:
    return [replace(sections[0], notes=sections[0].notes | {"genre": "reprot"}), *sections[1:]]


def _label_all(sections: Sections) -> Sections:
    return _each(sections, lambda p, early: p.themes or frozenset(THEMES[:1]))


def _lengthen(sections: Sections) -> Sections:
    return _each(sections, lambda p, early: p.size * (1 + (THEMES[3] in p.themes)))


def _order(sections: Sections) -> Sections:
    return _each(sections, lambda p, early: frozenset(THEMES[:1] if early else ()))


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (_mistype, "{first}: 数字話 not in the code book"),
        (_unfound, "{first}: no paragraph has the section's 科技创新"),
        (_forget, "{first}: every paragraph has 项目建设, its section not"),
        (_overload, "{first}: 4 themes, at most 3"),
        (_empty, "{first}: paragraphs[0] has no text"),
        (_split, "stands in"),
        (_copy, "{first}: 县里"),
        (_repeat, "also stands in"),
        (_one_genre, "written: sections of genre report: "),
        (_mistype_genre, "written: sections of genre reprot: 0.0"),
        (_label_all, "written: paragraphs without label: 0.000, should lie between"),
        (_lengthen, "written: median length of 数字化 to that of no label"),
        (_order, "written: paragraphs without label in the first third of sections: 0.00"),
    ],
)
def test_a_fault_is_found(
    corpus: Corpus, fault: Callable[[Sections], Sections], complaint: str
) -> None:
    part = corpus.written[::5]
    first = complaint.format(first=f"{part[0].place}: {part[0].id}")
    assert not any(first in found for found in complaints(corpus._replace(sections=part)))
    assert any(first in found for found in complaints(corpus._replace(sections=fault(part))))


def test_a_standing_formula_is_no_copy(corpus: Corpus) -> None:
    faulty = corpus._replace(sections=_repeat(corpus.written[::5]))
    assert len(list(repeated_runs(faulty))) == 1
    assert list(repeated_runs(faulty._replace(formulas=[FORMULA]))) == []


def test_what_is_held_out_is_checked_with_the_rest(tmp_path: Path) -> None:
    """A copy of a written section must not measure the model that it trained."""
    line = (
        (ROOT / "corpus" / "written" / "reports.jsonl").read_text(encoding="utf-8").split("\n")[0]
    )
    for folder, name in (("written", "a"), ("held_out", "b")):
        (tmp_path / folder).mkdir()
        record = line.replace('"id": "', f'"id": "{name}').replace('e": "', f'e": "{name}')
        (tmp_path / folder / "x.jsonl").write_text(record, encoding="utf-8")
    assert any("held_out" in c and "is nearly" in c for c in complaints(read([tmp_path])))


def test_rows_of_ones_own_need_no_genre(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("section,text,themes\na,某厂设备上云。,上云\na,县里开会。,\n", encoding="utf-8")
    assert complaints(read([path])) == []


def test_the_script_ends_with_the_number_of_complaints(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    texts = {"某厂设备上云。": ["上云"], "　": []}
    paragraphs = [{"text": text, "themes": themes} for text, themes in texts.items()]
    record = {"id": "a", "article": "a", "heading": "", "paragraphs": paragraphs}
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    script = [sys.executable, str(ROOT / "scripts" / "check_corpus"), str(path)]
    done = subprocess.run(script, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == [
        f"{path}:1: a: paragraphs[1] has no text",
        "complaints: 1",
    ]


def test_near_duplicates_are_all_pairs_of_so_much_overlap() -> None:
    draw = Random(4)
    texts = ["".join(draw.choices("甲乙丙丁", k=draw.randint(0, 14))) for _ in range(60)]

    def overlap(one: str, other: str) -> float:
        a, b = ({t[i : i + 5] for i in range(max(1, len(t) - 4))} for t in (one, other))
        return len(a & b) / len(a | b)

    for least in (0.1, 0.4, 1.0):
        found = {(i, j) for i, j, _ in near_duplicates(texts, least)}
        pairs: Iterable[tuple[int, int]] = combinations(range(len(texts)), 2)
        assert found == {(i, j) for i, j in pairs if overlap(texts[i], texts[j]) >= least}
    assert found


def test_the_summary_counts_what_is_there(corpus: Corpus) -> None:
    part = corpus.written[:160]
    lines = list(summary(corpus._replace(sections=part)))
    assert f"160 sections, {sum(len(s.paragraphs) for s in part)} paragraphs" in lines[0]
    assert [
        line.split(":")[0].strip() for line in lines if "length" in line or "paragraphs," in line
    ]
    assert sum(theme in line for line in lines for theme in THEMES) == 4
