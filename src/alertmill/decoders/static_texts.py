"""Static fields of rows (`alertmill.rows`): which of a row's texts they are, worked out once per shape.

`plugins.json.set_static_fields` says what static fields are: copies of dynamic ones, perhaps where another one has a
certain text. Rows of a shape have the same fields, none empty where others have a text; so all that differs is the
texts that are asked for, and rows with the same ones have their static fields in the same places.
"""

from __future__ import annotations

from collections.abc import Sequence

from alertmill.decoders.plugins.base import StaticFieldGroup
from alertmill.rows import RowShape

#: Shapes, and answers of each, that are remembered.
_MOST_SHAPES, _MOST_ANSWERS = 64, 256

#: Characters of answers that are worth remembering.
_LONGEST = 256

#: Names of static fields, and the places of their texts.
_Static = tuple[tuple[str, ...], tuple[int, ...]]


class StaticTexts:
    """The static fields that `groups` make of rows."""

    def __init__(self, groups: Sequence[StaticFieldGroup]) -> None:
        self._groups = groups
        #: The places of the texts that are asked for, and by these texts what they lead to.
        self._known: dict[RowShape, tuple[list[int], dict[tuple[str, ...], _Static]]] = {}

    def add(self, shape: RowShape, texts: list[str]) -> tuple[str, ...]:
        """Append the texts of a row's static fields to its others; their names."""
        if not self._groups:
            return ()
        asked, known = self._known.get(shape) or self._meet(shape)
        answers = tuple([texts[place] for place in asked])
        found = known.get(answers)
        if found is None:
            found = self._find(shape, texts)
            if sum(map(len, answers)) <= _LONGEST:
                if len(known) >= _MOST_ANSWERS:
                    known.clear()
                known[answers] = found
        names, places = found
        texts += [texts[place] for place in places]
        return names

    def _meet(self, shape: RowShape) -> tuple[list[int], dict[tuple[str, ...], _Static]]:
        if len(self._known) >= _MOST_SHAPES:
            self._known.clear()
        asked = [shape.places[where] for where, _ in self._groups if where in shape.places]
        known = self._known[shape] = asked, {}
        return known

    def _find(self, shape: RowShape, texts: Sequence[str]) -> _Static:
        found: dict[str, int] = {}
        for where, by_text in self._groups:
            place = shape.places.get(where)
            text = "" if not where else None if place is None else texts[place]
            for name, source in by_text.get(text, ()) if text is not None else ():
                origin = shape.places.get(source)
                if name not in found and origin is not None and texts[origin]:
                    found[name] = origin
        return tuple(found), tuple(found.values())
