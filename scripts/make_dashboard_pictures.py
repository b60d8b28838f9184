"""Make the pictures of the dashboard in docs/pictures, over generated alerts, with headless Chromium.

    python -m scripts.make_dashboard_pictures            from the top of the checkout
    python -m scripts.make_dashboard_pictures --all DIR  every view, both themes, a phone

They are not compared by any test: fonts differ from machine to machine.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.dashboard import chromium, dashboard, make_home

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
ALERTS = 40_000
_PEAK = "peak=1768996800000-1769007600000"

#: File name, address, theme, width and height of the window, whether the whole page is shown.
_Shot = tuple[str, str, str, int, int, bool]
FOR_DOCS: tuple[_Shot, ...] = (
    ("dashboard-overview", "/", "dark", 1280, 860, False),
    ("dashboard-vpc", f"/vpc?{_PEAK}", "light", 1280, 860, False),
)
ALL: tuple[_Shot, ...] = tuple(
    (f"{name}-{theme}", path, theme, 1440, 1000, True)
    for name, path in (
        ("overview", "/"),
        ("ec2", "/ec2"),
        ("vpc", f"/vpc?{_PEAK}"),
        ("alerts", "/alerts?level=7-&user!=ana.3"),
        ("alert", "/alerts?source=cloudtrail&level=10-"),
        ("live", "/live"),
    )
    for theme in ("dark", "light")
) + tuple((f"phone-{name}", path, "dark", 390, 844, False) for name, path in (("overview", "/"), ("vpc", "/vpc")))


def shoot(browser: Any, url: str, folder: Path, shot: _Shot) -> None:
    name, path, theme, width, height, whole = shot
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(url + path)
    page.wait_for_selector("main > *")
    if name.startswith("alert-"):
        page.locator("table.alerts td.time a").first.click()
        page.wait_for_selector(".way")
    for chart in page.locator(".chart, .ring").all():
        chart.locator("canvas").wait_for(state="attached")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / f"{name}.png", full_page=whole)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="DIR", help="all pictures, into this folder")
    options = parser.parse_args()
    folder: Path = options.all or PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        from alertmill.cli.init import make_home as init

        init(home)
        make_home(home, ALERTS, 7)
        with dashboard(home) as running, chromium() as browser:
            running.wait_for_rows(ALERTS, 110)
            for shot in ALL if options.all else FOR_DOCS:
                shoot(browser, running.url, folder, shot)
                print(folder / f"{shot[0]}.png")


if __name__ == "__main__":
    main()
