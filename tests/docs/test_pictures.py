"""The pictures: well-formed, with text that fits its box, for light and dark readers, and as they are made."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from docs.pages import REPOSITORY, text_of
from scripts import draw_pictures

SPACE = "{http://www.w3.org/2000/svg}"
every_picture = pytest.mark.parametrize("name", draw_pictures.PAGES)


def drawn(name: str) -> ElementTree.Element:
    return ElementTree.fromstring((REPOSITORY / "docs" / name).read_text(encoding="utf-8"))


@every_picture
def test_it_is_up_to_date_and_shown_with_words(name: str) -> None:
    assert (REPOSITORY / "docs" / name).read_text(encoding="utf-8") == draw_pictures.PAGES[name]()
    title = drawn(name).find(f"{SPACE}title")
    assert title is not None and title.text
    assert f"]({name})" in text_of("docs/how-it-works.md")
    assert f"![]({name})" not in text_of("docs/how-it-works.md"), "a picture needs words for those who do not see it"


@every_picture
def test_it_has_colours_for_light_and_dark(name: str) -> None:
    root = drawn(name)
    style = root.find(f"{SPACE}style")
    assert style is not None and style.text is not None
    light, _, dark = style.text.partition("@media (prefers-color-scheme:dark)")
    for element in root.iter():
        kind = element.get("class")
        assert kind is None or (f".{kind}{{" in light and f".{kind}{{" in dark), kind
        assert element.get("fill") is None and element.get("stroke") is None


@every_picture
def test_everything_lies_within_it_and_text_within_its_box(name: str) -> None:
    root = drawn(name)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    boxes = [[float(rect.attrib[side]) for side in ("x", "y", "width", "height")] for rect in root.iter(f"{SPACE}rect")]
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    for text in root.iter(f"{SPACE}text"):
        assert text.text
        long = len(text.text) * draw_pictures.WIDEST
        x, y, anchor = float(text.attrib["x"]), float(text.attrib["y"]), text.get("text-anchor")
        left = x - long / 2 if anchor == "middle" else x
        holding = [box for box in boxes if box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]]
        bx, _, bw, _ = min(holding, key=lambda box: box[2] * box[3])
        if anchor == "middle" and len(text.text) > 8:
            assert bx <= left and left + long <= bx + bw, text.text
        assert left >= 0 and left + long <= width + 8, text.text
