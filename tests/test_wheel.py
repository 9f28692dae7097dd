"""The built wheel, installed into an empty environment without network, does the work.

Nothing is downloaded: the wheel is built by the hatchling of the environment that runs the
tests and installed by its pip, and the dependencies are lent from it by a .pth file. What the
wheel then imports must be among the dependencies that it declares.
"""

import json
import lzma
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from policynlp.corpus.read import read_corpus
from test_rows import made_up, write_xlsx

ROOT = Path(__file__).parents[1]
DATA_FILES = (
    "policynlp/language/policy_terms.txt",
    "policynlp/language/stop_words.txt",
    "policynlp/report/templates/page.html",
    "policynlp/report/templates/page.css",
    "policynlp/report/templates/collection.js",
    "policynlp/models/policy-themes/manifest.json",
    "policynlp/models/policy-themes/terms.txt",
    "policynlp/models/policy-themes/README.md",
    "policynlp/base/themes.toml",
    "policynlp/base/news/sections.counts.jsonl.xz",
)
CORPUS = ROOT / "corpus"
BASE = "policynlp/base/"

# Analyzes the article on standard input, with sockets forbidden, and tells what it found.
PROGRAM = """
import json, socket, sys

def refuse(*args, **kwargs):
    raise OSError("no network here")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
import policynlp

analysis = policynlp.load().analyze(sys.stdin.buffer.read().decode())
text = analysis.article.text
from importlib.metadata import packages_distributions, requires

owners = packages_distributions()
tops = {name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names
print(json.dumps({
    "file": policynlp.__file__,
    "path": sys.path,
    "title": analysis.article.title,
    "themes": [[tag.theme for tag in part.themes] for part in analysis.sections],
    "abstract": analysis.abstract.text,
    "quoted": [text[part.start:part.end] for part in analysis.abstract.sentences],
    "used": sorted({owner for top in tops for owner in owners.get(top, ())}),
    "declared": [line for line in requires("policynlp") if "extra ==" not in line],
}))
"""


class Installed(NamedTuple):
    """A wheel and the environment that it was installed into."""

    wheel: Path
    folder: Path

    def script(self, name: str) -> str:
        windows = os.name == "nt"
        place = self.folder / ("Scripts" if windows else "bin")
        return str(place / (f"{name}.exe" if windows else name))


def run(*command: str, folder: Path, stdin: bytes = b"") -> str:
    """Run ``command`` in ``folder``, with nothing of ours in the environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "POLICYNLP"))}
    environment["PIP_NO_INDEX"] = environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    done = subprocess.run(
        command, cwd=folder, env=environment, input=stdin, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
    return done.stdout.decode()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))
    run(*build, str(ROOT), folder=folder)
    (wheel,) = folder.glob("*.whl")
    environment = Installed(wheel, folder / "empty")
    venv.create(environment.folder, symlinks=os.name != "nt")
    python = environment.script("python")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", str(wheel), folder=folder)
    lend_dependencies(environment.folder)
    return environment


def lend_dependencies(environment: Path) -> None:
    """Let ``environment`` import what is installed here, after what is installed there.

    A path in a .pth file is only a path: the .pth file of an editable install, which leads to
    the sources, is not read from it.
    """
    lent = dict.fromkeys(sysconfig.get_path(key) for key in ("purelib", "platlib"))
    (own,) = {p.parent for p in environment.rglob("site-packages/policynlp")}
    (own / "lent.pth").write_text("".join(f"{path}\n" for path in lent), encoding="utf-8")


def test_wheel_holds_its_data(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = wheel.namelist()
        manifest = json.loads(wheel.read("policynlp/models/policy-themes/manifest.json"))
    assert [name for name in DATA_FILES if name not in names] == []
    model = "policynlp/models/policy-themes"
    assert [name for name in manifest["files"] if f"{model}/{name}" not in names] == []
    strays = [name for name in names if not name.startswith(("policynlp/", "policynlp-"))]
    assert strays == []
    assert [name for name in names if name.endswith((".pyc", ".jsonl"))] == []


def test_installed_wheel_tags_and_summarizes(installed: Installed, tmp_path: Path) -> None:
    page = (ROOT / "samples" / "01-city-feature.txt").read_bytes()
    python = installed.script("python")
    found = json.loads(run(python, "-I", "-c", PROGRAM, folder=tmp_path, stdin=page))
    assert Path(found["file"]).is_relative_to(installed.folder)
    assert str(ROOT / "src") not in found["path"]
    themes = {theme for section in found["themes"] for theme in section}
    assert {"思想解放", "科技创新", "项目建设"} <= themes
    assert found["title"]
    assert 50 <= len(found["abstract"]) <= 200
    assert "".join(found["quoted"]) == found["abstract"]


def test_installed_wheel_uses_only_what_it_declares(installed: Installed, tmp_path: Path) -> None:
    python = installed.script("python")
    found = json.loads(run(python, "-I", "-c", PROGRAM, folder=tmp_path, stdin=b""))
    names = {re.split(r"[<>=~!; ]", line)[0] for line in found["declared"]}
    assert {"numpy", "rjieba"} <= set(found["used"])
    assert set(found["used"]) <= {*names, "policynlp"}


def test_installed_command_answers(installed: Installed, tmp_path: Path) -> None:
    command = installed.script("policynlp")
    version = installed.wheel.name.split("-")[1]
    assert run(command, "--version", folder=tmp_path).strip() == f"policynlp {version}"
    page = (ROOT / "samples" / "01-city-feature.txt").read_bytes()
    record = json.loads(run(command, "analyze", "-", "--json", folder=tmp_path, stdin=page))
    assert record["sections"]
    assert record["model"]


def test_the_base_corpus_of_the_wheel_is_the_repositorys(installed: Installed) -> None:
    """Byte for byte, so tests/test_counts_privacy.py speaks of the wheel's counts, too."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        packed = {n.removeprefix(BASE): wheel.read(n) for n in wheel.namelist() if BASE in n}
    shipped = {
        name.removesuffix(".xz"): lzma.decompress(content) if name.endswith(".xz") else content
        for name, content in packed.items()
    }
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert shipped == {path.relative_to(CORPUS).as_posix(): path.read_bytes() for path in files}
    # What a wheel of several megabytes is made of; docs/dependencies.md says how many.
    assert 1e6 < sum(map(len, packed.values())) < 3e6


def test_the_base_corpus_of_the_wheel_has_the_same_counts(installed: Installed) -> None:
    (base,) = installed.folder.rglob("policynlp/base")
    for held_out in ("", "held_out"):
        ours, theirs = read_corpus([CORPUS / held_out]), read_corpus([base / held_out])
        assert len(ours) == len(theirs) > 100
        for one, other in zip(ours, theirs, strict=True):
            assert (one.id, one.article, one.heading) == (other.id, other.article, other.heading)
            assert (one.paragraphs, one.themes) == (other.paragraphs, other.themes)


@pytest.mark.long
def test_installed_wheel_trains_on_its_base_and_rows(installed: Installed, tmp_path: Path) -> None:
    texts = [f"青石县第{i}批重点项目开工，总投资{i + 3}亿元，建设提速。" for i in range(12)]
    records = (
        {
            "id": f"mine-{i}",
            "article": f"mine-{i}",
            "heading": "",
            "paragraphs": [{"text": text, "themes": ["项目建设"]}],
        }
        for i, text in enumerate(texts)
    )
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    command = installed.script("policynlp")
    told = run(command, "train", "rows.jsonl", "--base", "-o", "my-model", folder=tmp_path)
    assert "held-out text, 545 paragraphs, policy-themes-" in told
    assert "added labels, out of fold, 12 paragraphs" in told
    bundled, mine = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (ROOT / "models" / "policy-themes", tmp_path / "my-model")
    )
    assert [theme["name"] for theme in mine["themes"]] == [
        theme["name"] for theme in bundled["themes"]
    ]
    assert mine["corpus"]["files"][:-1] == bundled["corpus"]["files"]
    assert mine["corpus"]["paragraphs"] == bundled["corpus"]["paragraphs"] + 12
    page = (ROOT / "samples" / "01-city-feature.txt").read_bytes()
    analyze = (command, "analyze", "-", "--json", "--model", "my-model")
    assert json.loads(run(*analyze, folder=tmp_path, stdin=page))["sections"]


def test_installed_wheel_trains_from_a_workbook(installed: Installed, tmp_path: Path) -> None:
    """Two columns, 300 rows, themes of one's own, in an empty folder."""
    write_xlsx(
        tmp_path / "labels.xlsx",
        ("正文", "标签"),
        [(str(row["text"]), str(row["themes"])) for row in made_up(300)],
    )
    command = installed.script("policynlp")
    told = run(command, "train", "labels.xlsx", "-o", "mine", folder=tmp_path)
    assert "营商环境" in told
    assert "mine-" in told
    page = "青河县窗口审批提速，惠企办证一次办成。\n".encode()
    record = json.loads(
        run(command, "analyze", "-", "--json", "--model", "mine", folder=tmp_path, stdin=page)
    )
    assert [tag["theme"] for tag in record["themes"]] == ["营商环境"]
    assert "macro P" in run(command, "evaluate", "mine", "labels.xlsx", folder=tmp_path)


def test_dev_group_has_what_this_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {re.split(r"[<>=~!]", line)[0] for line in project["build-system"]["requires"]}
    group = project["dependency-groups"]["dev"]
    assert needed | {"build"} <= {re.split(r"[<>=~!]", line)[0] for line in group}
