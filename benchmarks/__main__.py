"""`python -m benchmarks [NAME...]`: run the workloads (all, or those whose name begins with one of the words)."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from benchmarks.harness import Figure, run_apart, save, table
from benchmarks.workloads import WORKLOADS


def main(words: list[str]) -> int:
    if words[:1] == ["--worker"]:
        print(json.dumps([asdict(figure) for figure in WORKLOADS[words[1]]()]))
        return 0
    chosen = [name for name in WORKLOADS if not words or name.startswith(tuple(words))]
    if not chosen:
        print(f"no workload begins with {' or '.join(words)}; there are: {', '.join(WORKLOADS)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures += run_apart(name)
    print(table(figures))
    print(f"\nwritten to {save(figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
