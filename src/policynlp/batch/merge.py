"""Put the outputs of shards together, in the order of the inputs."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from policynlp.batch.manifest import (
    DONE,
    Manifest,
    Paths,
    as_json,
    differences,
    digest_of,
    note_counts,
    read_manifest,
)
from policynlp.batch.scoring import Counts
from policynlp.batch.state import copied
from policynlp.batch.writers import can_be_merged, failure_header
from policynlp.errors import OutputError
from policynlp.files.atomic import whole_files, writing
from policynlp.files.output_paths import check_apart, check_unasked, check_writable


class _Share(NamedTuple):
    """A shard's output with its manifest."""

    paths: Paths
    manifest: Manifest

    @property
    def name(self) -> str:
        return str(self.paths.out)


def merge(out: str, outputs: Sequence[str], *, overwrite: bool = False) -> Counts:
    """Join the ``outputs`` of all shards to ``out``, as if one run had made it.

    Raises ``OutputError`` that names the file where one is not whole, is missing, comes twice
    or was made from other inputs, with another model or other options.
    """
    target = Paths.of(out)
    # In this order they come into their places, so that one that was stopped there has no output.
    files = (target.manifest, target.failures, target.out)
    beside = [Paths.of(path) for path in outputs]
    target.check()
    check_apart(files, [each for of in beside for each in (of.out, of.failures, of.manifest)])
    check_unasked(*files, overwrite=overwrite or _was_stopped(target))
    shares = _complete([_whole(path) for path in outputs])
    if not can_be_merged(out) or _kind(out) != _kind(shares[0].name):
        raise OutputError("{path}: must end as {first} does", path=out, first=shares[0].name)
    counts = Counts()
    for share in shares:
        counts.add(Counts.of(share.manifest["counts"]))
    check_writable(target.out)
    for file in files:
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                file.open("r+b").close()  # Fails before any is replaced, where Excel has one open.
    # Nothing that was there is touched before all that takes its place is on the disk.
    with whole_files(*files) as (manifest, failures, output):
        output.writelines(_opening(shares[0]))
        output.writelines(_pieces(shares, 0))
        failures.write(_failure_header(shares[0]))
        failures.writelines(_pieces(shares, 1))
        output.flush()
        manifest.write(as_json(_manifest(shares, counts, Path(output.name))))
    if not counts.failures:
        with writing(target.failures):
            target.failures.unlink()
    return counts


def _was_stopped(target: Paths) -> bool:
    """Whether there is the manifest of a merge, or a run, that is done, and no output."""
    if target.out.exists():
        return False
    try:
        manifest = read_manifest(target.manifest)
    except OutputError:  # It is something else.
        return False
    return manifest is not None and manifest["status"] == DONE


def _manifest(shares: Sequence[_Share], counts: Counts, output: Path) -> Manifest:
    """The manifest of the one run that might have made ``output``."""
    kept = ("policynlp", "versions", "model", "inputs", "options", "drift")
    manifest: Manifest = {"status": DONE} | {key: shares[0].manifest[key] for key in kept}
    manifest |= {"shard": None, "started": min(share.manifest["started"] for share in shares)}
    manifest |= {"finished": max(share.manifest["finished"] for share in shares)}
    note_counts(manifest, counts)
    return manifest | {"output": digest_of(output)}


def _whole(path: str) -> _Share:
    """The shard at ``path``, if it is as its run has left it."""
    paths = Paths.of(path)
    manifest = read_manifest(paths.manifest)
    if manifest is None:
        raise OutputError(
            "{path}: has no {manifest} beside it", path=path, manifest=paths.manifest.name
        )
    if not manifest["shard"]:
        raise OutputError("{path}: is no shard; make it with --shard", path=path)
    if manifest["status"] != DONE:
        raise OutputError("{path}: is not finished; give its command again", path=path)
    for file, key in ((paths.out, "output"), (paths.failures, "failures")):
        if digest_of(file) != manifest[key]:
            raise OutputError("{path}: is missing or was changed since it was written", path=file)
    return _Share(paths, manifest)


def _complete(shares: list[_Share]) -> list[_Share]:
    """The shards in order, if they are all of one run."""
    first = shares[0]
    for share in shares[1:]:
        different = differences(first.manifest, share.manifest, but=("shard",))
        if different:
            raise OutputError(
                "{path}: has {different} than {first}",
                path=share.name,
                different=different,
                first=first.name,
            )
    of = first.manifest["shard"][1]
    found: dict[int, _Share] = {}
    for share in shares:
        number, other = share.manifest["shard"]
        if other != of:
            raise OutputError(
                "{path}: is one of {other} shards, {first} one of {of}",
                path=share.name,
                other=other,
                first=first.name,
                of=of,
            )
        if number in found:
            raise OutputError(
                "{path} and {other} are both shard {number}/{of}",
                path=share.name,
                other=found[number].name,
                number=number,
                of=of,
            )
        found[number] = share
    missing = [f"{number}/{of}" for number in range(1, of + 1) if number not in found]
    if missing:
        raise OutputError(
            "{path}: the shards {missing} are missing", path=first.name, missing=", ".join(missing)
        )
    return [found[number] for number in sorted(found)]


def _opening(share: _Share) -> Iterator[bytes]:
    """What stands before the first article."""
    length = share.manifest["output"]["bytes"] - sum(
        output for output, _ in share.manifest["pieces"]
    )
    with share.paths.out.open("rb") as stream:
        yield from copied(stream, length)


def _failure_header(share: _Share) -> bytes:
    return failure_header(share.manifest["options"]["language"])


def _pieces(shares: Sequence[_Share], which: int) -> Iterator[bytes]:
    """What the shards hold of each chunk, in order: outputs or rows of failures."""
    with ExitStack() as stack:
        streams: list[IO[bytes] | None] = []
        for share in shares:
            path = share.paths.failures if which else share.paths.out
            streams.append(stack.enter_context(path.open("rb")) if path.exists() else None)
        for share, stream in zip(shares, streams, strict=True):
            if stream:
                opening = sum(map(len, _opening(share)))
                stream.seek(len(_failure_header(share)) if which else opening)
        for lengths in zip(*(share.manifest["pieces"] for share in shares), strict=True):
            for stream, length in zip(streams, lengths, strict=True):
                if stream:
                    yield from copied(stream, length[which])


def _kind(path: str) -> str:
    return "".join(Path(path.lower()).suffixes[-2 if path.lower().endswith(".gz") else -1 :])
