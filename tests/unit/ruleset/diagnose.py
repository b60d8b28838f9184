"""What loading a rules file says, as text."""

from __future__ import annotations

from unit.ruleset.helpers import load


def drawn(name: str, text: str) -> str:
    """All problems of a rules file (byte text) that is loaded below the usual top, with one list declared."""
    lists = {"etc/lists/nets": "10.1.:office\n"}
    _, problems = load("", lists=lists, files=[(name, text)])
    return problems.draw()
