"""Words: lossless, whole in the policy terms, and the same whichever engine cuts them."""

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jieba
import pytest

from policynlp.language import words as words_module
from policynlp.language.words import (
    ENGINE_VARIABLE,
    PLACEHOLDER,
    Cut,
    fingerprint,
    fold,
    normalise,
    policy_terms,
    python_cut,
    rust_cut,
    stop_words,
    words,
)

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "samples" / "01-city-feature.txt"
ENGINES = ("rjieba", "jieba")

# What scraped text is made of, and what has broken a tokenizer before.
PIECES = (
    "槐阳市推进数字化改革揭榜挂帅的了在科技创新",
    "０１２９ａｚＡＺ％．－＿＋＃＆",
    "。，、；：“”（）！？…—《》·",
    "😀👍🏽🚀🇨🇳👨\u200d👩",
    "\U00020bb7\U00020000\U0002a6d6",
    f"{PLACEHOLDER}{PLACEHOLDER}\ue001\uf8ff",
    "aZ09.-_+#&% @/:?=",
    "\n\r\t \u3000\u00a0\u200b\ufeff\x00",
    "éßİıΣж٣①Ⅷ々〇ｶ가",
    ("https://www.example.org/a_b?c=1&d=%E4%BD%A0", "２０２２年９月11日", "2022-09-11 08:30"),
    ("37.2%", "1,200亿元", "5G＋工业互联网", "AI大模型"),
)


@cache
def engine(name: str, *, with_terms: bool) -> Cut:
    terms = policy_terms().items() if with_terms else ()
    return rust_cut(terms) if name == "rjieba" else python_cut(terms)


@cache
def own_texts() -> tuple[str, ...]:
    """Every text of ours: headings and paragraphs of the corpus, the sample pages."""
    found = []
    for path in sorted((ROOT / "corpus" / "written").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            found += [record["heading"], *(p["text"] for p in record["paragraphs"])]
    for path in sorted((ROOT / "samples").glob("*.txt")):
        found.append(decoded(path.read_bytes()))
    found.append((ROOT / "samples" / "divided.jsonl").read_text(encoding="utf-8"))
    assert len(found) > 300, "the corpus was not found: nothing would be checked"
    return tuple(found)


def decoded(page: bytes) -> str:
    try:
        return page.decode("utf-8-sig")
    except UnicodeDecodeError:
        return page.decode("gb18030")


def random_texts(seed: int, count: int) -> Iterator[str]:
    draw = random.Random(seed)
    for _ in range(count):
        yield "".join(draw.choice(draw.choice(PIECES)) for _ in range(draw.randrange(60)))


def differences(texts: Iterator[str] | tuple[str, ...], *, with_terms: bool) -> list[str]:
    ours, reference = (engine(name, with_terms=with_terms) for name in ENGINES)
    return [text for text in texts if words(text, ours) != words(text, reference)]


@pytest.mark.parametrize("with_terms", [True, False])
def test_engines_cut_our_texts_alike(with_terms: bool) -> None:
    assert differences(own_texts(), with_terms=with_terms) == []


@pytest.mark.parametrize("with_terms", [True, False])
def test_engines_cut_random_text_alike(with_terms: bool) -> None:
    assert differences(random_texts(11, 4000), with_terms=with_terms) == []


def test_rjieba_has_the_dictionary_that_the_fingerprint_names() -> None:
    """What rjieba holds cannot be hashed, but every word of jieba's own file is in it."""
    with jieba.Tokenizer().get_dict_file() as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == words_module.RUST_DICTIONARY
    rust = words_module._rust_engine().Jieba()
    entries = [line.split(" ")[0] for line in data.decode().splitlines()]
    assert len(entries) > 300_000
    assert [word for word in entries if not rust.has_word(word)] == []


def test_engines_cut_rare_han_alike() -> None:
    rare = ("\U00020bb7\U00020000", "㐀㒂", "\u9fff\u9fff", "㡣\ufaa5", "㻐\uf96a")
    assert differences(rare, with_terms=False) == []


def test_a_difference_would_be_found() -> None:
    with_terms, without = (engine("rjieba", with_terms=flag) for flag in (True, False))
    differing = [text for text in own_texts() if words(text, with_terms) != words(text, without)]
    assert len(differing) > 100


@pytest.mark.parametrize("name", ENGINES)
def test_words_lose_nothing(name: str) -> None:
    cut = engine(name, with_terms=True)
    for text in (*own_texts(), *random_texts(23, 4000)):
        assert "".join(words(text, cut)) == normalise(text)


def test_normalise_keeps_every_character_in_its_place() -> None:
    for text in (*own_texts(), *random_texts(37, 20000)):
        folded = normalise(text)
        assert len(folded) == len(text)
        for before, after in zip(text, folded, strict=True):
            assert after in (before, fold(before))


def test_normalise_is_idempotent() -> None:
    for text in random_texts(41, 5000):
        once = normalise(text)
        assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("２０２２年９月", ["0000", "年", "0", "月"]),
        ("ＡＩ", ["ai"]),
        ("增长37.2%", ["增长", "00.0%"]),
        ("2022-09-11", ["0000-00-00"]),
        (PLACEHOLDER, [PLACEHOLDER]),
        (f"{PLACEHOLDER}5Ｇ", [f"{PLACEHOLDER}0g"]),
        ("", []),
    ],
)
def test_runs_are_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("name", ENGINES)
def test_policy_terms_come_out_whole(name: str) -> None:
    cut = engine(name, with_terms=True)
    assert [term for term in policy_terms() if words(term, cut) != [term]] == []


def test_policy_terms_are_many_and_once_each() -> None:
    lines = (ROOT / "src/policynlp/language/policy_terms.txt").read_text(encoding="utf-8")
    pairs = [line.split() for line in lines.splitlines() if line and not line.startswith("#")]
    terms = [pair[0] for pair in pairs]
    assert len(terms) == len(set(terms)) == len(policy_terms()) >= 400
    assert all(len(pair) == 2 and int(pair[1]) > 0 for pair in pairs)
    assert all(normalise(term) == term for term in terms), "such a term would never match"
    assert not set(terms) & stop_words()


def run_python(program: str, folder: Path, *, jieba: bool, text: str = "") -> str:
    """Run ``program`` in a new process whose temporary folder is ``folder``."""
    environment = {name: value for name, value in os.environ.items() if name != ENGINE_VARIABLE}
    environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    environment |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    if jieba:
        environment[ENGINE_VARIABLE] = "python"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=text,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "jieba logs on loading unless its own state is left alone"
    return done.stdout


def test_the_variable_forces_jieba_with_the_same_words(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from policynlp.language.words import words, fingerprint\n"
        "cut = words(sys.stdin.read())\n"
        "engines = {name.partition('.')[0] for name in sys.modules} & {'rjieba', 'jieba'}\n"
        "print(*engines, fingerprint(), *cut, sep='\\x1f', end='')"
    )
    text = "".join(own_texts()[:40]).replace("\n", "")
    printed = [run_python(program, tmp_path, jieba=flag, text=text) for flag in (False, True)]
    rust, python = (line.split("\x1f") for line in printed)
    assert (rust[0], python[0]) == ENGINES
    assert rust[1:] == python[1:], "fingerprint or words depend on the engine"
    assert rust[1] == fingerprint()
    assert rust[2:] == words(text)


def test_jieba_own_state_is_left_alone(tmp_path: Path) -> None:
    program = (
        "from policynlp.language.words import words\n"
        "words('槐阳市推进揭榜挂帅')\n"
        "import jieba\n"
        "print(jieba.dt.initialized, jieba.dt.FREQ, jieba.dt.user_word_tag_tab)"
    )
    assert run_python(program, tmp_path, jieba=True) == "False {} {}\n"
    assert list(tmp_path.iterdir()) == [], "jieba wrote its cache file"


@pytest.mark.parametrize("first", ["", "import rjieba\n"])
def test_rjieba_itself_is_left_alone_and_not_loaded(tmp_path: Path, first: str) -> None:
    program = (
        f"import sys\n{first}"
        "from policynlp.language.words import words\n"
        "cut = words('槐阳市推进揭榜挂帅')\n"
        "print('rjieba' in sys.modules, end=' ')\n"
        "import rjieba\n"
        "print('揭榜挂帅' in cut, '揭榜挂帅' in rjieba.cut('槐阳市推进揭榜挂帅'))"
    )
    assert run_python(program, tmp_path, jieba=False) == f"{bool(first)} True False\n"


def test_fingerprint_changes_with_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = policy_terms()
    first = next(iter(terms))
    changed = (
        {**terms, "槐阳新政": 3},
        {term: n for term, n in terms.items() if term != first},
        {**terms, first: terms[first] + 1},
    )
    seen = {fingerprint()}
    for other in changed:
        monkeypatch.setattr(words_module, "policy_terms", lambda other=other: other)
        seen.add(fingerprint.__wrapped__())
    assert len(seen) == 4
    monkeypatch.setattr(words_module, "policy_terms", lambda: dict(reversed(terms.items())))
    assert fingerprint.__wrapped__() == fingerprint(), "the order of the file does not matter"


def test_another_dictionary_has_another_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = fingerprint()
    monkeypatch.setattr(words_module, "_is_rust_chosen", lambda: False)
    assert fingerprint.__wrapped__() == own
    (tmp_path / "dict.txt").write_text("槐阳 3 ns\n", encoding="utf-8")
    monkeypatch.setattr(jieba.Tokenizer.__init__, "__defaults__", (str(tmp_path / "dict.txt"),))
    assert fingerprint.__wrapped__() != own


def test_an_old_rjieba_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Versions before 0.2.2 take no terms."""
    package = tmp_path / "rjieba"
    (tmp_path / "rjieba-0.2.1.dist-info").mkdir()
    (tmp_path / "rjieba-0.2.1.dist-info" / "METADATA").write_text("Version: 0.2.1\n", "utf-8")
    package.mkdir()
    (package / "__init__.py").write_text("from .rjieba import Jieba\n", encoding="utf-8")
    (package / "rjieba.py").write_text("class Jieba:\n    cut = list\n", encoding="utf-8")
    program = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from policynlp.cli import main\n"
        f"print(main(['analyze', {str(PAGE)!r}]))"
    )
    environment = {k: v for k, v in os.environ.items() if k != ENGINE_VARIABLE}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    for chosen, code in (({}, 1), ({ENGINE_VARIABLE: "python"}, 0)):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            encoding="utf-8",
            env=environment | chosen,
            check=False,
        )
        assert done.stdout.splitlines()[-1] == str(code), done.stderr
        assert ("rjieba 0.2.1 is too old" in done.stderr) == (code == 1)
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ENGINES)
def test_broken_characters_keep_their_place(name: str) -> None:
    text = "科\ud800技创新，\udfff数字化"
    cut = words(text, engine(name, with_terms=True))
    assert "".join(cut) == text
    assert "数字化" in cut
