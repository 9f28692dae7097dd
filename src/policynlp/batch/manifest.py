"""The manifest of a run: what it was asked for, with what it was made, and what came of it."""

import hashlib
import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from policynlp import __version__
from policynlp.batch.inputs import Survey
from policynlp.batch.options import Options
from policynlp.batch.scoring import Counts, Scorer
from policynlp.errors import InputError, OutputError
from policynlp.files.atomic import write_whole
from policynlp.files.output_paths import check_place
from policynlp.messages import LANGUAGES, say, spoken
from policynlp.themes.drift import PROFILE, Drift, Profile, measure_drift
from policynlp.validation import (
    anything,
    check,
    lists,
    maps,
    maybe,
    objects,
    one_of,
    parse,
    text,
    whole,
    wrong,
)

RUNNING, DONE = "running", "done"
_PACKAGES: Final = ("numpy", "rjieba", "jieba", "trafilatura", "opencc")
# What must be the same for a run to go on.
_IDENTITY: Final = ("policynlp", "model", "inputs", "options", "shard")

_MOST_TOLD: Final = 3  # thresholds in a message

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paths:
    """An output and what stands beside it."""

    out: Path

    @classmethod
    def of(cls, out: str) -> "Paths":
        """What stands beside the output ``out``."""
        return cls(Path(out))

    @property
    def failures(self) -> Path:
        """The list of articles without a result."""
        return self._beside(".failures.csv")

    @property
    def manifest(self) -> Path:
        """The manifest of the run."""
        return self._beside(".run.json")

    @property
    def parts(self) -> Path:
        """The folder of parts."""
        return self._beside(".parts")

    @property
    def stdin(self) -> Path:
        """The copy of standard input."""
        return self._beside(".stdin")

    def all(self) -> frozenset[str]:
        """All of them as absolute paths: they may stand in a folder of inputs."""
        paths = (self.out, self.failures, self.manifest, self.parts, self.stdin)
        return frozenset(str(path.absolute()) for path in paths)

    def check(self) -> None:
        """Raise ``OutputError`` now, not after hours, where no such files can be written."""
        check_place(self.out, self.failures, self.manifest)

    def _beside(self, suffix: str) -> Path:
        return self.out.with_name(self.out.name + suffix)


def new_manifest(scorer: Scorer, survey: Survey, options: Options) -> Manifest:
    """What is known before the first article."""
    return {
        "status": RUNNING,
        "policynlp": __version__,
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "model": {
            "id": scorer.model_id,
            "sha256": scorer.model_sha256,
            "thresholds": scorer.thresholds,
        },
        "inputs": {
            "files": survey.files,
            "bytes": survey.bytes,
            "articles": survey.articles,
            "sha256": survey.sha256,
        },
        "options": options.as_record() | {"columns": list(survey.columns)},
        "shard": list(options.shard) if options.shard else None,
        "drift": {"reference": scorer.reference and scorer.reference.as_record()},
        "messages": spoken(),
    }


def note_counts(manifest: Manifest, counts: Counts) -> None:
    """Note what was counted, and how far that is from what the model was trained on."""
    manifest["counts"] = counts.as_record()
    drift = drift_of(manifest)
    if drift:
        manifest["drift"] |= drift.as_record()


def drift_of(manifest: Manifest) -> Drift | None:
    """How far a finished run is from the training text, if its model knows what that is like."""
    reference = manifest.get("drift", {}).get("reference")
    profile = Counts.of(manifest["counts"]).profile
    return measure_drift(profile, Profile.of(reference)) if reference else None


def read_manifest(path: Path) -> Manifest | None:
    """The manifest of an earlier run, if there is one."""
    try:
        return manifest_at(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(
            "{path}: cannot be used ({error}); --overwrite begins anew", path=path, error=error
        ) from error


def manifest_at(path: Path) -> Manifest:
    """The manifest that stands there; ``OSError`` or ``ValueError`` where there is none."""
    manifest: Manifest = parse(path.read_text(encoding="utf-8"))
    check(manifest, _SHAPE)
    if manifest["status"] == DONE:
        check(manifest, _FINISHED)
        check(manifest, _SHARD if manifest["shard"] else anything)
    return manifest


def _counted(value: Any, field: str) -> None:
    """The counts of a run, which has no more sections with a theme than sections."""
    _COUNTS(value, field)
    for theme, sections in value["themes"].items():
        whole(value["sections"])(sections, f"{field}.themes.{theme}")


def _share(value: Any, field: str) -> None:
    """Which of how many shards."""
    lists(whole(), length=2)(value, field)
    if not 1 <= value[0] <= value[1]:
        raise wrong(field, say("a shard and how many there are"), value)


_COUNTS: Final = objects(
    {
        **dict.fromkeys(("articles", "failures", "warned", "sections"), whole()),
        "themes": maps(whole()),
    },
    profile=PROFILE,
)
_FILE: Final = objects({"bytes": whole(), "sha256": text})
_INPUTS: Final = objects({"files": whole(), "bytes": whole(), "articles": whole(), "sha256": text})
_SHAPE: Final = objects(
    {
        "status": one_of(RUNNING, DONE),
        "policynlp": text,
        "model": objects({"id": text, "sha256": text}),
        "inputs": _INPUTS,
        "options": objects({"language": one_of(*LANGUAGES)}),
        "shard": maybe(_share),
        "started": text,
    },
    drift=objects({}, reference=maybe(PROFILE)),
    messages=one_of(*LANGUAGES),
)
_FINISHED: Final = objects({"finished": text, "counts": _counted, "output": _FILE})
_SHARD: Final = objects(
    {
        "versions": maps(text),
        "drift": maps(anything),
        "pieces": lists(lists(whole(), length=2)),
        "failures": maybe(_FILE),
    }
)


def run_of(out: Path) -> Manifest | None:
    """The manifest beside ``out``, if it is of the run that wrote ``out`` as it is."""
    paths = Paths(out)
    if not paths.manifest.exists():
        return None
    manifest = read_manifest(paths.manifest)
    written = manifest and manifest["status"] == DONE and manifest["output"] == digest_of(out)
    return manifest if written else None


def finished_run(path: Path) -> Manifest:
    """The manifest at ``path``; ``InputError`` if it is none, or of a run that is not finished."""
    try:
        manifest = manifest_at(path)
        check(manifest["status"], one_of(DONE))
    except (OSError, ValueError) as error:
        raise InputError(
            "{path}: is no manifest of a finished run ({error}); "
            "score writes OUT.run.json beside OUT",
            path=path,
            error=error,
        ) from error
    return manifest


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest for programs and for people."""
    write_whole(path, as_json(manifest))


def as_json(manifest: Manifest) -> bytes:
    """A manifest as it stands in its file."""
    # Half a character, as of a file's name that is not UTF-8, is written as JSON escapes it.
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    return text.encode("utf-8", "backslashreplace")


def identity(manifest: Manifest) -> str:
    """A hash of what must be the same for parts to be of the same run."""
    said = json.dumps([manifest[key] for key in _IDENTITY], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def differences(old: Manifest, new: Manifest, *, but: tuple[str, ...] = ()) -> str:
    """What keeps a run from going on with the parts of another one, for a person to read."""
    keys = [key for key in _IDENTITY if key not in but]
    found = (text for key in keys for text in _different(key, old[key], _as_read(new[key])))
    return say("; ").join(found)


def _different(name: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if name == "inputs":
        yield say("other inputs")
    elif name == "model":
        changed = _changed_thresholds(old, new)
        themes = say(", ").join(changed[:_MOST_TOLD]) + (" …" if changed[_MOST_TOLD:] else "")
        yield say("other thresholds ({themes})", themes=themes) if changed else say("other model")
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _different(key, old.get(key), new.get(key))
    else:
        yield say("{name} {old}, now {new}", name=name, old=old, new=new)


def _changed_thresholds(old: Any, new: Any) -> list[str]:
    """The thresholds by which two models differ that are otherwise one and the same."""
    same = isinstance(old, dict) and old.get("id") == new["id"]
    before = old.get("thresholds") if same else None
    themes = {
        theme: (before[level].get(theme), threshold)
        for level, thresholds in new["thresholds"].items()
        if isinstance(before, dict) and isinstance(before.get(level), dict)
        for theme, threshold in thresholds.items()
        if before[level].get(theme) != threshold
    }
    return [
        say("{name} {old}, now {new}", name=theme, old=_short(was), new=_short(now))
        for theme, (was, now) in themes.items()
    ]


def _short(threshold: object) -> object:
    return f"{threshold:.4g}" if isinstance(threshold, float) else threshold


def _as_read(value: object) -> Any:
    """``value`` as it comes back from a file."""
    return json.loads(json.dumps(value))


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def about(manifest: Manifest, counts: Counts) -> list[tuple[str, object]]:
    """What a workbook says about its run: nothing that differs from one run to the next."""
    rows: list[tuple[str, object]] = [
        ("policynlp", manifest["policynlp"]),
        ("model", manifest["model"]["id"]),
        ("model sha256", manifest["model"]["sha256"]),
        ("files", manifest["inputs"]["files"]),
        ("inputs sha256", manifest["inputs"]["sha256"]),
        ("articles", counts.articles),
        ("failures", counts.failures),
        ("sections", counts.sections),
        *counts.themes.items(),
    ]
    options = json.dumps(manifest["options"], ensure_ascii=False)
    return [*rows, ("options", options)]


def digest_of(path: Path) -> dict[str, Any] | None:
    """Size and hash of a file, or ``None`` if there is none."""
    if not path.exists():
        return None
    with path.open("rb") as stream:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(stream, "sha256").hexdigest(),
        }
