"""The benchmarks: run workloads, compare with the baseline, say where the CPU goes, write messages for other engines.

python -m benchmarks [NAME...]                        all workloads, or those whose name begins with one of the words
python -m benchmarks --repeat 5 cloudtrail            five times instead of three
python -m benchmarks --save-baseline                  and keep the figures as what later runs are compared with
python -m benchmarks --profile cloudtrail_quarter     where its CPU goes
python -m benchmarks --messages FILE syslog           what it feeds, one message per line
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import profiler
from benchmarks.baseline import BASELINE, OUT, Run, machine, read_run
from benchmarks.budgets import missed
from benchmarks.comparison import changes, summarise, table
from benchmarks.harness import KEEP_VARIABLE, Figure, run_apart, scratch
from benchmarks.messages import write_messages
from benchmarks.workloads import WORKLOADS


def main(words: Sequence[str]) -> int:
    """Exit code 0, or 2 for what cannot be done."""
    options = _parser().parse_args(words)
    if options.worker:
        print(json.dumps({name: [asdict(figure) for figure in WORKLOADS[name].run()] for name in options.names}))
        return 0
    chosen = [name for name in WORKLOADS if not options.names or name.startswith(tuple(options.names))]
    if not chosen:
        print(f"no workload begins so; there are: {', '.join(WORKLOADS)}", file=sys.stderr)
        return 2
    if options.messages:
        return _write_messages(chosen, options.messages)
    with scratch() as folder:
        os.environ[KEEP_VARIABLE] = str(folder)
        if options.profile:
            return _profile(chosen, folder / "profile")
        return _measure(chosen, options.repeat, options.out, save=options.save_baseline)


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    first, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=first, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="workloads, by the beginning of their names")
    parser.add_argument(
        "--repeat",
        metavar="N",
        type=int,
        default=3,
        help="runs of each workload (3; half as many of those without a budget, 1 of the longest)",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, default=OUT / "latest.json", help="where the figures go (out/latest.json)"
    )
    parser.add_argument("--save-baseline", action="store_true", help=f"write the figures to {BASELINE.name} as well")
    parser.add_argument("--profile", action="store_true", help="say where the CPU goes, instead of figures")
    parser.add_argument(
        "--messages", metavar="FILE", type=Path, help="write what one workload feeds, instead of figures"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser


def _measure(chosen: Sequence[str], repeat: int, out: Path, *, save: bool) -> int:
    """Run everything once, then again: a machine's bad minute then spoils one run of many, not all runs of one."""
    repeat = max(repeat, 1)
    runs: list[list[Figure]] = []
    for turn in range(repeat):
        for name in chosen:
            times = WORKLOADS[name].repetitions(repeat)
            if turn < times:
                print(f"{name} {turn + 1}/{times}", file=sys.stderr, flush=True)
                runs += run_apart([name]).values()
    run = Run(machine(), summarise(runs))
    before = read_run(BASELINE)
    if before is not None:
        where = "" if before.machine == run.machine else f"; here: {run.machine_line()}, orjson {run.machine['orjson']}"
        print(f"change: against {BASELINE.name}, {before.machine_line()}, orjson {before.machine['orjson']}{where}")
    compared = changes(run.figures, before.figures if before is not None else ())
    print(table(run.figures, compared, missed(run.figures)))
    print(f"\nwritten to {run.write(out)}")
    if save:
        kept = run if before is None or len(chosen) == len(WORKLOADS) else before.updated(run)
        print(f"written to {kept.write(BASELINE)}")
    return 0


def _write_messages(chosen: Sequence[str], path: Path) -> int:
    able = [name for name in chosen if WORKLOADS[name].messages is not None]
    if len(able) != 1:
        print(f"--messages takes one workload, of: {', '.join(_with_messages())}", file=sys.stderr)
        return 2
    make = WORKLOADS[able[0]].messages
    assert make is not None
    print(f"{write_messages(make(), path)} messages of {able[0]} written to {path}")
    return 0


def _with_messages() -> list[str]:
    return [name for name, workload in WORKLOADS.items() if workload.messages is not None]


def _profile(chosen: Sequence[str], target: Path) -> int:
    os.environ[profiler.VARIABLE] = str(target)
    for name in chosen:
        run_apart([name])
        for line in target.read_text().splitlines():
            print(f"=== {name}: {profiler.report(json.loads(line))}\n")
        target.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
