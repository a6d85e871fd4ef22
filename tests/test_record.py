"""Records behave as frozen dataclasses with slots do."""

from __future__ import annotations

import pytest

from cfgcheck.record import field, fields, is_record, record, replace


@record(frozen=True)
class Point:
    x: int
    y: int = 2


@record()
class Bag:
    things: list[str] = field(default_factory=list)
    name: str = ""


@record(frozen=True, eq=False)
class Named:
    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"


@record(frozen=True)
class Solid(Point):
    z: int = 3


def test_made_from_its_fields() -> None:
    assert (Point(1).x, Point(1).y, Point(y=5, x=4).y) == (1, 2, 5)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Point(1, z=2)  # type: ignore[call-arg]


def test_has_slots_and_no_more() -> None:
    with pytest.raises(AttributeError):
        Bag().other = 1  # type: ignore[attr-defined]


def test_each_has_its_own_default() -> None:
    one, other = Bag(), Bag()
    one.things.append("a")
    assert other.things == []


def test_equal_by_value_or_by_identity() -> None:
    assert Point(1) == Point(1, 2)
    assert Point(1) != Point(2)
    assert len({Point(1), Point(1)}) == 1
    assert Named("a") != Named("a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Bag())


def test_shown_with_its_fields_unless_it_says_otherwise() -> None:
    assert repr(Point(1)) == "Point(x=1, y=2)"
    assert repr(Named("a")) == "<a>"


def test_inherits_fields() -> None:
    assert (Solid(1).z, Solid(1, 5, 6)) == (3, Solid(1, 5, 6))
    assert Solid(1, 2) != Point(1, 2)


def test_replace_and_fields() -> None:
    assert replace(Point(1), y=7) == Point(1, 7)
    assert dict(fields(Point(1))) == {"x": 1, "y": 2}
    assert is_record(Point(1))
    assert not is_record(3)
    with pytest.raises(TypeError):
        replace(Point(1), z=1)
