"""The pictures of docs/how-it-works.md, as SVG that reads on light and dark pages.

Every picture has a ground of its own and takes its colours from the reader's preference, so that text and ground always
go together, whatever the page around them looks like.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import pairwise

_STYLE = """<style>
.ground{fill:#ffffff;stroke:#d0d7de}.text{fill:#1f2328}.quiet{fill:#59636e}.line{stroke:#59636e;fill:none}
.box{fill:#f6f8fa;stroke:#8c959f}.good{fill:#dafbe1;stroke:#1a7f37}.bad{fill:#ffebe9;stroke:#cf222e}
.key{fill:#ddf4ff;stroke:#0969da}.tip{fill:#59636e}.goodline{stroke:#1a7f37;fill:none}.goodtip{fill:#1a7f37}
@media (prefers-color-scheme:dark){
.ground{fill:#0d1117;stroke:#3d444d}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.line{stroke:#9198a1}
.box{fill:#151b23;stroke:#656c76}.good{fill:#12261e;stroke:#3fb950}.bad{fill:#25171c;stroke:#f85149}
.key{fill:#121d2f;stroke:#4493f8}.tip{fill:#9198a1}.goodline{stroke:#3fb950}.goodtip{fill:#3fb950}}
</style>"""

#: Height of a line of text, and the widest a character gets (both of 13 px).
_LINE = 17
_BOLD = ' font-weight="600"'
WIDEST = 7.0


@dataclass(frozen=True, slots=True)
class Box:
    """A box with lines of text; the first may be heavier."""

    x: float
    y: float
    width: float
    lines: tuple[str, ...]
    kind: str = "box"

    @property
    def height(self) -> float:
        return 14 + _LINE * len(self.lines)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def svg(self) -> str:
        texts = [
            f'<text class="{"text" if number == 0 else "quiet"}" x="{self.x + self.width / 2:g}" '
            f'y="{self.y + 20 + _LINE * number:g}" text-anchor="middle"'
            f"{_BOLD if number == 0 else ''}>{escape(line)}</text>"
            for number, line in enumerate(self.lines)
        ]
        size = f'width="{self.width:g}" height="{self.height:g}" rx="6"'
        frame = f'<rect class="{self.kind}" x="{self.x:g}" y="{self.y:g}" {size}/>'
        return "\n".join([frame, *texts])


def arrow(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> str:
    """A straight arrow, to the right, the left, up or down."""
    if x1 == x2:
        back = -7 if y2 > y1 else 7
        tip = f"{x2 - 4:g},{y2 + back:g} {x2 + 4:g},{y2 + back:g} {x2:g},{y2:g}"
    else:
        back = -7 if x2 > x1 else 7
        tip = f"{x2 + back:g},{y2 - 4:g} {x2 + back:g},{y2 + 4:g} {x2:g},{y2:g}"
    line = f'<path class="{kind}line" d="M{x1:g},{y1:g} L{x2:g},{y2:g}" stroke-width="1.5"/>'
    return f'{line}\n<polygon class="{kind}tip" points="{tip}"/>'


def elbow(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> str:
    """Down from one point, then to the right to another: a branch of a tree."""
    line = f'<path class="{kind}line" d="M{x1:g},{y1:g} L{x1:g},{y2:g} L{x2:g},{y2:g}" stroke-width="1.5"/>'
    return f'{line}\n<polygon class="{kind}tip" points="{x2 - 7:g},{y2 - 4:g} {x2 - 7:g},{y2 + 4:g} {x2:g},{y2:g}"/>'


def note(x: float, y: float, text: str, kind: str = "quiet", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """The whole SVG; `title` is what is read aloud instead."""
    font = 'font-family="-apple-system,Segoe UI,Helvetica,Arial,sans-serif" font-size="13"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {font}>',
            f"<title>{escape(title)}</title>",
            _STYLE,
            f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
            *parts,
            "</svg>\n",
        ]
    )


def pipeline() -> str:
    """From an object in S3 to a line in alerts.json."""
    top = [
        Box(20, 30, 130, ("S3, SQS, APIs", "objects, events"), "key"),
        Box(185, 30, 130, ("fetch", "ahead, in order")),
        Box(350, 30, 130, ("unpack", "into records")),
        Box(515, 30, 130, ("message", "compact JSON")),
    ]
    low = [
        Box(515, 130, 130, ("decode", "into fields")),
        Box(350, 130, 130, ("rules", "down the tree")),
        Box(185, 130, 130, ("alert", "a line of JSON")),
        Box(20, 130, 130, ("alerts.json", "checkpoint"), "good"),
    ]
    right = [arrow(a.x + a.width, a.middle, b.x, b.middle) for a, b in pairwise(top)]
    left = [arrow(a.x, a.middle, b.x + b.width, b.middle) for a, b in pairwise(low)]
    down = arrow(580, top[3].y + top[3].height, 580, low[0].y)
    memory = Box(305, 212, 220, ("memory", "counters, windows, seen keys"))
    both = [arrow(405, low[1].y + low[1].height, 405, memory.y), arrow(425, memory.y, 425, low[1].y + low[1].height)]
    parts = [box.svg() for box in (*top, *low, memory)]
    return picture(665, 275, "From an object in S3 to an alert", [*parts, *right, *left, down, *both])


def tree() -> str:
    """Which rules a refused StartInstances meets, in which order."""
    root = Box(20, 20, 300, ("80200  AWS: event", "integration is aws"), "good")
    ec2 = Box(60, 86, 300, ("80300  EC2: event", "eventSource is ec2.amazonaws.com"), "good")
    others = Box(100, 152, 300, ("others of EC2, higher levels first", "another call: no"), "bad")
    run = Box(100, 218, 300, ("80301  level 2", "action is RunInstances: no"), "bad")
    start = Box(100, 284, 300, ("80305  level 2", "action is StartInstances: yes"), "good")
    refused = Box(140, 350, 300, ("80306  level 5: the alert", 'text has "errorCode":"Client.Unauth...'), "good")
    stop = Box(100, 416, 300, ("80308  level 2", "not looked at: a sibling has won"), "box")
    branches = [
        elbow(40, root.y + root.height, ec2.x, ec2.middle, "good"),
        elbow(80, ec2.y + ec2.height, others.x, others.middle),
        elbow(80, ec2.y + ec2.height, run.x, run.middle),
        elbow(80, ec2.y + ec2.height, stop.x, stop.middle),
        elbow(80, ec2.y + ec2.height, start.x, start.middle, "good"),
        elbow(120, start.y + start.height, refused.x, refused.middle, "good"),
    ]
    notes = [
        note(460, root.middle + 4, "1  matches: look below it"),
        note(460, ec2.middle + 4, "2  matches: look below it"),
        note(460, others.middle + 4, "3  siblings, one after the other"),
        note(460, start.middle + 4, "4  matches: no other sibling is tried"),
        note(460, refused.middle + 4, "5  the deepest match is the answer"),
    ]
    parts = [box.svg() for box in (root, ec2, others, run, start, refused, stop)]
    return picture(720, 485, "The rules that a refused StartInstances meets", [*branches, *parts, *notes])


def window() -> str:
    """Three events within two minutes, read in another order than they happened in."""
    left, right, axis = 60.0, 640.0, 120.0
    #: Minutes behind ten o'clock, and the order of reading.
    events = [(0.0, 3), (0.5, 2), (1.0, 1), (3.5, 4)]
    scale = (right - left) / 4

    def at(minutes: float) -> float:
        return left + minutes * scale

    parts = [
        note(left, 30, "the same user stopped four instances; frequency 3, timeframe 120 seconds", "text"),
        f'<rect class="good" x="{at(0) - 14:g}" y="{axis - 48:g}" width="{at(1.9) - at(0):g}" height="76" rx="6"/>',
        note(at(0) - 6, axis - 54, "120 seconds, by the time of the events"),
        arrow(left - 30, axis, right + 10, axis),
    ]
    for minutes, order in events:
        kind = "key" if minutes < 3 else "box"
        parts += [
            f'<circle class="{kind}" cx="{at(minutes):g}" cy="{axis:g}" r="11"/>',
            note(at(minutes), axis + 5, str(order), "text", "middle"),
            note(at(minutes), axis + 48, f"10:0{int(minutes)}:{int(minutes % 1 * 60):02}", "quiet", "middle"),
        ]
    parts += [
        note(
            left, 196, "The numbers tell in which order they were read: event 3 came last and happened first.", "quiet"
        ),
        note(left, 216, "Reading it makes three within the window: the rule fires. Event 4 is alone.", "quiet"),
    ]
    return picture(680, 236, "A counting rule and events that arrive in disorder", parts)


def commit() -> str:
    """What is written in which order, and what a crash between two steps costs: nothing."""
    steps = [
        Box(20, 24, 150, ("1  journal", "the bytes, synced")),
        Box(215, 24, 150, ("2  transaction", "done, memory"), "key"),
        Box(410, 24, 150, ("3  alert files", "append, sync")),
        Box(605, 24, 150, ("4  ack", "delete what is read")),
    ]
    crashes = [
        ("A", 192.5, "killed here: nothing has happened, the objects are read again"),
        ("B", 387.5, "killed here: the next start appends what the files lack, from the journal"),
        ("C", 582.5, "killed here: all is known as done; a message that comes again is only acknowledged"),
    ]
    parts = [box.svg() for box in steps]
    parts += [arrow(a.x + a.width, a.middle, b.x, b.middle) for a, b in pairwise(steps)]
    for number, (name, x, text) in enumerate(crashes):
        for at, y in ((x, steps[0].middle), (36, 110 + 28 * number)):
            parts += [f'<circle class="bad" cx="{at:g}" cy="{y:g}" r="10"/>', note(at, y + 5, name, "text", "middle")]
        parts.append(note(56, 115 + 28 * number, text, "text"))
    return picture(775, 195, "The order of a commit", parts)


PAGES = {
    "pictures/commit.svg": commit,
    "pictures/pipeline.svg": pipeline,
    "pictures/tree.svg": tree,
    "pictures/window.svg": window,
}
