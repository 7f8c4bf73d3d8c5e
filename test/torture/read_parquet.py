"""Prints the rows of the Parquet files of a streaming query, columns with commas between.

    python read_parquet.py FOLDER

Reads the files that the manifest of the folder lists, as Spark's file source does, and fails when the folder holds
other files, or not all of them.
"""
import json
import os
import sys
from urllib.parse import unquote, urlparse

import pyarrow.parquet as pq

folder = os.path.realpath(sys.argv[1])
manifest = os.path.join(folder, "_spark_metadata")

logs = {}
for name in os.listdir(manifest):
    stem = name.removesuffix(".compact")
    if stem.isdigit():
        logs[int(stem)] = (name, name != stem)
first = max((n for n, (_, compact) in logs.items() if compact), default=0)
listed = []
for n in sorted(logs):
    if n < first:
        continue
    with open(os.path.join(manifest, logs[n][0]), encoding="utf-8") as log:
        version, *entries = log.read().split("\n")
    assert version == "v1", f"{logs[n][0]} begins with {version!r}"
    listed += [unquote(urlparse(json.loads(entry)["path"]).path) for entry in entries if entry]

assert len(set(listed)) == len(listed), "the manifest lists a file twice"
there = {os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".parquet")}
assert there == set(listed), f"{len(there)} files, {len(listed)} in the manifest"

for path in listed:
    columns = [column.to_pylist() for column in pq.read_table(path).columns]
    sys.stdout.writelines(",".join(map(str, row)) + "\n" for row in zip(*columns))
