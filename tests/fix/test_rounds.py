"""Round by round: what fits together is applied, what does harm is not, and it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.fix.rounds import Mended, mend
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.source.file import Span
from tests.fix.fakes import Words, instead, nowhere


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.conf").write_bytes(text.encode("utf-8", "surrogateescape"))


def texts(mended: Mended) -> dict[str, str]:
    return {path.stem: text for path, text in mended.changed().items()}


def test_all_that_fits_is_one_round(tmp_path: Path) -> None:
    write(tmp_path, a="bad; bad; \udcff\r\n", b="bad", c="good")
    words = Words(tmp_path, {"bad": (instead("good"), "safe")})
    mended = mend(words.look)
    assert texts(mended) == {"a": "good; good; \udcff\r\n", "b": "good"}
    assert (len(mended.done), mended.refused, mended.view.findings) == (3, [], ())
    assert words.looks == 2, "one look before, one after"


def test_unsafe_ones_wait_for_the_word(tmp_path: Path) -> None:
    write(tmp_path, a="bad odd")
    words = Words(tmp_path, {"bad": (instead("good"), "unsafe"), "odd": (instead("even"), "safe")})
    assert texts(mend(words.look)) == {"a": "bad even"}
    assert texts(mend(words.look, unsafe=True)) == {"a": "good even"}


def test_a_fix_that_brings_another_finding_is_dropped_alone(tmp_path: Path) -> None:
    write(tmp_path, a="bad odd bad odd bad odd bad")
    words = Words(
        tmp_path, {"bad": (instead("worse"), "safe"), "odd": (instead("even"), "safe"), "worse": (nowhere, "safe")}
    )
    mended = mend(words.look)
    assert texts(mended) == {"a": "bad even bad even bad even bad"}
    assert {one.finding.rule for one in mended.refused} == {"bad"}
    assert mended.refused[0].reason == "it would bring `worse` at a.conf:1:1: there is worse"


def test_a_fix_that_does_not_help_is_dropped(tmp_path: Path) -> None:
    write(tmp_path, a="bad")
    mended = mend(Words(tmp_path, {"bad": (instead("bad bit"), "safe")}).look)
    assert (texts(mended), [one.reason for one in mended.refused]) == ({}, ["it would not help"])


def test_two_fixes_that_undo_each_other_end(tmp_path: Path) -> None:
    write(tmp_path, a="left")
    words = Words(tmp_path, {"left": (instead("right"), "safe"), "right": (instead("left"), "safe")})
    assert texts(mend(words.look)) == {}, "each brings a finding that was not there"
    write(tmp_path, a="left right")
    assert texts(mend(words.look)) in ({}, {"a": "right left"})
    assert words.looks < 12


def test_what_overlaps_waits_for_the_next_round(tmp_path: Path) -> None:
    write(tmp_path, a="one two")

    def both(span: Span) -> list[Change]:
        return [Replace(Span(span.file, 0, len(span.file.text)), f"{span.file.text.replace(span.text, 'x')}")]

    words = Words(tmp_path, {"one": (both, "safe"), "two": (both, "safe")})
    mended = mend(words.look)
    assert texts(mended) == {"a": "x x"}
    assert [one.finding.rule for one in mended.done] == ["one", "two"]


def test_a_change_within_a_change_is_no_fix(tmp_path: Path) -> None:
    write(tmp_path, a="bad words")

    def overlapping(span: Span) -> list[Change]:
        return [Replace(span, "x"), Replace(Span(span.file, span.start + 1, span.end + 1), "y")]

    mended = mend(Words(tmp_path, {"bad": (overlapping, "safe")}).look)
    assert (texts(mended), mended.refused) == ({}, [])


def test_a_fix_that_crashes_is_told(tmp_path: Path) -> None:
    write(tmp_path, a="bad odd")

    def crash(span: Span) -> list[Change]:
        raise ZeroDivisionError("so")

    words = Words(tmp_path, {"bad": (crash, "safe"), "odd": (instead("even"), "safe")})
    mended = mend(words.look)
    assert texts(mended) == {"a": "bad even"}
    assert [one.reason for one in mended.refused] == ["its fix crashed with ZeroDivisionError: so; please report this"]


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    write(tmp_path, real="bad")
    (tmp_path / "link.conf").symlink_to("real.conf")
    mended = mend(Words(tmp_path, {"bad": (instead("good"), "safe")}).look)
    assert texts(mended) == {"real": "good"}
    assert mended.view.findings == ()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write(tmp_path, outer="bad")
    (inner / "link.conf").symlink_to("../outer.conf")
    mended = mend(Words(inner, {"bad": (instead("good"), "safe")}).look)
    assert texts(mended) == {}


def test_it_ends_after_ten_rounds(tmp_path: Path) -> None:
    write(tmp_path, a=" ".join(["bad"] * 14))

    def first(span: Span) -> list[Change]:
        return [Replace(Span(span.file, 0, len(span.file.text)), span.file.text.replace("bad", "good", 1))]

    mended = mend(Words(tmp_path, {"bad": (first, "safe")}).look)
    assert texts(mended)["a"].count("good") == 10


@pytest.mark.parametrize("text", ["\ufeffbad\r\n", "bad", "\x00bad"[1:] + "\n\n"])
def test_once_more_changes_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, a=text)
    words = Words(tmp_path, {"bad": (instead("good"), "safe")})
    write(tmp_path, **texts(mend(words.look)))
    assert mend(words.look).changed() == {}
