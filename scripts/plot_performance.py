"""Make the figures of docs/performance.md, and its plots, from a saved run of the benchmarks.

    python scripts/plot_performance.py            write them, from benchmarks/baseline.json
    python scripts/plot_performance.py --check    exit code 1 if they are not what the baseline says

What stands between the marks in the page is made here; the rest is written by hand and stays.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.baseline import BASELINE, Run, read_run  # noqa: E402
from benchmarks.budgets import BUDGETS  # noqa: E402
from benchmarks.comparison import Summary  # noqa: E402
from benchmarks.families import correlation, growth  # noqa: E402

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- Made by scripts/plot_performance.py; do not edit. -->", "<!-- End of what is made. -->"

#: Headings of the tables, and which figures stand below each; what no pattern knows stands below the last.
SECTIONS = (
    ("Loading", r"first load|load again"),
    ("Stages by themselves", r"(read|decode|match|render): "),
    ("Growth", r"[\d,]+ siblings, |window of "),
    ("Log lines and Windows events", r"(syslog|web|Windows JSON) mix"),
    ("Made to be dear", r"CloudTrail, (fresh|a text|100 objects)|many rules"),
    ("Requests and checkpoint", r"GET|LIST|objects of one event|checkpoint"),
    ("End to end", r""),
)
_ORDER = ("End to end", *(heading for heading, _ in SECTIONS[:-1]))

Series = dict[str, list[tuple[float, float]]]
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 360, 70, 20, 40, 72


def section_of(workload: str) -> str:
    """The heading that a figure stands below."""
    return next(heading for heading, pattern in SECTIONS if re.match(pattern, workload))


def generated(run: Run) -> str:
    """What stands between the marks."""
    rows: dict[str, list[Summary]] = {}
    for figure in run.figures:
        rows.setdefault(section_of(figure.workload), []).append(figure)
    repeated = max(len(figure.cpu_us) for figure in run.figures)
    lines = [BEGIN, "", f"{run.machine_line()}, orjson {run.machine['orjson']}; median of up to {repeated} runs."]
    for heading in _ORDER:
        if heading in rows:
            lines += ["", f"### {heading}", "", *_table(rows[heading])]
    lines += ["", "### How it grows", "", *_growth_in_words(run)]
    for name, (title, _) in PLOTS.items():
        lines += ["", f"![{title}]({name})"]
    return "\n".join([*lines, "", END])


def _table(figures: Sequence[Summary]) -> list[str]:
    lines = [
        "| workload | events | CPU us per event | +- | events/s | peak MiB | x orjson | budget | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for figure in figures:
        ratio = "" if figure.x_orjson is None else f"{figure.x_orjson:.2f}"
        spread = "" if figure.spread is None else f"{figure.spread:.0%}"
        budget = BUDGETS.get(figure.workload)
        met = "" if budget is None else f"{budget.in_words()}: {'missed' if budget.missed_by(figure) else 'met'}"
        cells = (
            figure.workload,
            f"{figure.events:,}",
            _us(figure.cpu),
            spread,
            f"{figure.rate:,.0f}",
            f"{figure.peak:,.0f}",
            ratio,
            met,
            figure.note,
        )
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return lines


def _us(value: float) -> str:
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def _growth_in_words(run: Run) -> list[str]:
    lines = []
    for title, series in PLOTS.values():
        for name, points in series(run).items():
            (first, low), (last, high) = points[0], points[-1]
            change = f"{_us(low)} to {_us(high)} us, x {high / low:,.1f}"
            lines.append(f"- {title}; {name}; from {first:,.0f} to {last:,.0f}: {change}")
    return lines


def _costs(run: Run) -> dict[str, float]:
    return {figure.workload: figure.cpu for figure in run.figures}


def sibling_series(run: Run) -> Series:
    """CPU per event by the number of sibling rules on one field."""
    labels = {
        f"{way}{', a new value' if new else ''}": [
            (growth.STOCK_SIBLINGS * t, growth.label(t, way, new=new)) for t in growth.TIMES
        ]
        for new in (False, True)
        for way in ("whole values", "expressions")
    }
    return _series(labels, _costs(run))


def window_series(run: Run) -> Series:
    """CPU per event by the number of keys in a full correlation window."""
    labels = {
        part: [(keys, correlation.window_label(keys, part)) for keys in correlation.WINDOWS]
        for part in ("engine", "with the checkpoint")
    }
    return _series(labels, _costs(run))


def _series(labels: Mapping[str, Sequence[tuple[int, str]]], costs: Mapping[str, float]) -> Series:
    """The points that the run has, by series; a series without any is left out."""
    found: Series = {
        name: [(float(x), costs[label]) for x, label in points if label in costs] for name, points in labels.items()
    }
    return {name: points for name, points in found.items() if points}


#: Files of plots beside the page: title, and what is drawn.
PLOTS: dict[str, tuple[str, Callable[[Run], Series]]] = {
    "performance-siblings.svg": ("CPU us per event, by sibling rules on one field", sibling_series),
    "performance-windows.svg": ("CPU us per event, by keys in a full window of correlation", window_series),
}


def plot(title: str, series: Series) -> str:
    """An SVG with both axes logarithmic: what is flat in it does not grow."""
    xs = sorted({x for points in series.values() for x, _ in points}) or [1.0]
    ys = [y for points in series.values() for _, y in points] or [1.0]
    low, high = 10.0 ** math.floor(math.log10(min(ys))), 10.0 ** math.ceil(math.log10(max(ys) * 1.001))
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at_x(x: float) -> float:
        return _LEFT + width * (0.04 + 0.92 * _share(x, xs[0], xs[-1]))

    def at_y(y: float) -> float:
        return _TOP + height * (1 - _share(y, low, high))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"',
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = at_y(10.0**power)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for x in xs:
        parts.append(f'<text x="{at_x(x):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{x:,.0f}</text>')
    for colour, (place, (name, points)) in zip(_COLOURS, enumerate(series.items()), strict=False):
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        row, column = divmod(place, 2)
        at = f'x="{_LEFT + 260 * column}" y="{_HEIGHT - 26 + 16 * row}"'
        parts.append(f'<text {at} fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies between two others on a logarithmic scale, 0 to 1; in the middle where they are equal."""
    return math.log(value / low) / math.log(high / low) if high > low else 0.5


def made(run: Run) -> dict[Path, str]:
    """The files that belong to a run, and what is to be in them."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    files = {PAGE: f"{before}{generated(run)}{after}"}
    for name, (title, series) in PLOTS.items():
        files[PAGE.parent / name] = plot(title, series(run))
    return files


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the figures and plots of docs/performance.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is not up to date")
    check = parser.parse_args(arguments).check
    run = read_run(BASELINE)
    if run is None:
        print(f"there is no {BASELINE}; make it with: python -m benchmarks --save-baseline", file=sys.stderr)
        return 1
    stale = []
    for path, text in made(run).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"not up to date: {', '.join(stale)}; run: python scripts/plot_performance.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
