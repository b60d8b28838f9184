"""Which files of cases there are, and their texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from alertmill import codes
from alertmill.cases import CASE_SUFFIXES, Case, read_cases
from alertmill.errors import Origin, Problems
from alertmill.event import from_byte_text
from alertmill.installation import read_text

#: Where a home keeps cases, from the home folder.
HOME_FOLDERS = ("etc/rules/tests", "ruleset/rules/tests")

_BYTE_ORDER_MARK = "\ufeff"


def files_below(named: Sequence[Path]) -> list[Path]:
    """Named files as they are, and the files of cases in named folders, sorted, each once."""
    found: dict[Path, None] = {}
    for path in named:
        found |= dict.fromkeys(sorted(_of_folder(path)) if path.is_dir() else [path])
    return list(found)


def _of_folder(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix.lower() in CASE_SUFFIXES and path.is_file():
            yield path


def read_file(path: Path, problems: Problems, *, improved: bool) -> list[Case]:
    """The cases of a file, as many as can be read."""
    shown = shown_path(path)
    try:
        text = from_byte_text(read_text(path))
        text.encode()
    except UnicodeEncodeError as error:
        line = text[: error.start].count("\n") + 1
        hint = "save it as UTF-8"
        problems.error(codes.T_SYNTAX, "the file is not UTF-8 text", Origin(shown, line), hint=hint)
        return []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problems.error(codes.X_UNREADABLE, f"the file cannot be read: {reason}", Origin(shown))
        return []
    return read_cases(shown, text.removeprefix(_BYTE_ORDER_MARK), problems, improved=improved)


def shown_path(path: Path | str) -> str:
    """A path as reports show it: from the current folder if it lies there."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)
