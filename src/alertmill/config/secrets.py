"""Keeps keys and passwords of ossec.conf out of every message: pictures of lines are drawn from a masked text.

The mask has the same length and the same line breaks, so that places stay right. Values are read from the true text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from alertmill.errors import Origin, Problem
from alertmill.xmltext import Element, XmlError, load_xml

#: Elements whose text is a secret, in any section of any daemon.
SECRETS = frozenset(
    {
        "access_key",
        "api_key",
        "api_token",
        "application_key",
        "client_secret",
        "hook_url",
        "key",
        "options",
        "password",
        "secret_key",
        "secret_value",
        "shared_key",
    }
)
#: From the tag on to its end: the closing tag, or a line that begins with another tag when that is missing.
_SECRET = re.compile(rf"(<({'|'.join(sorted(SECRETS))})(?=[\s>]))(.*?)(?=</\2>|\n[ \t]*<|\Z)", re.DOTALL)
#: A `<var>` up to its value; the name is put in.
_VARIABLE = r"""(<var\s+name\s*=\s*["']{}["'][^>]*>)(.*?)(?=</var>|\n[ \t]*<|\Z)"""
_REFERENCE = re.compile(r"\$([^$.|, \s]+)")
#: Shorter values are not looked for elsewhere in the text: they would be found everywhere.
_SHORTEST = 8


def mask(text: str) -> str:
    """The text with stars for what secret elements hold, also by way of a variable."""
    names = {name for found in _SECRET.finditer(text) for name in _REFERENCE.findall(found[3])}
    for name in sorted(names):
        definition = re.compile(_VARIABLE.format(re.escape(name)), re.IGNORECASE | re.DOTALL)
        text = definition.sub(lambda found: found[1] + _stars(found[2]), text)
    return _SECRET.sub(lambda found: found[1] + _stars(found[3]), text)


def mask_elements(text: str, elements: Iterable[Element]) -> str:
    """`mask`, and stars for the values of secret elements wherever they stand (a `<var>` may define them)."""
    masked = mask(text)
    for value in sorted(set(_values(elements)), key=len, reverse=True):
        masked = masked.replace(value, _stars(value))
    return masked


def without_secrets(problem: Problem, text: str) -> Problem:
    """A problem of the XML reader, told of the masked text. One that vanishes there lies within a secret."""
    masked = mask(text)
    if masked == text or problem.origin is None:
        return problem
    try:
        load_xml(masked, problem.origin.path)
    except XmlError as error:
        if error.problem.origin is not None and error.problem.origin.line == problem.origin.line:
            return error.problem
    message = "the file is not readable at or near a key or password, which is not shown"
    return replace(problem, message=message, hint="", wazuh="", origin=Origin(problem.origin.path, problem.origin.line))


def _values(elements: Iterable[Element]) -> Iterable[str]:
    for element in elements:
        if element.name in SECRETS and len(element.text.strip()) >= _SHORTEST:
            yield element.text.strip()
        yield from _values(element.children)


def _stars(value: str) -> str:
    return re.sub(r"[^\s>]", "*", value)
