"""The page in a real browser: every view, filters by click and by keyboard, hostile text, both themes, a phone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli.init import make_home
from support import PATIENCE
from system.dashboards import Process, chromium, dashboard
from unit.dashboard.homes import alert, flow, text_of, write_day

HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script><a href='javascript:alert(3)'>x</a><b>bold</b>{{7*7}}\u202e"
)
TOKEN = "0123456789abcdef0123456789abcdef"

ALERTS = [
    *(alert(n * 30, data__aws__eventName="RunInstances", rule__id="80301") for n in range(20)),
    *(alert(n * 30, data__dstuser="bo", rule__level=12, rule__groups=["aws", "grave"]) for n in range(6)),
    *(flow(n * 20, "10.0.0.1", "10.0.0.2", 200) for n in range(60)),
    *(flow(610 + n, f"198.51.100.{n + 1}", "10.0.0.9", 90_000) for n in range(4)),
    alert(
        1500,
        rule__description=HOSTILE,
        rule__groups=[HOSTILE],
        data__dstuser=HOSTILE,
        data__srcip=HOSTILE,
        data__action=HOSTILE,
        data__aws__source=HOSTILE,
        data__aws__awsRegion=HOSTILE,
        data__aws__log_info={"s3bucket": HOSTILE, "log_file": HOSTILE, "record": HOSTILE},
        data__extra={HOSTILE: [HOSTILE, {"__proto__": HOSTILE}]},
        agent__name=HOSTILE,
        location=HOSTILE,
        full_log=HOSTILE,
    ),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    make_home(folder)
    write_day(folder, ALERTS)
    return folder


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Process]:
    with dashboard(home) as process:
        process.wait_for_rows(len(ALERTS))
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


class Page:
    """A page of the browser that remembers everything that went wrong in it."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        self.page = browser.new_context(**({"viewport": {"width": 1366, "height": 900}} | options)).new_page()
        self.url = url
        self.wrong: list[str] = []
        self.page.on(
            "console", lambda message: message.type in ("error", "warning") and self.wrong.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: request.url.startswith(url) or self.wrong.append(request.url))

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.settled()

    def settled(self) -> Page:
        """Until the view of the address is there with its charts."""
        deadline = time.monotonic() + PATIENCE
        script = (
            "document.documentElement.dataset.shown === location.pathname + location.search && "
            "[...document.querySelectorAll('.chart, .ring')].every((box) => box.dataset.drawn)"
        )
        while not self.page.evaluate(script):
            assert time.monotonic() < deadline, (self.page.url, self.wrong)
            self.page.wait_for_timeout(50)
        return self

    @property
    def query(self) -> str:
        return self.page.evaluate("location.search")

    @property
    def text(self) -> str:
        return self.page.inner_text("main")

    def close(self) -> None:
        self.page.context.close()
        assert self.wrong == []


@pytest.fixture
def page(browser: Any, running: Process) -> Iterator[Page]:
    made = Page(browser, running.url)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", ["Alerts over time", "Top rules", "Newest alerts", "Buckets"]),
        ("/ec2", ["Calls to EC2 over time", "Per user", "security groups"]),
        ("/vpc", ["Traffic over time", "Talkers", "Source × destination", "rejected"]),
        ("/alerts", ["Alerts", "newest first"]),
        ("/live", ["Live tail", "live"]),
    ],
)
def test_every_view_is_there(page: Page, path: str, words: list[str]) -> None:
    page.open(path)
    assert [word for word in words if word not in page.text] == []
    assert page.page.locator("nav [aria-current=page]").count() == 1


@pytest.mark.parametrize(
    "path", ["/", "/ec2", "/alerts", "/alerts?level=3-", "/?stack=user", "/?stack=action", "/live"]
)
def test_hostile_text_stays_text(page: Page, path: str) -> None:
    page.open(path)
    assert "<img src=x onerror=alert(1)>" in page.page.inner_text("body")
    _nothing_made(page)
    page.page.locator(".chart canvas").first.hover() if page.page.locator(".chart canvas").count() else None
    _nothing_made(page)


def test_hostile_text_stays_text_in_an_alert(page: Page) -> None:
    page.open("/alerts")
    page.page.locator("table.alerts td.time a").first.click()
    page.settled()
    assert "<script>alert(2)</script>" in page.text
    for _ in range(4):  # what is within is made when it is opened
        page.page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        page.page.wait_for_timeout(20)
    assert "{{7*7}}" in page.text
    _nothing_made(page)


def test_hostile_text_in_the_address_stays_text(page: Page) -> None:
    from urllib.parse import quote

    page.open(f"/?user={quote(HOSTILE)}&group={quote(HOSTILE)}")
    assert page.page.locator(".chip").count() == 2
    _nothing_made(page)
    page.page.goto(f"{page.url}/?user={quote('<img src=x onerror=alert(9)>')}&nonsense={quote(HOSTILE)}")
    page.page.wait_for_selector(".notice")
    _nothing_made(page)
    page.wrong.clear()  # the browser's own word on the 400


def _nothing_made(page: Page) -> None:
    found = page.page.evaluate(
        "[document.querySelectorAll('main img, main script, main b, main iframe, main style').length,"
        " [...document.querySelectorAll('a')].filter((a) => a.protocol === 'javascript:').length,"
        " [...document.querySelectorAll('*')].filter((e) => e.getAttributeNames().some((a) => /^on/.test(a))).length]"
    )
    assert found == [0, 0, 0]


def users(page: Page) -> Any:
    return page.page.locator("section[aria-label='Top users']")


def test_a_value_filters_combines_and_goes_back(page: Page) -> None:
    page.open("/")
    users(page).get_by_role("button", name="bo", exact=True).click()
    page.settled()
    assert page.query == "?user=bo"
    assert page.page.locator(".figure-count").first.inner_text() == "6"
    page.page.locator("section[aria-label='Levels'] button.value", has_text="12").click()
    page.settled()
    assert page.query == "?user=bo&level=12"
    page.page.go_back()
    page.settled()
    assert page.query == "?user=bo"
    page.page.locator("nav a", has_text="Alerts").click()
    page.settled()
    assert page.query == "?user=bo"
    assert page.page.locator("table.alerts tbody tr").count() == 6


def test_shift_and_click_leaves_a_value_out(page: Page) -> None:
    page.open("/")
    users(page).get_by_role("button", name="bo", exact=True).click(modifiers=["Shift"])
    page.settled()
    assert page.query == "?user%21=bo"
    assert page.page.locator(".chip.not").count() == 1
    page.page.locator(".chip button").last.click()
    page.settled()
    assert page.query == ""


def test_a_slice_is_a_filter(page: Page) -> None:
    page.open("/?source=cloudtrail")
    page.page.locator("section[aria-label='Regions'] .ring canvas").click(position={"x": 66, "y": 12})
    page.settled()
    assert page.query == "?source=cloudtrail&region=us-east-1"


def test_a_bar_is_a_filter_and_a_range_that_is_dragged_is_one(page: Page) -> None:
    page.open("/?stack=user&source=cloudtrail")
    box = page.page.locator(".chart canvas").first.bounding_box()
    assert box is not None
    for up in range(8, 120, 6):  # up from the axis, until a bar is there
        page.page.mouse.click(box["x"] + 66, box["y"] + box["height"] - 28 - up)
        if "user=" in page.query:
            break
    page.settled()
    assert re.search(r"[?&]user=(ana|bo)", page.query)
    page.open("/?source=cloudtrail")
    page.page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 250, box["y"] + 60)
    page.page.mouse.move(box["x"] + 400, box["y"] + 60)
    page.page.mouse.up()
    page.settled()
    assert re.search(r"from=2026-01-15T10%3A0\d.*to=2026-01-15T10%3A", page.query)


def test_who_talked_to_this_address_at_the_peak(page: Page) -> None:
    page.open("/vpc")
    page.page.locator("button.peak").first.click()
    page.settled()
    assert "peak=" in page.query
    page.page.locator("section[aria-label='To, most bytes'] button.value", has_text="10.0.0.9").click()
    page.settled()
    talkers = page.page.locator("section[aria-label='Talkers'] tbody tr td:first-child").all_inner_texts()
    assert sorted(talkers) == [f"198.51.100.{n}" for n in range(1, 5)]
    page.page.locator("a.more", has_text="every alert that mentions 10.0.0.9").click()
    page.settled()
    assert page.page.locator("table.alerts tbody tr").count() == 4


def test_an_alert_shows_its_rules_path_and_relatives(page: Page) -> None:
    page.open("/alerts?rule=80301")
    page.page.locator("table.alerts td.time a").first.click()
    page.settled()
    assert page.page.locator(".way li").count() >= 2
    assert "80301" in page.page.locator(".way li.here").first.inner_text()
    assert "number 4 in it" in page.text
    assert "Same user within an hour: ana" in page.text
    assert "eventName" in page.text


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.open("/")
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.className") == "skip"
    page.page.keyboard.press("Enter")
    assert page.page.evaluate("document.activeElement.id") == "content"
    page.page.keyboard.press("/")
    page.page.keyboard.type("grave")
    page.page.keyboard.press("Enter")
    page.settled()
    assert page.query == "?q=grave"
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("a")
    page.settled()
    assert page.page.evaluate("location.pathname") == "/alerts"
    page.page.keyboard.press("j")
    page.page.keyboard.press("j")
    page.page.keyboard.press("Enter")
    page.settled()
    assert page.page.evaluate("location.pathname").startswith("/alert/")
    page.page.keyboard.press("?")
    assert page.page.locator("dialog[open]").count() == 1
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("x")
    page.settled()
    assert page.query == ""


def test_everything_that_acts_has_a_name(page: Page) -> None:
    for path in ("/", "/vpc", "/ec2", "/alerts"):
        page.open(path)
        nameless = page.page.evaluate(
            "[...document.querySelectorAll('button, a[href], input, select')].filter((e) => e.offsetParent && "
            "!(e.innerText?.trim() || e.ariaLabel || e.labels?.length || e.title)).map((e) => e.outerHTML)"
        )
        assert nameless == []
        assert page.page.evaluate("document.querySelectorAll('h2').length") > 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_follow_the_system_and_the_switch(browser: Any, running: Process, theme: str) -> None:
    page = Page(browser, running.url, color_scheme=theme).open("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    first = page.page.evaluate(ground)
    assert (first == "rgb(13, 18, 25)") is (theme == "dark")
    page.page.locator("#theme").click()
    page.settled()
    assert page.page.evaluate(ground) != first
    page.open("/ec2")
    assert page.page.evaluate(ground) != first, "the choice is kept"
    page.close()


@pytest.mark.parametrize("path", ["/", "/ec2", "/vpc", "/alerts", "/live"])
def test_a_phone_needs_no_scrolling_to_the_side(browser: Any, running: Process, path: str) -> None:
    page = Page(browser, running.url, viewport={"width": 390, "height": 844}, is_mobile=True).open(path)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if path == "/alerts":
        page.page.locator("table.alerts td.time a").first.click()
        page.settled()
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_the_live_tail_shows_what_comes(page: Page, home: Path) -> None:
    page.open("/live?user=cleo")
    page.page.wait_for_selector(".note.on")
    assert page.page.locator("table.alerts tbody tr").count() == 0
    with (home / "logs/alerts/alerts.json").open("ab") as file:
        file.write(text_of([alert(2000, data__dstuser="cleo"), alert(2001)]))
    page.page.wait_for_selector("tr.fresh")
    assert page.page.locator("table.alerts tbody tr").count() == 1
    assert "cleo" in page.text


def test_a_token_is_asked_for_and_taken(browser: Any, home: Path) -> None:
    with dashboard(home, ALERTMILL_DASHBOARD_TOKEN=TOKEN) as process:
        page = Page(browser, process.url)
        page.page.goto(process.url + "/")
        page.page.fill("#token", "wrong")
        page.page.keyboard.press("Enter")
        page.page.wait_for_selector("#wrong:not([hidden])")
        page.page.fill("#token", TOKEN)
        page.page.keyboard.press("Enter")
        page.page.wait_for_selector(".figures")
        page.settled()
        assert TOKEN not in page.page.url
        assert page.page.evaluate("document.cookie") == ""
        page.close()
