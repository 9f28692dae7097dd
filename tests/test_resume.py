"""Runs that are stopped, killed or out of room, and go on as if nothing had been."""

import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fake_analyzer import CRASH, THEMES, FakeAnalyzer, LoggingAnalyzer
from policynlp.batch import Options, Shard, Summary, merge, score, state
from policynlp.batch import inputs as inputs_module
from policynlp.batch.scoring import Load
from policynlp.errors import InputError, OutputError, UsageError
from policynlp.files.atomic import write_whole
from policynlp.messages import speaking, spoken

COUNT = 120
CHUNK = 8  # articles, about
NAMES = ("out.jsonl", "out.jsonl.failures.csv")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs_module, "_SMALLEST", CHUNK * 1600)
    monkeypatch.setattr(inputs_module, "_LARGEST", CHUNK * 1600)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with articles, some of which fail."""
    lines = []
    for number in range(COUNT):
        text = f"云溪县推进数字化，企业上云第{number}家。" + CRASH * (number % 17 == 3)
        lines.append(json.dumps({"id": f"n{number}", "text": text * (number % 23 != 7)}))
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def run(
    folder: Path, *, load: Load = FakeAnalyzer, out: str = "out.jsonl", **options: object
) -> Summary:
    return score(load, [str(folder / "in.jsonl")], str(folder / out), **options)  # type: ignore[arg-type]


def expected(folder: Path) -> list[bytes]:
    """What a run writes that nothing stops."""
    run(folder, out="whole.jsonl")
    return [(folder / name.replace("out", "whole")).read_bytes() for name in NAMES]


def written(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in NAMES]


def manifest(folder: Path, out: str = "out.jsonl") -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / f"{out}.run.json").read_bytes())
    return found


class Stop(BaseException):
    """What no one catches, as a signal would be."""


def stop_after(parts: int) -> object:
    """A progress that stops the run after so many chunks."""
    seen = []

    def progress(summary: Summary) -> None:
        seen.append(summary)
        if len(seen) == parts:
            raise Stop

    return progress


@pytest.mark.parametrize("parts", [1, 7, 15])
def test_a_stopped_run_goes_on(archive: Path, parts: int) -> None:
    log = archive / "log"
    load = partial(LoggingAnalyzer, log)
    with pytest.raises(Stop):
        run(archive, load=load, progress=stop_after(parts))
    assert not (archive / "out.jsonl").exists()
    assert manifest(archive)["status"] == "running"
    summary = run(archive, load=load)
    assert written(archive) == expected(archive)
    assert summary.counts.done == COUNT
    assert summary.resumed == manifest(archive)["resumed"] == parts * CHUNK
    ids = log.read_text().split()[::2]
    assert len(ids) == len(set(ids))  # None was scored twice.
    assert not (archive / "out.jsonl.parts").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_goes_on(archive: Path, jobs: int) -> None:
    log = archive / "log"
    program = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from fake_analyzer import LoggingAnalyzer\n"
        "from policynlp.batch import score, inputs\n"
        f"inputs._SMALLEST = inputs._LARGEST = {CHUNK * 1600}\n"
        f"log, data, out = {[str(archive / name) for name in ('log', 'in.jsonl', 'out.jsonl')]}\n"
        f"score(partial(LoggingAnalyzer, Path(log), 0.004), [data], out, jobs={jobs})\n"
    )
    paths = os.pathsep.join((str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)))
    kills = 0  # Up to three, at random moments; two workers may have finished before the third.
    for _ in range(4):
        started = log.stat().st_size if log.exists() else 0
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": paths},
            stderr=subprocess.PIPE,
        )
        while process.poll() is None and (not log.exists() or log.stat().st_size == started):
            time.sleep(0.01)
        if kills < 3:
            time.sleep(random.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, errors.decode()
            break
        kills += 1
        time.sleep(1.5 * (jobs > 1))  # The workers see that they are alone.
    assert kills
    assert written(archive) == expected(archive)
    scored = len(log.read_text().splitlines())
    assert scored <= COUNT + kills * jobs * CHUNK


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_goes_on_in_the_language_in_which_it_began(archive: Path, jobs: int) -> None:
    with speaking("zh"):
        with pytest.raises(Stop):
            run(archive, jobs=jobs, progress=stop_after(2))
        whole = expected(archive)
    run(archive, jobs=jobs)
    assert "文本为空".encode() in written(archive)[1]
    assert written(archive) == whole
    assert spoken() == "en"


def test_going_on_with_other_workers(archive: Path) -> None:
    with pytest.raises(Stop):
        run(archive, jobs=2, progress=stop_after(5))
    assert 5 * CHUNK <= run(archive).resumed < COUNT
    assert written(archive) == expected(archive)


def test_standard_input_goes_on(archive: Path) -> None:
    def piped(**options: object) -> Summary:
        with (archive / "in.jsonl").open("rb") as stream:
            out = str(archive / "out.jsonl")
            return score(FakeAnalyzer, ["-"], out, stdin=stream, **options)  # type: ignore[arg-type]

    with pytest.raises(Stop):
        piped(progress=stop_after(5))
    assert piped().resumed == 5 * CHUNK
    assert written(archive)[0] == expected(archive)[0]
    assert not list(archive.glob("*.stdin"))


def test_damaged_parts_are_scored_again(archive: Path) -> None:
    with pytest.raises(Stop):
        run(archive, progress=stop_after(5))
    parts = sorted((archive / "out.jsonl.parts").iterdir())
    parts[1].write_bytes(parts[1].read_bytes()[:-1])
    parts[2].write_bytes(b"")
    parts[3].write_bytes(b"[]\n")
    assert run(archive).resumed == 2 * CHUNK
    assert written(archive) == expected(archive)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_part_with_a_byte_flipped_is_scored_again(archive: Path, jobs: int) -> None:
    """Wherever in it: in what is counted, in the output, the failures, the ids."""
    whole = expected(archive)
    for number in range(1, 16, 2):
        with pytest.raises(Stop):
            run(archive, progress=stop_after(15), overwrite=True)
        part = archive / "out.jsonl.parts" / "000001.part"
        data = bytearray(part.read_bytes())
        data[len(data) * number // 16] ^= 1 << number % 8
        part.write_bytes(data)
        assert run(archive, jobs=jobs).resumed == 14 * CHUNK
        assert written(archive) == whole


def test_a_part_that_is_damaged_before_it_is_joined_is_no_output(archive: Path) -> None:
    whole, finish = expected(archive), state.State.finish

    def damaged(of: state.State, *args: Any) -> Any:
        part = archive / "out.jsonl.parts" / "000001.part"
        part.write_bytes(part.read_bytes().replace("数字化".encode(), "数字花".encode()))
        return finish(of, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state.State, "finish", damaged)
        with pytest.raises(OutputError, match=r"000001.part: was damaged since it was written"):
            run(archive)
    assert not (archive / "out.jsonl").exists()
    assert manifest(archive)["status"] == "running"
    assert run(archive).resumed == COUNT - CHUNK
    assert written(archive) == whole


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def lengthen(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b'\n{"text": "more"}')


def change(path: Path) -> None:
    """One byte, and as if it had not been."""
    times = path.stat()
    path.write_bytes(path.read_bytes().replace("云".encode(), "雲".encode(), 1))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def remove(path: Path) -> None:
    path.unlink()


def add(path: Path) -> None:
    path.with_name("zz.jsonl").write_text('{"text": "another"}', encoding="utf-8")


@pytest.mark.parametrize("happens", [shorten, lengthen, change, remove, add])
@pytest.mark.parametrize(
    ("out", "after"), [("out.jsonl", 0), ("out.jsonl", 1), ("out.jsonl", 15), ("-", 1), ("-", 60)]
)
def test_inputs_that_change_during_the_run_are_no_success(
    archive: Path, happens: Callable[[Path], None], out: str, after: int
) -> None:
    """Between the first look and the first article, while it is scored, and at its end."""
    folder = archive / "in"
    folder.mkdir()
    (archive / "in.jsonl").rename(folder / "in.jsonl")
    seen, target = [], out if out == "-" else str(archive / out)

    def progress(summary: Summary) -> None:
        seen.append(summary)
        if len(seen) == after:
            happens(folder / "in.jsonl")

    def load() -> FakeAnalyzer:
        return FakeAnalyzer()

    if after == 0:
        survey = inputs_module.Inputs.survey

        def surveyed(of: inputs_module.Inputs, **options: Any) -> inputs_module.Survey:
            found = survey(of, **options)
            happens(folder / "in.jsonl")
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inputs_module.Inputs, "survey", surveyed)
            with pytest.raises(InputError, match="was changed, added or removed during the run"):
                score(load, [str(folder)], target, progress=progress, stdout=lambda data: None)
    else:
        jobs = 1 if out == "-" else 2
        with pytest.raises(InputError, match="was changed, added or removed during the run"):
            score(
                load, [str(folder)], target, jobs=jobs, progress=progress, stdout=lambda data: None
            )
    assert not (archive / "out.jsonl").exists()
    if out != "-":
        assert manifest(archive)["status"] == "running"


def test_as_many_articles_are_scored_as_were_found(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a file system says of its files."""
    monkeypatch.setattr(inputs_module, "_look_of", lambda path: ())
    survey = inputs_module.Inputs.survey

    def surveyed(of: inputs_module.Inputs, **options: Any) -> inputs_module.Survey:
        found = survey(of, **options)
        shorten(archive / "in.jsonl")
        return found

    monkeypatch.setattr(inputs_module.Inputs, "survey", surveyed)
    with pytest.raises(InputError, match="one of the inputs: was changed"):
        run(archive)
    assert not (archive / "out.jsonl").exists()


class OtherModel(FakeAnalyzer):
    model_sha256 = "0" * 64


class OtherThreshold(OtherModel):
    thresholds: Mapping[str, Mapping[str, float]] = {
        "paragraph": dict.fromkeys(THEMES, 0.5) | {"数字化": 0.75}
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": Options(with_text=True)}, "with_text False, now True"),
        ({"options": Options(shard=Shard(1, 2))}, "shard None, now"),
        ({"load": OtherModel}, "other model"),
        ({"load": OtherThreshold}, r"other thresholds \(数字化 0.5, now 0.75\)"),
        ({}, "other inputs"),
    ],
)
@pytest.mark.parametrize("stopped", [True, False])
def test_what_is_not_the_same_run_does_not_go_on(
    archive: Path, change: dict[str, object], said: str, stopped: bool
) -> None:
    if stopped:
        with pytest.raises(Stop):
            run(archive, progress=stop_after(5))
    else:
        run(archive)
    if not change:
        with (archive / "in.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(" ")
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match=rf"an earlier run had .*{said}.*--overwrite begins anew"):
        run(archive, **change)
    assert before == {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    assert run(archive, **change, overwrite=True).resumed == 0


def test_a_finished_output_is_left_alone(archive: Path) -> None:
    first = run(archive)
    before = (archive / "out.jsonl").stat()
    again = run(archive, load=partial(LoggingAnalyzer, archive / "log"))
    assert again.finished
    assert again.counts == first.counts
    assert not (archive / "log").exists()
    assert (archive / "out.jsonl").stat() == before
    (archive / "out.jsonl").write_bytes(b"mine")
    with pytest.raises(OutputError, match="was changed since it was written"):
        run(archive)
    (archive / "out.jsonl").unlink()
    assert not run(archive).finished
    assert written(archive) == expected(archive)


def test_what_others_wrote_is_left_alone(archive: Path) -> None:
    (archive / "out.jsonl").write_bytes(b"mine")
    with pytest.raises(OutputError, match="is there already; --overwrite replaces it"):
        run(archive)
    with pytest.raises(Stop):
        run(archive, progress=stop_after(5), overwrite=True)
    assert (archive / "out.jsonl").read_bytes() == b"mine"
    assert run(archive, overwrite=True).resumed == 5 * CHUNK  # An unfinished run goes on.
    assert written(archive) == expected(archive)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("step", range(1, 9))
def test_a_run_killed_at_its_end_scores_nothing_again(archive: Path, step: int, jobs: int) -> None:
    """Killed before each file is synced or moved, or a part removed, once all parts are there."""
    log, data, out = (str(archive / name) for name in ("log", "in.jsonl", "out.jsonl"))
    program = (
        "import os, signal, sys; from functools import partial; from pathlib import Path\n"
        "from fake_analyzer import LoggingAnalyzer\n"
        "from policynlp.batch import score, inputs, state\n"
        f"inputs._SMALLEST = inputs._LARGEST = {CHUNK * 1600}\n"
        "steps = []\n"
        "def counted(work):\n"
        "    def step(*args, **options):\n"
        "        steps.append(work)\n"
        f"        if len(steps) == {step}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return work(*args, **options)\n"
        "    return step\n"
        "finish = state.State.finish\n"
        "def watched(*args):\n"
        "    os.fsync, os.unlink = counted(os.fsync), counted(os.unlink)\n"
        "    Path.replace = counted(Path.replace)\n"
        "    return finish(*args)\n"
        "state.State.finish = watched\n"
        f"score(partial(LoggingAnalyzer, Path({log!r})), [{data!r}], {out!r}, jobs={jobs})\n"
    )
    paths = os.pathsep.join((str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)))
    killed = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": paths}
    )
    assert killed.returncode == -signal.SIGKILL
    scored = Path(log).read_bytes()
    assert run(archive, load=partial(LoggingAnalyzer, Path(log))).counts.done == COUNT
    assert Path(log).read_bytes() == scored
    left = {path.name for path in archive.iterdir()} - {"in.jsonl", "log"}
    assert left == {*NAMES, "out.jsonl.run.json"}
    assert written(archive) == expected(archive)


def test_what_others_have_unfinished_is_left_alone(archive: Path) -> None:
    """Of other outputs, and of a program that still runs."""
    gone, here = 99_999_999, os.getppid()
    names = {f".out.jsonl.gz.{gone}.part", f".out.jsonl.{here}.part"} - {
        f".out.jsonl.{here}.part" if os.name == "nt" else ""
    }
    for name in (*names, f".out.jsonl.{gone}.part", f".out.jsonl.run.json.{gone}.part"):
        (archive / name).write_bytes(b"")
    run(archive)
    assert {path.name for path in archive.glob(".*")} == names
    write_whole(archive / "page.html", b"")
    (archive / f".page.html.{gone}.part").write_bytes(b"")
    write_whole(archive / "page.html", b"")
    assert {path.name for path in archive.glob(".*")} == names


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_workbook_on_a_full_disk_is_one_clear_error(archive: Path) -> None:
    """Its sheets, which wait in another folder, outgrow the limit before the workbook does."""
    import gc
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(
            OutputError, match=r"^/.*: cannot be written: File too large; .*lift the limit"
        ):
            run(archive, out="out.xlsx")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    gc.collect()
    assert run(archive, out="out.xlsx").resumed == COUNT


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.parametrize("room", [2_000, 30_000])
def test_a_full_disk_is_one_clear_error(archive: Path, room: int) -> None:
    """No file can grow beyond ``room``: a part cannot, or only the whole output."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot be written: .*lift the limit"):
            run(archive)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert not list(archive.rglob(".*"))
    summary = run(archive)
    assert summary.resumed == (0 if room == 2_000 else COUNT)
    assert written(archive) == expected(archive)


def test_a_full_disk_while_standard_input_is_copied(archive: Path) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OutputError, match=r"out.jsonl.stdin: cannot be written: .*lift"):
            score(FakeAnalyzer, ["-"], str(archive / "out.jsonl"), stdin=io.BytesIO(b"a" * 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert not (archive / "out.jsonl.stdin").exists()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_where_nobody_may_write_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match=r"out.jsonl: cannot be written: .*not write there"):
        write_whole(tmp_path / "out.jsonl", b"")


@pytest.mark.parametrize("out", ["out.jsonl", "out.csv", "out.jsonl.gz"])
def test_shards_are_one_run(archive: Path, out: str) -> None:
    import gzip

    run(archive, out=f"whole-{out}")
    shards = [f"{number}-{out}" for number in range(1, 4)]
    counts = [
        run(archive, out=name, options=Options(shard=Shard(number, 3))).counts
        for number, name in enumerate(shards, 1)
    ]
    assert all(abs(count.done - COUNT / 3) <= CHUNK for count in counts)
    merged = merge(str(archive / f"all-{out}"), [str(archive / name) for name in shards[::-1]])
    assert merged.done == COUNT

    def read(name: str) -> bytes:
        data = (archive / name).read_bytes()
        return gzip.decompress(data) if name.endswith(".gz") else data

    assert read(f"all-{out}") == read(f"whole-{out}")
    assert read(f"all-{out}.failures.csv") == read(f"whole-{out}.failures.csv")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("step", range(1, 8))
def test_a_merge_that_was_killed_ends_with_its_command(archive: Path, step: int) -> None:
    """Killed before each file is synced or moved, or an old one removed."""
    shards = [str(archive / f"{number}.jsonl") for number in (1, 2)]
    for number, name in enumerate(shards, 1):
        run(archive, out=Path(name).name, options=Options(shard=Shard(number, 2)))
    whole, out = expected(archive), str(archive / "all.jsonl")
    child = os.fork()
    if not child:
        steps = []

        def counted(work: Callable[..., Any]) -> Callable[..., Any]:
            def step_of(*args: Any, **options: Any) -> Any:
                steps.append(work)
                if len(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return work(*args, **options)

            return step_of

        os.fsync, os.unlink = counted(os.fsync), counted(os.unlink)
        Path.replace = counted(Path.replace)  # type: ignore[method-assign]
        merge(out, shards)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == (0 if step == 7 else -signal.SIGKILL)
    if code:
        merge(out, shards)
    assert [(archive / name.replace("out", "all")).read_bytes() for name in NAMES] == whole
    assert not list(archive.glob(".*"))


@pytest.mark.parametrize(("out", "kind"), [("out.xlsx", "jsonl"), ("-", "jsonl"), ("-", "csv")])
def test_shards_that_could_not_be_merged(archive: Path, out: str, kind: str) -> None:
    """Refused before anything is read, by the library as by the command."""
    options = Options(shard=Shard(1, 2))
    with pytest.raises(UsageError, match=r"a shard's output must end in \.jsonl"):
        score(FakeAnalyzer, [str(archive / "gone")], out, options=options, kind=kind)


def test_shards_that_are_not_whole(archive: Path) -> None:
    names = [str(archive / f"{number}.jsonl") for number in range(1, 3)]
    for number, name in enumerate(names, 1):
        run(archive, out=Path(name).name, options=Options(shard=Shard(number, 2)))
    run(archive, out="whole.jsonl")
    run(archive, out="odd.jsonl", options=Options(shard=Shard(2, 2), with_text=True))

    def fails(*shards: str, out: str = "all.jsonl") -> str:
        with pytest.raises(OutputError) as error:
            merge(str(archive / out), shards)
        return str(error.value)

    assert "the shards 2/2 are missing" in fails(names[0])
    assert "are both shard 1/2" in fails(names[0], names[0])
    assert "is no shard" in fails(names[0], str(archive / "whole.jsonl"))
    assert "with_text False, now True" in fails(names[0], str(archive / "odd.jsonl"))
    assert "must end as" in fails(*names, out="all.csv")
    Path(names[1]).write_bytes(Path(names[1]).read_bytes()[:-1])
    assert "2.jsonl: is missing or was changed" in fails(*names)
    Path(names[1] + ".run.json").unlink()
    assert "has no 2.jsonl.run.json beside it" in fails(*names)
    assert not list(archive.glob("all*"))


def merged(archive: Path) -> tuple[list[str], dict[str, bytes]]:
    """Two shards, and what an earlier merge of the first inputs has left."""
    names = [str(archive / f"{number}.jsonl") for number in (1, 2)]
    for number, name in enumerate(names, 1):
        run(archive, out=Path(name).name, options=Options(shard=Shard(number, 2)))
    for suffix in ("", ".failures.csv", ".run.json"):
        (archive / f"all.jsonl{suffix}").write_bytes(b"old")
    return names, {path.name: path.read_bytes() for path in archive.glob("*.jsonl*")}


@pytest.mark.parametrize("out", ["1.jsonl", "2.jsonl", "./x/../1.jsonl", "link.jsonl"])
def test_a_merge_onto_a_shard_is_refused(archive: Path, out: str) -> None:
    names, before = merged(archive)
    (archive / "x").mkdir()
    (archive / "link.jsonl").hardlink_to(names[0])
    before["link.jsonl"] = before["1.jsonl"]
    with pytest.raises(OutputError, match="which this command needs"):
        merge(f"{archive}/{out}", names, overwrite=True)
    assert {path.name: path.read_bytes() for path in archive.glob("*.jsonl*")} == before


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.failures.csv", "all.jsonl.run.json"])
def test_a_merge_replaces_nothing_unasked(archive: Path, name: str) -> None:
    names, _ = merged(archive)
    for path in archive.glob("all.*"):
        if path.name != name:
            path.unlink()
    with pytest.raises(OutputError, match=f"{name}: is there already; --overwrite replaces it"):
        merge(str(archive / "all.jsonl"), names)
    assert [path.name for path in archive.glob("all.*")] == [name]


@pytest.mark.parametrize("failures", [True, False])
@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("step", range(3))
def test_a_merge_that_fails_anywhere_loses_nothing(
    archive: Path, monkeypatch: pytest.MonkeyPatch, call: str, step: int, failures: bool
) -> None:
    """What was there stays until all that takes its place is on the disk; then they change over."""
    if not failures:
        lines = [json.dumps({"text": f"云溪县推进数字化，企业上云第{n}家。"}) for n in range(COUNT)]
        (archive / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    names, before = merged(archive)
    module = os if call == "fsync" else Path
    real, steps = getattr(module, call), iter(range(9))

    def fail(*args: object) -> object:
        if next(steps) == step:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module, call, fail)
        with pytest.raises(OutputError, match=r"all\.jsonl.*: cannot be written: Input"):
            merge(str(archive / "all.jsonl"), names, overwrite=True)
    after = {path.name: path.read_bytes() for path in archive.iterdir() if path.is_file()}
    changed = {name for name, data in before.items() if after.get(name) != data}
    order = ["all.jsonl.run.json", "all.jsonl.failures.csv", "all.jsonl"]
    assert changed == (set() if call == "fsync" else set(order[:step]))
    assert not list(archive.glob(".*"))
    merge(str(archive / "all.jsonl"), names, overwrite=True)
    run(archive, out="whole.jsonl")
    assert (archive / "all.jsonl").read_bytes() == (archive / "whole.jsonl").read_bytes()
    assert (archive / "all.jsonl.failures.csv").exists() == failures


def test_what_stands_beside_an_output_is_not_replaced_unasked(archive: Path) -> None:
    for name in ("out.jsonl.failures.csv", "out.jsonl.parts/mine.txt"):
        mine = archive / name
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("mine", encoding="utf-8")
        with pytest.raises(OutputError, match="is there already; --overwrite replaces it"):
            run(archive)
        assert mine.read_text(encoding="utf-8") == "mine"
        mine.unlink()
