"""The catalogue of problem codes: the table of contents of everything Alertmill can complain about.

One line of constants per code, grouped by the room that uses it; `docs/errors.md` is generated from this table and from
the examples in `tests/diagnostics`. A released code is never reused for something else. Letters: X the XML reader,
C configuration, D decoders, P patterns, R rules, L lists, A the AWS module.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A stable identifier of one kind of problem: `id`, a short `title`, and the `cure` told in `docs/errors.md`."""

    id: str
    title: str
    cure: str


# --- X: the XML reader (spec/config-loading.md 2 and 3) ---------------------------------------------------------------
X_SYNTAX = Code(
    "X001",
    "the file is not readable as Wazuh's XML",
    "Mend the element at the marked place; nothing of a file with such an error is used.",
)
X_VARIABLE = Code(
    "X002",
    "a <var> is malformed or a $NAME is not defined",
    "Define the variable above its first use, or write the text so that it does not look like a variable.",
)
X_UNREADABLE = Code(
    "X003",
    "a file could not be opened",
    "Check that the file exists and that the daemon's user may read it.",
)

# --- C: configuration -------------------------------------------------------------------------------------------------

# --- D: decoders ------------------------------------------------------------------------------------------------------

# --- P: patterns ------------------------------------------------------------------------------------------------------

# --- R: rules ---------------------------------------------------------------------------------------------------------

# --- L: lists ---------------------------------------------------------------------------------------------------------

# --- A: AWS -----------------------------------------------------------------------------------------------------------


def catalogue() -> dict[str, Code]:
    """Every code by its id, in the order of this file. Raises ValueError when an id is used twice."""
    found: dict[str, Code] = {}
    for value in globals().values():
        if isinstance(value, Code):
            if value.id in found:
                raise ValueError(f"code {value.id} is defined twice")
            found[value.id] = value
    return found
