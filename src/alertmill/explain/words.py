"""How explanations say things: values shortened and harmless, places, and one condition in a sentence."""

from __future__ import annotations

import json
from difflib import get_close_matches

from alertmill.errors import Origin
from alertmill.event import Event, from_byte_text
from alertmill.ruleset import CompiledRule
from alertmill.ruleset.findings import Finding
from alertmill.ruleset.spec import TextCriterion

#: Characters of a value in a sentence, and of a log.
SHORT, LONG = 80, 160
#: Field names that a missing one is compared with.
_MOST_NAMES = 1000


def plain(text: str) -> str:
    """Byte text as ordinary text; what is ordinary text already stays as it is."""
    try:
        return from_byte_text(text)
    except UnicodeEncodeError:
        return text


def harmless(text: str) -> str:
    """Ordinary text without anything that a terminal could act on: such characters become escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def shown(text: str, width: int = 0) -> str:
    """Byte text as people may see it, with a `width` in not many more characters than that."""
    if not width or len(text) <= width:
        return harmless(plain(text))
    left = len(text) - width
    # A character of several bytes may be cut in two; its first half would be shown as an escape.
    whole = plain(text[:width]).rstrip("".join(map(chr, range(0xDC80, 0xDD00))))
    return f"{harmless(whole)}... (+{left})"


def quoted(text: str, width: int = SHORT) -> str:
    """A value in quotes, shortened."""
    return f'"{shown(text, width)}"'


def place_of(origin: Origin | None) -> str:
    """`file:line`, or nothing."""
    return harmless(str(origin)) if origin is not None else ""


def named(rule: CompiledRule) -> str:
    """`rule 80305 (level 2)`."""
    return f"rule {rule.id} (level {rule.level})"


def what_was_found(finding: Finding, event: Event, rule: CompiledRule, *, hints: bool = False) -> str:
    """What the event has in place of what a condition asks for.

    With `hints`, which take their time, also what comes nearest to it.
    """
    hints = hints and not finding.held
    if finding.counted is not None:
        return finding.note
    name = finding.text[1:].partition(">")[0]
    criterion = rule.spec.texts.get(name) if name in ("match", "regex") else None
    if criterion is not None:
        return _in_log(criterion, finding.held is not criterion.negate, event.log, hints=hints)
    if finding.value is None:
        near = _near_field(finding, event) if hints else ""
        return f"{finding.note or ('it holds' if finding.held else 'it does not hold')}{near}"
    return f"{finding.note} ({quoted(finding.value)})" if finding.note else f"found {quoted(finding.value)}"


def clause(finding: Finding, event: Event, rule: CompiledRule, *, hints: bool = False) -> str:
    """A condition and what was found, as part of a sentence."""
    return f"{shown(finding.text, LONG)}: {what_was_found(finding, event, rule, hints=hints)}"


def _near_field(finding: Finding, event: Event) -> str:
    """A hint at a field that is there and has nearly the name of one that is missing."""
    if finding.key is None or finding.key[0] != "field":
        return ""
    wanted = finding.key[1]
    names = {name.lower(): name for _, (name, _) in zip(range(_MOST_NAMES), event.fields.items(), strict=False)}
    inside = next((name for name in names if name.endswith(f".{wanted}")), "")
    near = inside or next(iter(get_close_matches(wanted, list(names), n=1)), "")
    return f" (did you mean {shown(names.get(near, near))}?)" if near else ""


# --- patterns on the log ----------------------------------------------------------------------------------------------


def _in_log(criterion: TextCriterion, occurs: bool, log: str, *, hints: bool) -> str:
    """What the log has to do with a pattern on it, as a person would look for it there."""
    if occurs:
        return f"the log matches{_around(*_nearest(criterion, log), log)}"
    if not hints:
        return "the log does not match"
    near = _around(*_nearest(criterion, log), log, "; the nearest there is ") or f": found {quoted(log)}"
    return f"the log does not match{near}{_spelling(criterion, log)}"


def _nearest(criterion: TextCriterion, log: str) -> tuple[int, int]:
    """Where in the log the longest beginning of any alternative of a literal pattern stands: start and length.

    The length is 0 where there is none of any use, and for patterns that are not literal.
    """
    best = (0, 0)
    if criterion.dialect not in _LITERAL:
        return best
    lowered = log[:_LOOKED_AT].lower()
    for alternative in criterion.source.text.split("|")[:_MOST_ALTERNATIVES]:
        text = alternative.removeprefix("^").removesuffix("$").lower()[:_LONGEST_LITERAL]
        low, high = max(best[1], _USEFUL), len(text)
        while low < high:  # a longer beginning is found only where a shorter one is
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text[:middle] in lowered else (low, middle - 1)
        if best[1] < low == high and text[:low] in lowered:
            best = (lowered.find(text[:low]), low)
    return best


#: Dialects whose patterns are literal but for anchors and alternatives, and what of them is looked for.
_LITERAL = ("osmatch", "string")
_MOST_ALTERNATIVES, _LONGEST_LITERAL, _USEFUL = 64, 512, 4
#: Characters of the log that are looked through for that.
_LOOKED_AT = 65536
#: Characters of the log that are shown behind the place.
_BEHIND = 40


def _around(start: int, length: int, log: str, words: str = ": ") -> str:
    """The log at a place, or nothing for no place."""
    if not length:
        return ""
    end = start + length + _BEHIND
    return f"{words}{'...' if start else ''}{shown(log[start:end])}{'...' if end < len(log) else ''}"


def _spelling(criterion: TextCriterion, log: str) -> str:
    """A hint for patterns on the text of a JSON event that only its other spelling fulfils."""
    if criterion.negate or not log.startswith("{"):
        return ""
    try:
        value = json.loads(log)
        other = {how: json.dumps(value, separators=between) for how, between in _SPELLINGS.items()}
    except (ValueError, RecursionError):
        return ""
    fits = next((how for how, text in other.items() if criterion.matcher.matches(text)), "")
    return f" (it would match the same event spelled {fits})" if fits else ""


#: The two spellings of AWS events.
_SPELLINGS = {
    "without blanks, as <event_format>improved</event_format> does": (",", ":"),
    "with blanks behind ':' and ',', as <event_format>compatible</event_format> does": (", ", ": "),
}
