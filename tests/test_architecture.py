"""The rules of docs/design.md that a reader of one file cannot see: who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "policynlp"

# Imports go from a line to lines below it, and never between two groups of one line.
# "" is the package's own front, policynlp/__init__.py; what it imports on a name's first use may
# be anything but the commands.
LEVELS = (
    ("__main__",),
    ("cli",),
    ("review",),
    ("batch", "report", "training"),
    ("evaluation",),
    ("corpus",),
    ("",),
    ("analyzer",),
    ("pipe",),
    ("abstracts",),
    ("themes", "thresholds"),
    ("model",),
    ("files",),
    ("language", "reading"),
    ("results", "schema"),
    ("validation", "workers"),
    ("notebook",),
    ("article", "errors", "escaping"),
    ("messages",),
)
RANKS = {group: rank for rank, groups in enumerate(LEVELS) for group in groups}
# A result gives itself as a record, and a record is made of results.
TIED = ({"results", "schema"},)

# Who alone may import a library, as a prefix of module names.
KEPT_TO = {
    "sklearn": ("policynlp.training.", "policynlp.evaluation.", "policynlp.review."),
    "scipy": ("policynlp.training.", "policynlp.evaluation.", "policynlp.review."),
    "jieba": ("policynlp.language.words",),
    "jinja2": ("policynlp.report.",),
    "markupsafe": ("policynlp.report.",),
    "rjieba": ("policynlp.language.words",),
}
# Who alone may write on standard output and standard error, for it makes safe what others wrote;
# the data of a batch where it is called from Python, and figures alone where progress is asked for.
MAY_PRINT = ("policynlp.cli.screen", "policynlp.batch.run", "policynlp.pipe")
# What a command imports once it knows that it needs it.
LATE = ("policynlp.cli.terminal",)
# What a command must not wait for, unless it needs it.
HEAVY = {"sklearn", "scipy", "joblib", "jieba", "jinja2", "multiprocessing", "asyncio"}


def modules() -> dict[str, str]:
    """The source of every module by its dotted name; a package has its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path.read_text(encoding="utf-8")
    return found


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported anywhere in ``tree``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import keeps its dots, which no rule allows.
            base = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def group_of(module: str) -> str:
    """The group that a module of ours belongs to, in LEVELS or not."""
    return module.split(".")[1] if "." in module else ""


def group_imported(target: str) -> str:
    """The group that ``target`` is imported from; `from policynlp import Article` is the front."""
    group = group_of(target)
    exists = (PACKAGE / group).is_dir() or (PACKAGE / f"{group}.py").is_file()
    return group if group in RANKS or exists else ""


def violations(sources: Mapping[str, str]) -> list[str]:
    """Say of every import and print in ``sources`` (by module name) that breaks a rule."""
    found = []
    for module, source in sources.items():
        tree = ast.parse(source)
        for line, target in imported(tree):
            found += [f"{module}:{line}: {why}" for why in _wrong_import(module, target)]
        found += [f"{module}:{line}: {why}" for line, why in _wrong_print(module, tree)]
        if module.startswith("policynlp.cli") and module not in LATE:
            found += [f"{module}:{line}: {why}" for line, why in _heavy_start(tree)]
    return found


def _wrong_import(module: str, target: str) -> Iterator[str]:
    top = target.split(".")[0]
    if not top:
        yield f"relative import of {target}"
    elif top == "policynlp":
        group, other = group_of(module), group_imported(target)
        missing = {group, other} - RANKS.keys()
        above = RANKS["cli"] if module == "policynlp" else RANKS.get(group, 0)
        if missing:
            yield f"{', '.join(missing)} has no place in LEVELS"
        elif group != other and {group, other} not in TIED and above >= RANKS[other]:
            yield f"{group or 'the front'} must not import {other or 'the front'} ({target})"
    elif top in KEPT_TO and not module.startswith(KEPT_TO[top]):
        yield f"only {' and '.join(KEPT_TO[top])} may import {top}"


def _wrong_print(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if module in MAY_PRINT:
        return
    asked = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("isatty", "flush")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "identity_of_stream":
            asked |= set(node.args)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("print", "pprint"):
            yield node.lineno, "only cli.screen may print"
        stream = isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr")
        if stream and node not in asked:
            yield node.lineno, "only cli.screen may write on standard streams"


def _heavy_start(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What cli imports before it knows its command: the standard library and light modules."""
    statements = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = ("__version__", "errors", "messages", "escaping", "cli")
    light = tuple(f"policynlp.{name}" for name in names)
    for line, target in imported(ast.Module(list(statements), [])):
        top = target.split(".")[0]
        allowed = top in sys.stdlib_module_names and top not in HEAVY
        if not allowed and not target.startswith(light):
            yield line, f"{target} at module level makes every command wait"


def test_package_keeps_the_rules() -> None:
    sources = modules()
    assert len(sources) > 20, "the modules were not found: nothing would be checked"
    assert {"policynlp", "policynlp.cli.score", "policynlp.language.words"} <= sources.keys()
    assert violations(sources) == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("policynlp.language.x", "from policynlp.reading import read_text", "must not import"),
        ("policynlp.reading.x", "import policynlp.model", "reading must not import model"),
        ("policynlp.batch.x", "from policynlp.training import fit", "must not import training"),
        ("policynlp.schema", "from policynlp import load", "must not import the front"),
        ("policynlp.article", "def f():\n    from policynlp import errors", "import errors"),
        ("policynlp.model", "from policynlp import themes", "model must not import themes"),
        ("policynlp.batch.x", "from ..training import fit", "relative import"),
        ("policynlp.novelty", "import policynlp.errors", "no place in LEVELS"),
        ("policynlp.themes.x", "from sklearn.svm import LinearSVC", "may import sklearn"),
        ("policynlp.batch.x", "def f():\n    import scipy.sparse as sp", "may import scipy"),
        ("policynlp.training.x", "import jieba", "may import jieba"),
        ("policynlp.language.terms", "from rjieba import Jieba", "may import rjieba"),
        ("policynlp.cli", "import numpy", "makes every command wait"),
        ("policynlp.cli.score", "from policynlp.batch import score", "makes every command wait"),
        ("policynlp.cli", "import asyncio", "makes every command wait"),
        ("policynlp.analyzer", "print('done')", "may print"),
        ("policynlp.cli.train", "print('done')", "may print"),
        ("policynlp.cli.score", "import sys\nsys.stderr.write('done')", "may write"),
        ("policynlp.cli.analyze", "import sys, json\njson.dump({}, sys.stdout)", "may write"),
    ],
)
def test_check_finds_what_breaks_a_rule(module: str, source: str, complaint: str) -> None:
    found = violations({module: source})
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("policynlp.cli", "from policynlp import __version__\ndef f():\n    import numpy"),
        ("policynlp.training.x", "import sklearn\nfrom policynlp.analyzer import load"),
        ("policynlp.language.words", "import jieba, rjieba"),
        ("policynlp.cli.screen", "import sys\nprint(file=sys.stderr)"),
        ("policynlp.cli.analyze", "import sys\nsys.stdout.isatty()"),
        ("policynlp.reading.x", "from policynlp.reading.boilerplate import BLANK"),
    ],
)
def test_check_lets_pass_what_is_right(module: str, source: str) -> None:
    assert violations({module: source}) == []


def test_an_article_is_analyzed_without_heavy_imports() -> None:
    program = (
        "import sys, policynlp.cli\n"
        "code = policynlp.cli.main(['analyze', sys.argv[1]])\n"
        f"loaded = sorted({HEAVY!r} & sys.modules.keys())\n"
        "sys.exit(code or ', '.join(loaded) or 0)"
    )
    page = PACKAGE.parents[1] / "samples" / "01-city-feature.txt"
    done = subprocess.run(
        [sys.executable, "-c", program, str(page)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_waits_for_nothing() -> None:
    program = (
        "import sys, policynlp.cli\n"
        "code = policynlp.cli.main(['--version'])\n"
        "sys.exit(code or ('numpy' in sys.modules and 'numpy was imported') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
