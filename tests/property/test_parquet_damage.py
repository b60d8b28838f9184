"""A damaged Parquet file gives rows or UnpackError, whatever the damage: no other error, no end of the process.

The files are read in a process of their own, because what is feared most is a library that ends it.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from support import LONG

TESTS = Path(__file__).resolve().parents[1]
COUNT = 20_000 if LONG else 500


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The file with up to twenty bytes changed, every second time near its end, where the footer is."""
    found = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        at = dice.randrange(len(found) // 2 if dice.random() < 0.5 else 0, len(found))
        found[at] = dice.choice((0, 0x7F, 0x80, 0xFF, found[at] ^ 1 << dice.randrange(8), dice.randrange(256)))
    return bytes(found)


def files() -> list[bytes]:
    from unit.sources.aws.parquet_files import parquet_file
    from unit.sources.aws.test_parquet_layout import COLUMNS

    few = {name: values[:40] for name, values in COLUMNS.items()}
    return [
        parquet_file(few),
        parquet_file(few, compression="gzip", store_schema=False, row_group_size=15),
        parquet_file(few, compression="zstd", use_dictionary=False, data_page_version="2.0"),
        parquet_file(few, compression="none", write_page_checksum=True, data_page_size=50),
    ]


def read_damaged(seed: int, count: int) -> None:
    from alertmill.sources.aws import parquet
    from alertmill.sources.aws.faults import UnpackError
    from alertmill.sources.aws.store import Body

    dice = random.Random(seed)
    whole = files()
    refused = 0
    for _ in range(count):
        try:
            for _ in parquet.rows(Body(damaged(dice.choice(whole), dice))):
                pass
        except UnpackError:
            refused += 1
    print(refused)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_damage(seed: int) -> None:
    command = [sys.executable, __file__, str(seed), str(COUNT)]
    done = subprocess.run(command, cwd=TESTS, env={"PYTHONPATH": str(TESTS)}, capture_output=True, timeout=250)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert 0 < int(done.stdout) < COUNT


if __name__ == "__main__":
    read_damaged(int(sys.argv[1]), int(sys.argv[2]))
