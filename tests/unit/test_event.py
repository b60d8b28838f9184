"""Fields that are columns behave as fields that were added one by one."""

from __future__ import annotations

from alertmill.event import ColumnFields, Fields

NAMES = ("integration", "aws.srcPort", "aws.action")
PLACES = {name.lower(): place for place, name in enumerate(NAMES)}


def test_columns_are_fields() -> None:
    columns, plain = ColumnFields(NAMES, ("aws", "443", ""), PLACES), Fields()
    for name, value in zip(NAMES, ("aws", "443", ""), strict=True):
        plain.add(name, value)
    for fields in (columns, plain):
        assert fields.get("aws.srcport") == "443"
        assert fields.get("aws.action") == ""
        assert fields.get("aws.srcPort") is None
        fields.add("Integration", "late")
        fields.add("more", "x")
    assert list(columns.items()) == list(plain.items())
    assert len(columns) == len(plain) == 5
    assert [columns.get(name) for name in ("integration", "more")] == ["aws", "x"]


def test_adding_a_column_leaves_the_others_of_the_file_alone() -> None:
    first, second = (ColumnFields(NAMES, ("aws", port, ""), PLACES) for port in ("1", "2"))
    first.add("more", "x")
    assert second.names is NAMES
    assert second.get("more") is None
    assert "more" not in PLACES
