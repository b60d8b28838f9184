"""Words that occur in the JSON text of a document however it is spelled, if a pattern matches one of its spellings.

So a look at another spelling, such as the text that the document was read from, can tell that a pattern cannot match.
"""

from __future__ import annotations

import re

from alertmill.patterns.literals import required_literals

#: Part of a literal that stands in every spelling of a document as it stands in the compact one, if it does in any.
#: It begins with a byte that can neither be the end of an escape such as `\u00e9` or `\n` nor belong to a number.
_WORD = re.compile(r"[g-mopqsvw-z_][a-z0-9_-]{3,}")
#: Words that a number outside JSON could be spelled as.
_NUMBER_WORD = "infinity"


def json_words(pattern: str, dialect: str) -> tuple[tuple[bytes, ...], ...] | None:
    """Groups of words in lower case, of which every matching document has one complete; None when nothing is known.

    The last words of a literal come first: they are more often values, which differ, than names, which do not.
    """
    literals = required_literals(pattern, dialect)
    if literals is None:
        return None
    groups: list[tuple[bytes, ...]] = []
    for literal in literals:
        words = [word for word in _WORD.findall(literal) if word not in _NUMBER_WORD]
        if not words:
            return None
        groups.append(tuple(word.encode("ascii") for word in reversed(words)))
    return tuple(groups)
