"""A process of its own: analyze a stream of so many articles, say how long and how much memory.

python -m benchmarks.stream COUNT '{"data": …, "real": …, "model": …}'
"""

import json
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import policynlp
from benchmarks.texts import read_articles


def stream(count: int, data: Path | None, real: Path, model: Path | None) -> dict[str, float]:
    """Seconds and bytes of text for ``count`` articles, the same ones again and again."""
    analyzer, (_, texts) = policynlp.load(model), read_articles(data, real)
    analyzer.analyze(texts[0])  # Jieba's dictionary
    size = 0

    def articles() -> Iterator[str]:
        nonlocal size
        for text in islice(cycle(texts), count):
            size += len(text.encode())
            yield text

    started = time.process_time()
    done = sum(1 for _ in analyzer.pipe(articles()))
    seconds = time.process_time() - started
    return {"articles": done, "seconds": seconds, "bytes": size, "peak_mb": peak_memory()}


def peak_memory() -> float:
    """The most memory that this process had, in MB; NaN where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    told = json.loads(sys.argv[2])
    data, model = (Path(told[name]) if told[name] else None for name in ("data", "model"))
    print(json.dumps(stream(int(sys.argv[1]), data, Path(told["real"]), model)))
