"""What every part of the benchmark says and how: the machine, tables of times, intervals."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PACKAGES = (
    *("rjieba", "jieba", "numpy", "scikit-learn", "pyarrow", "pyspark"),
    *("sumy", "snownlp", "fasttext-community"),
)
RESAMPLES = 1000


def machine() -> dict[str, str]:
    cpu, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), cpu)
    found = {"cpu": f"{cpu}, {os.cpu_count()} cores", "system": platform.system()}
    found["python"] = platform.python_version()
    installed = {d.name: d.version for d in distributions()}
    return found | {name: installed.get(name, "not installed") for name in PACKAGES}


def columns(title: str, times: dict[str, float], ratio: str) -> Iterable[str]:
    """A table of times, each with its ratio to the first."""
    if times:
        yield f"\n{title:48}{'ms':>10}   {ratio}"
    base = next(iter(times.values()), 1.0)
    yield from (f"{name:48}{ms:10.2f}{ms / base:10.1f}" for name, ms in times.items())


def missing_peers(missing: dict[str, str]) -> Iterable[str]:
    yield from (f"not measured: {n} ({why}): install the group bench" for n, why in missing.items())


def resample(values: Floats) -> Floats:
    """Sum ``values`` [articles, …] over bootstrap samples of the articles: [RESAMPLES, …].

    The draws are the same in every call, so that differences of two systems are paired.
    """
    n = len(values)
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    return np.tensordot(draws.astype(np.float64), values, axes=1)


def interval(resampled: Floats) -> list[float]:
    """The bounds of the 95 % interval."""
    return np.quantile(resampled, (0.025, 0.975)).tolist()
