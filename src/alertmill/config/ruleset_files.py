"""Which rule or decoder files are loaded, in which order (spec/config-loading.md 4).

Pure: the folders' contents are asked of a function. The order is by file name alone, over all folders, and decides
which sibling rule is tried first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from alertmill.config.models import Ruleset, RulesetPath
from alertmill.event import to_byte_text
from alertmill.patterns import compile_pattern

#: What a folder without a pattern takes; the dot is a dot, the case does not matter.
DEFAULT_PATTERN = ".xml$"

Kind = Literal["decoder", "rule"]
#: The names of a folder's files, or None when it cannot be listed; whoever answers also complains.
ListFolder = Callable[[RulesetPath], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class RulesetFile:
    """A file to load: its path as configured, and the option that names it or its folder."""

    path: str
    source: RulesetPath

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def ruleset_files(ruleset: Ruleset, kind: Kind, list_folder: ListFolder) -> list[RulesetFile]:
    """The files of one kind, each once, sorted by name; equal names keep the order in which they were found."""
    includes = ruleset.decoder_include if kind == "decoder" else ruleset.rule_include
    folders = ruleset.decoder_dir if kind == "decoder" else ruleset.rule_dir
    excludes = ruleset.decoder_exclude if kind == "decoder" else ruleset.rule_exclude
    found: dict[str, RulesetFile] = {}
    for include in includes:
        found.setdefault(include.path, RulesetFile(include.path, include))
    for folder in folders:
        for file in _files_of(folder, list_folder):
            if file.name not in excludes and f"{folder.path}/{file.name}" not in excludes:
                found.setdefault(file.path, file)
    return sorted(found.values(), key=lambda file: file.name.encode("utf-8", "surrogateescape"))


def file_matcher(pattern: str | None) -> Callable[[str], bool]:
    """Whether a path belongs to a folder with this pattern (None: the default). Raises PatternError."""
    matcher = compile_pattern(DEFAULT_PATTERN if pattern is None else to_byte_text(pattern), "osregex")
    return lambda path: matcher.matches(to_byte_text(path))


def _files_of(folder: RulesetPath, list_folder: ListFolder) -> list[RulesetFile]:
    belongs = file_matcher(folder.pattern)
    home = folder.path.rstrip("/")
    paths = [f"{home}/{name}" for name in sorted(list_folder(folder) or ())]
    return [RulesetFile(path, folder) for path in paths if belongs(path)]
