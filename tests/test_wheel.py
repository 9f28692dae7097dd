"""The built wheel, installed into an empty environment without network, does the work.

Nothing is downloaded: the wheel is built by the hatchling of the environment that runs the
tests and installed by its pip, and the dependencies are lent from it by a .pth file. What the
wheel then imports must be among the dependencies that it declares.
"""

import json
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
)

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
    "quoted": [text[start:end] for start, end in analysis.abstract.sentences],
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


def test_dev_group_has_what_this_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {re.split(r"[<>=~!]", line)[0] for line in project["build-system"]["requires"]}
    group = project["dependency-groups"]["dev"]
    assert needed | {"build"} <= {re.split(r"[<>=~!]", line)[0] for line in group}
