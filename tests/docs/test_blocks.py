"""No code block of the documentation escapes: each is run, loaded or marked (how, see `pages`)."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from alertmill.cli import COMMANDS, main
from alertmill.cli.init import make_home
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.xmltext import read_xml
from docs.pages import REPOSITORY, Block, blocks, pages, text_of
from system.daemon import sample_objects

#: Pages that are run by a test of their own, and those that are made by a script.
OF_THEIR_OWN = {
    "docs/adding-a-bucket-type.md",
    "docs/adding-a-decoder.md",
    "docs/adding-a-rule-option.md",
    "docs/bucket-types.md",
    "docs/dashboard.md",
    "docs/detections.md",
    "docs/explain.md",
    "docs/lint.md",
    "docs/performance.md",
    "docs/services.md",
    "docs/subscribers.md",
    "docs/testing-rules.md",
}
#: Pages with pictures made of characters, and nothing else.
DRAWN = {"docs/architecture.md"}
GENERATED = {"docs/cli.md", "docs/errors.md"}
RUN = [page for page in pages() if page not in OF_THEIR_OWN | GENERATED | DRAWN and blocks(page)]

#: Blocks that other tests run, which take long.
ELSEWHERE = {"make demo\n": "tests/system/test_demo.py", "make test\n": "the whole suite"}
#: Commands that a page may speak of before they are there.
NOT_YET = {"dashboard", "explain", "lint", "test"} - COMMANDS.keys()

#: Elements that stand in a file of rules, in one of decoders; all others are of ossec.conf.
_RULES, _DECODERS = {"group", "rule", "var"}, {"decoder"}
#: Sections of ossec.conf that stand in others.
_OUTER = {"bucket": "wodle", "service": "wodle", "subscriber": "wodle", "limits": "global", "event_format": "global"}
SECONDS = 120


def environment(folder: Path) -> dict[str, str]:
    """A newcomer's environment: alertmill can be called, and nothing is set up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALERTMILL_", "XDG_"))}
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": binaries, "HOME": str(folder), "TZ": "UTC", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with logs such as a newcomer may have, below AWSLogs/."""
    for key, body in sample_objects().items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(body)
    return tmp_path


@pytest.mark.parametrize("page", RUN)
def test_a_page_does_what_it_says(page: str, folder: Path) -> None:
    printed: str | None = None
    for block in blocks(page):
        follows, printed = printed if block.follows else None, None
        if block.is_marked or block.is_example:
            check_options(block)
        elif block.file is not None:
            put(block, folder)
            check_contents(block, blocks(page))
        elif block.language == "sh":
            printed = run(block, folder)
        elif block.language == "text":
            assert follows is not None, f"{block}: it follows no command; is it a file, or *For example:*?"
            assert matches(follows, block.text), f"{block}: printed was\n{follows}"
        else:
            check_contents(block, blocks(page))


def run(block: Block, folder: Path) -> str | None:
    """Run a block; returns what it prints, None for one that cannot be run yet."""
    words = set(re.findall(r"alertmill (?:--home \S+ )?([a-z-]+)", block.text))
    if words & NOT_YET:
        return None
    if block.text in ELSEWHERE:
        return ""
    done = subprocess.run(
        ["bash", "-euc", block.text],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}"
    return done.stdout


def matches(printed: str, shown: str) -> bool:
    """Whether it is what is shown; `...` is anything, also nothing, also over several lines."""
    form = ".*".join(re.escape(part.strip()) for part in shown.split("..."))
    lines = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(form, lines, re.DOTALL) is not None


def put(block: Block, folder: Path) -> None:
    """Make the file that a block is."""
    assert block.file is not None
    name, added = block.file
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if added else "w", encoding="utf-8") as file:
        file.write(block.text)


# --- what is not run is looked at -------------------------------------------------------------------------------------


def check_contents(block: Block, page: Sequence[Block] = ()) -> None:
    if block.language == "json":
        assert json.loads(block.text) is not None, block
    elif block.language == "yaml":
        assert yaml.safe_load(block.text) is not None, block
    elif block.language == "xml":
        check_xml(block, page)
    else:
        assert block.file is not None, f"{block}: nobody knows what to do with {block.language or 'no language'}"


def check_xml(block: Block, page: Sequence[Block]) -> None:
    if _kind(block) != "ossec.conf":
        check_ruleset(block, _kind(block), page)
        return
    names = {element.name for element in read_xml(block.text, str(block))}
    text = block.text
    while len(names) == 1 and "ossec_config" not in names:
        (name,) = names
        outer = _OUTER.get(name, "ossec_config")
        text = f"<{outer}{' name=' + chr(34) + 'aws-s3' + chr(34) if outer == 'wodle' else ''}>{text}</{outer}>"
        names = {outer}
    problems = Problems()
    read_config(text, str(block), problems)
    assert not list(problems), f"{block}\n{problems.draw()}"


def check_ruleset(block: Block, kind: str, page: Sequence[Block]) -> None:
    """In a new home, the file has no problems. What earlier blocks of the page say is there already."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_home(home)
        earlier = [one for one in page if one.line < block.line and one.language == "xml" and _kind(one) == kind]
        replaced = [one for one in earlier if one.file is not None and one.file == block.file]
        for number, one in enumerate([*(one for one in earlier if one not in replaced), block]):
            text = one.text if _kind(one) == "decoders" or "<group name" in one.text else _grouped(one.text)
            (home / "etc" / kind / f"page-{number:02}.xml").write_text(text, encoding="utf-8")
        problems = Problems()
        installation = Installation(home)
        installation.load_ruleset(installation.load_config(problems), problems)
        assert not list(problems), f"{block}\n{problems.draw()}"


def _kind(block: Block) -> str:
    names = {element.name for element in read_xml(block.text, str(block))}
    return "rules" if names <= _RULES else "decoders" if names <= _DECODERS else "ossec.conf"


def _grouped(text: str) -> str:
    return f'<group name="local,">{text}</group>'


def check_options(block: Block) -> None:
    """Every option that a marked command is given exists."""
    for line in block.text.replace("\\\n", " ").splitlines():
        command = re.match(r"^(?:\$ )?(?:sudo (?:-u \w+ )?)?(?:/\S+/)?alertmill (.*)$", line)
        if command is None:
            continue
        words = shlex.split(re.split(r"  +#|\s*[|>]|  \s", command[1])[0], comments=True)
        name = next((word for word in words if word in COMMANDS or word in NOT_YET), None)
        if name in NOT_YET:
            continue
        if words in (["--help"], ["--version"]):
            continue
        assert name is not None, f"{block}: {line}"
        parser = argparse.ArgumentParser(exit_on_error=False)
        parser.add_argument("--home")
        import_module(f"alertmill.cli.{name.replace('-', '_')}").add_arguments(parser)
        try:
            parser.parse_args([word for word in words if word != name])
        except (argparse.ArgumentError, SystemExit) as error:
            raise AssertionError(f"{block}: {line}: {error}") from None


# --- the pages as a whole ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(OF_THEIR_OWN & {*pages()}))
def test_a_page_that_is_not_run_here_has_a_test_of_its_own(page: str) -> None:
    name = page.rpartition("/")[2]
    tests = (path for path in (REPOSITORY / "tests").rglob("test_*.py") if path != Path(__file__))
    assert any(name in path.read_text(encoding="utf-8") for path in tests), f"no test names {name}"


@pytest.mark.parametrize("page", sorted(DRAWN))
def test_a_page_with_pictures_has_nothing_else(page: str) -> None:
    assert {block.language for block in blocks(page)} == {"text"}
    assert not any(re.search(r"^\$? ?alertmill ", block.text, re.MULTILINE) for block in blocks(page))


@pytest.mark.parametrize("page", pages())
def test_every_block_is_seen(page: str) -> None:
    """A fence that is not closed, or stands in a form that `blocks` does not know, would hide what follows."""
    fences = re.findall(r"^\s*(?:```|~~~)", text_of(page), re.MULTILINE)
    assert len(fences) == 2 * len(blocks(page))
    outside = re.sub(r"^( *)```.*?^\1```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    indented = re.search(r"^(?![ *\-0-9]).*\n\n {4,}\S.*", outside, re.MULTILINE)
    assert indented is None, f"a block without a fence: {indented.group() if indented else ''}"


@pytest.mark.parametrize("page", [page for page in pages() if not page.startswith("docs/decisions/")])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)", text_of(page)):
        path, _, anchor = target.partition("#")
        file = (REPOSITORY / page).parent / path if path else REPOSITORY / page
        if _is_to_come(file):
            continue
        assert file.exists(), f"{page}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{page}: {target}"


def _is_to_come(file: Path) -> bool:
    """Whether a page belongs to a command that is not here yet."""
    pages_of = {"explain": "explain.md", "lint": "lint.md", "test": "testing-rules.md", "dashboard": "dashboard.md"}
    return file.name in {pages_of[name] for name in NOT_YET}


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def test_every_page_is_in_the_index() -> None:
    index = text_of("docs/README.md")
    linked = set(re.findall(r"\]\(([^)#]+)", index))
    wanted = {page.removeprefix("docs/") for page in pages() if page.startswith("docs/")}
    wanted = {page for page in wanted if not page.startswith("decisions/")} - {"README.md"}
    assert wanted - linked == set()


def test_the_test_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert matches("one\ntwo 3 x\n", "one\ntwo ... x\n")
    assert matches("one\n2\n3\nfour\n", "one\n...\nfour\n")
    assert not matches("one\ntwo\n", "one\n")
    bad = Block("p", 1, "text", "$ alertmill check --nonsense\n", "*Needs AWS:*", False)
    assert bad.is_marked
    with pytest.raises(AssertionError, match="nonsense"):
        check_options(bad)
    with pytest.raises(AssertionError):
        run(Block("p", 1, "sh", "alertmill check --home nowhere\n", "", False), folder)
    with pytest.raises(AssertionError):
        check_contents(Block("p", 1, "xml", "<rule id='1'><if_sid>5</if_sid></rule>", "", False))
    assert main(["init", str(folder / "home")]) == 0
