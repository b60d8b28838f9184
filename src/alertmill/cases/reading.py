"""A file of cases by its suffix."""

from __future__ import annotations

from alertmill.cases.ini_cases import read_ini_cases
from alertmill.cases.model import Case
from alertmill.cases.yaml_cases import read_yaml_cases
from alertmill.errors import Problems

#: What files of cases end in.
CASE_SUFFIXES = (".ini", ".yaml", ".yml")


def read_cases(path: str, text: str, problems: Problems, *, improved: bool = True) -> list[Case]:
    """The cases of a file (ordinary text), as many as can be read; every problem is located.

    `improved` is the event format for `event`s of YAML cases.
    """
    if path.lower().endswith(".ini"):
        return read_ini_cases(path, text, problems)
    return read_yaml_cases(path, text, problems, improved=improved)
