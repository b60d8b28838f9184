"""Pages that are generated are up to date, and what the catalogues list is in the documentation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from alertmill.cli import COMMANDS
from alertmill.codes import catalogue
from alertmill.decoders import PLUGINS
from alertmill.lint import Kind, all_kinds
from alertmill.lint import catalogue as lint_catalogue
from alertmill.sinks import SINKS
from alertmill.sources.aws.buckets import BUCKET_TYPES

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="newer versions of Python lay out --help differently")
def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "make_docs.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", catalogue().values(), ids=lambda code: code.id)
def test_every_code_is_explained(code) -> None:
    entry = re.search(rf"^### {code.id}: .*?(?=^##|\Z)", page("errors.md"), re.MULTILINE | re.DOTALL)
    assert entry is not None
    assert code.cure in entry.group()
    if code.id[0] in "XCDR":
        assert f"[{code.id}]" in entry.group().split("```text")[-1], "an example is missing"


def test_every_code_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "src").rglob("*.py"))
    used = set(re.findall(r"\bcodes\.([A-Z]_\w+)", source))
    from alertmill import codes

    defined = {name for name, value in vars(codes).items() if isinstance(value, codes.Code)}
    assert defined == used


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"## alertmill {command}\n" in page("cli.md")


@pytest.mark.parametrize("name", BUCKET_TYPES)
def test_every_bucket_type_is_documented(name: str) -> None:
    assert f"`{name}`" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_decoder_is_documented(name: str) -> None:
    assert name in page("adding-a-decoder.md")


@pytest.mark.parametrize("name", SINKS)
def test_every_output_is_documented(name: str) -> None:
    assert f"`{name}`" in page("operations.md")


@pytest.mark.parametrize(
    "catalogue_", [COMMANDS, BUCKET_TYPES, PLUGINS, SINKS], ids=["commands", "buckets", "plugins", "sinks"]
)
def test_catalogues_are_in_alphabetical_order(catalogue_) -> None:
    assert list(catalogue_) == sorted(catalogue_)


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.id)
def test_every_finding_of_lint_is_explained(kind) -> None:
    entry = re.search(rf"^### {kind.id}: .*?(?=^###? |\Z)", page("lint.md"), re.MULTILINE | re.DOTALL)
    assert entry is not None
    assert f"({kind.severity.value})" in entry.group()
    assert f"[{kind.id}]" in entry.group(), "an example is missing"
    assert "Better:" in entry.group()


def test_kinds_of_lint_are_all_used() -> None:
    folder = REPOSITORY / "src" / "alertmill" / "lint"
    used = set(re.findall(r"\bkinds\.([A-Z]\w+)", "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))))
    assert used == {name for name, value in vars(lint_catalogue).items() if isinstance(value, Kind)}
