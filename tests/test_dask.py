"""The function over Arrow batches in Dask's processes, as docs/scale.md shows it."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

import policynlp
from policynlp.batch import score
from test_docs import block_with

pytestmark = pytest.mark.dask


def test_the_script_in_the_documentation_scores_what_a_run_does(tmp_path: Path) -> None:
    rows = [
        {"id": f"n{n}", "text": " " if n % 50 == 7 else f"云溪县推进数字化第{n}家。"}
        for n in range(200)
    ]
    source, out = tmp_path / "archive.parquet", tmp_path / "out.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), source, row_group_size=60)
    script = block_with("docs/scale.md", "import dask")
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True)
    table = pyarrow.parquet.read_table(tmp_path / "themes.parquet")
    score(policynlp.load, [str(source)], str(out))
    results = table.filter(table["failure"].is_null()).drop_columns(["failure"])
    assert results.to_pylist() == pyarrow.parquet.read_table(out).to_pylist()
    failed = table.filter(table["failure"].is_valid())["id"].to_pylist()
    assert failed == ["n7", "n57", "n107", "n157"]
