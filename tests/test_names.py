"""Files whose names are not UTF-8, or hold what no screen or table should get."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import policynlp
from fake_analyzer import FakeAnalyzer
from policynlp.article import Failure
from policynlp.batch import Options, score
from policynlp.batch.digest import digest, write_digest
from policynlp.errors import InputError
from policynlp.files.find import InputFile, find_inputs, printable, readable
from policynlp.files.read import read_inputs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs names that are bytes")

TEXT = "云溪县把科技创新摆在发展全局的核心位置，支持龙头企业牵头组建创新联合体，全县干劲十足。"
LINES = json.dumps({"text": TEXT}) + "\n" + json.dumps({"text": ""}) + "\n"


def write(folder: Path, *names: bytes) -> Path:
    """Files below ``folder`` with these names, of articles or of nothing."""
    for name in names:
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = LINES if name.endswith(b".jsonl") else TEXT
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def gbk(*names: str) -> list[bytes]:
    return [name.encode("gbk") for name in names]


def found(*paths: Path | str) -> list[InputFile]:
    return list(find_inputs(map(str, paths)))


def ids(*paths: Path | str) -> list[str]:
    return [file.id for file in found(*paths)]


def test_names_in_gbk_are_decoded_where_all_in_the_folder_are(tmp_path: Path) -> None:
    write(
        tmp_path, *gbk("市里/新闻.txt", "市里/县区动态.txt", "通知：一.html"), "市政.txt".encode()
    )
    write(tmp_path / "其他", *gbk("新闻.txt"), b"caf\xe9.txt")
    files = found(tmp_path)
    assert sorted(file.id for file in files) == [
        *("其他/\\xd0\\xc2\\xce\\xc5.txt", "其他/caf\\xe9.txt"),
        *("市政.txt", "市里/县区动态.txt", "市里/新闻.txt", "通知：一.html"),
    ]
    for file in files:
        assert file.path is not None
        assert file.path.exists()
        assert file.place == f"{tmp_path.as_posix()}/{file.id}"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("과학기술 혁신과 지역 발전.txt", "euc-kr"),
        ("科学技術のニュース.txt", "euc-jp"),
        ("новости района.txt", "koi8-r"),
        ("résumés.txt", "latin-1"),
    ],
)
def test_other_languages_are_no_gbk(tmp_path: Path, name: str, encoding: str) -> None:
    write(tmp_path, name.encode(encoding))
    [shown] = ids(tmp_path)
    assert shown.isascii()
    assert shown.encode().decode("unicode_escape").encode("latin-1").decode(encoding) == name


def test_no_two_names_look_alike(tmp_path: Path) -> None:
    write(
        tmp_path, *gbk("新闻.txt"), "新闻.txt".encode(), b"\xff.txt", rb"\xff.txt", rb"\xff.txt~2"
    )
    assert sorted(ids(tmp_path)) == [
        *(r"\xd0\xc2\xce\xc5.txt", r"\xff.txt", r"\xff.txt~2", r"\xff.txt~3", "新闻.txt")
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb.txt", r"a\x0ab.txt"),
        ("\x1b[31mred.txt", r"\x1b[31mred.txt"),
        ("a\x7f\x9bb.txt", r"a\x7f\x9bb.txt"),
        ("a\u2028b\u202etxt.exe", r"a\u2028b\u202etxt.exe"),
        ("a\ud800b.txt", r"a\ud800b.txt"),
        ("全\u3000角 👨‍👩‍👧.txt", "全\u3000角 👨‍👩‍👧.txt"),
    ],
)
def test_controls_are_escaped(name: str, shown: str) -> None:
    assert readable([name, "b.txt"]) == {name: shown, "b.txt": "b.txt"}
    assert printable(name) == shown


def test_names_on_the_command_line_and_of_globs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(
        write(tmp_path, *gbk("市里/新闻.txt"), "市里/新闻.txt".encode(), b"\xff/a\n.txt")
    )
    folders = [os.fsdecode(name) for name in (*gbk("市里"), "市里".encode(), b"\xff")]
    shown = ["市里/新闻.txt", r"\xff/a\x0a.txt"]
    assert sorted(ids("*/*")) == sorted([*shown, r"\xca\xd0\xc0\xef/新闻.txt"])
    assert ids(*(f"{folder}/*.txt" for folder in folders[1:])) == shown
    assert ids(*(tmp_path / folder for folder in folders)) == [*["新闻.txt"] * 2, r"a\x0a.txt"]
    assert ids(tmp_path / folders[0] / os.fsdecode(gbk("新闻.txt")[0])) == ["新闻.txt"]
    [file] = found(folders[2])
    assert file.place == shown[1]
    with pytest.raises(InputError, match=r"gone\\xff\\x1b\.txt: there is no such file"):
        found("gone\udcff\x1b.txt")


def test_ids_of_a_folder_below_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, b"a/b/c.txt"))
    assert [(file.id, file.place) for file in found(".")] == [("a/b/c.txt", "a/b/c.txt")]
    assert [(file.id, file.place) for file in found("a/")] == [("b/c.txt", "a/b/c.txt")]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx", ".parquet"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_over_such_names(tmp_path: Path, jobs: int, suffix: str) -> None:
    """All of them come out, with their failures, in files that any program can read."""
    names = (*gbk("新闻.txt"), "新闻.txt".encode(), b"\xff.txt", b"a\x1b\nb.jsonl", b"\xfe.doc")
    inputs = write(tmp_path / "in", *names)
    out = tmp_path / f"out{suffix}"
    summary = score(FakeAnalyzer, [str(inputs)], str(out), options=Options(), jobs=jobs)
    assert (summary.counts.articles, summary.counts.failures) == (4, 2)
    assert summary.repeated_ids.number == 0
    failures = (tmp_path / f"out{suffix}.failures.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(failures.splitlines()))
    assert [(row["id"], row["stage"]) for row in rows] == [
        *(("a\\x1b\\x0ab.jsonl:2", "read"), ("\\xfe.doc", "read"))
    ]
    assert all(row["place"] == f"{inputs.as_posix()}/{row['id']}" for row in rows)
    json.loads((tmp_path / f"out{suffix}.run.json").read_text("utf-8"))
    if suffix == ".jsonl":
        lines = out.read_text("utf-8").splitlines()
        assert [json.loads(line)["id"] for line in lines] == [
            *("a\\x1b\\x0ab.jsonl:1", "新闻.txt", "\\xd0\\xc2\\xce\\xc5.txt", "\\xff.txt")
        ]


def test_a_digest_of_such_names(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", b"\xff.txt", b"a\x1b\nb.jsonl", b"\xfe.doc")
    found = digest(policynlp.load, [str(inputs)])
    assert [failure.id for failure in found.failures] == ["a\\x1b\\x0ab.jsonl:2", "\\xfe.doc"]
    write_digest(found, str(tmp_path / "d.json"))
    json.loads((tmp_path / "d.json").read_text("utf-8"))


def test_folders_deeper_than_python_may_call(tmp_path: Path) -> None:
    """A path of 4,096 bytes is all that Linux opens: the folder beyond is a failure."""
    root = write(tmp_path / "in", b"z.txt")
    here = os.open(root, os.O_RDONLY)
    try:
        for _ in range(2100):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        [failure, article] = read_inputs(find_inputs([str(root)]))
    finally:
        os.close(here)
        # What pytest removes such folders with calls itself for each of them.
        subprocess.run(["rm", "-rf", root], check=True)
    assert isinstance(failure, Failure)
    assert failure.id.startswith("d/d/d/d/")
    assert failure.reason == "cannot be read: File name too long"
    assert article.id == "z.txt"
