"""The page's own files: contrast of its colours (WCAG AA), nothing from elsewhere, nothing that parses HTML."""

from __future__ import annotations

import re

import pytest

from alertmill.dashboard.assets import STATIC

STYLE = (STATIC / "style.css").read_text()
SCRIPTS = sorted(STATIC.glob("*.js"))
SERIES = [f"series-{n}" for n in range(10)]
LEVELS = ["level-low", "level-medium", "level-high", "level-critical"]


def themes() -> dict[str, dict[str, str]]:
    """The colours of each block that defines a theme, by its selector."""
    blocks = re.findall(r"(:root[^{]*)\{([^}]*)\}", STYLE)
    return {selector.strip(): dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body)) for selector, body in blocks}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


#: Text over background, 4.5:1; what is no text (bars, borders of fields, focus), 3:1.
PAIRS = [
    *((text, ground, 4.5) for text in ("text", "muted", "accent", "bad") for ground in ("bg", "panel", "raised")),
    ("on-accent", "accent", 4.5),
    ("bg", "text", 4.5),
    *(("on-level", level, 4.5) for level in LEVELS),
    *((level, "panel", 3.0) for level in LEVELS),
    *((colour, "panel", 3.0) for colour in SERIES),
    *(("text", f"heat-{n}", 4.5) for n in range(1, 8)),
    *(("edge", ground, 3.0) for ground in ("panel", "bg")),
    ("level-critical", "panel", 4.5),
    ("level-high", "panel", 4.5),
    ("series-1", "panel", 3.0),
]


@pytest.mark.parametrize("theme", themes())
def test_contrast(theme: str) -> None:
    colours = themes()[theme]
    weak = [
        f"{front} on {ground}: {contrast(colours[front], colours[ground]):.2f} < {least}"
        for front, ground, least in PAIRS
        if contrast(colours[front], colours[ground]) < least
    ]
    assert weak == []


def test_the_dark_theme_is_the_same_however_it_is_chosen() -> None:
    light, chosen, system = themes().values()
    assert chosen == system
    assert chosen.keys() == light.keys()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse_no_html_and_evaluate_nothing(path) -> None:
    text = path.read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    ):
        assert word not in text
    assert "createElement(" not in text or path.name == "dom.js"


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(path) -> None:
    text = path.read_text()
    hosts = set(re.findall(r"https?://([\w.-]+)", text)) - {
        "www.w3.org",
        "vega.github.io",
    }  # names of forms, not addresses
    assert hosts == set()
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text)
    assert len(text) < 24_000


def test_every_file_the_page_names_is_there() -> None:
    for page in STATIC.glob("*.html"):
        for name in re.findall(r'(?:src|href)="/static/([^"]+)"', page.read_text()):
            assert name == "charts.js" or (STATIC / name).is_file()
    for script in SCRIPTS:
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (STATIC / name).is_file()
