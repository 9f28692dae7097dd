"""The function over Arrow batches in Dask's processes, as docs/scale.md shows it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from fake_analyzer import CRASH, FakeAnalyzer
from policynlp.batch import score
from policynlp.batch.arrow import FAILURE, ArrowScorer

pytestmark = pytest.mark.dask


def test_dask_scores_what_a_run_does(tmp_path: Path) -> None:
    import dask

    rows = [
        {"id": f"n{n}", "text": CRASH if n % 50 == 7 else f"云溪县推进数字化第{n}家。"}
        for n in range(200)
    ]
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), source, row_group_size=60)
    scorer = ArrowScorer.of(FakeAnalyzer)

    @dask.delayed
    def scored(group: int) -> Any:
        batches = pyarrow.parquet.ParquetFile(source).read_row_group(group).to_batches()
        return pa.Table.from_batches(scorer(batches), scorer.schema)

    tables = dask.compute(*map(scored, range(4)), scheduler="processes", num_workers=2)
    table = pa.concat_tables(tables)
    score(FakeAnalyzer, [str(source)], str(out))
    results = table.filter(table[FAILURE].is_null()).drop_columns([FAILURE])
    assert results.to_pylist() == pyarrow.parquet.read_table(out).to_pylist()
    failed = table.filter(table[FAILURE].is_valid())["id"].to_pylist()
    assert failed == ["n7", "n57", "n107", "n157"]
