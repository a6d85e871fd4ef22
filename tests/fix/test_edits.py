"""Pieces put into a text: sorted, each once, never over one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.report.unified import unified
from cfgcheck.source.edits import Overlap, Piece, Taken, applied, settled
from tests.fix.patching import patched


def put(text: str, *pieces: tuple[int, int, str]) -> str:
    return applied(text, settled(Piece(*piece) for piece in pieces))


def test_several_insertions_at_one_place_keep_their_order() -> None:
    assert put("ab", (1, 1, "y"), (1, 1, "x"), (0, 0, "-")) == "-ayxb"


def test_an_insertion_stands_before_what_is_replaced_at_its_place() -> None:
    assert put("abc", (1, 2, "B"), (1, 1, "_"), (2, 2, "+")) == "a_B+c"


def test_the_same_piece_counts_once() -> None:
    assert put("abc", (1, 2, "B"), (1, 2, "B"), (3, 3, "!"), (3, 3, "!")) == "aBc!"


def test_what_is_taken_out_twice_is_taken_out_once() -> None:
    assert put("abcdef", (1, 5, ""), (2, 3, "")) == "af"
    assert put("abcdef", (1, 3, ""), (1, 5, "")) == "af"


@pytest.mark.parametrize("other", [(2, 4, "x"), (1, 3, "x"), (2, 2, "x"), (2, 4, "")])
def test_pieces_that_overlap_are_refused(other: tuple[int, int, str]) -> None:
    with pytest.raises(Overlap):
        settled([Piece(1, 3, "y"), Piece(*other)])


def test_what_is_taken() -> None:
    taken = Taken()
    taken.take(Piece(4, 8, "x"))
    taken.take(Piece(10, 10, "y"))
    assert [taken.free(Piece(*span, "")) for span in ((0, 4), (8, 10), (11, 12))] == [True] * 3
    assert [taken.free(Piece(*span, "")) for span in ((4, 4), (5, 5), (7, 9), (3, 5), (10, 10), (9, 11))] == [False] * 6


PARTS = st.sampled_from(["a", "b", "é", "\r\n", "\n", "\x0c", "\u2028", "\udcff", " "])
TEXTS = st.lists(PARTS, max_size=30).map("".join)


@given(TEXTS, st.data())
def test_all_but_the_pieces_stays(text: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    pieces = settled(dict.fromkeys(Piece(start, end, f"<{number}>") for number, (start, end) in enumerate(pairs)))
    result = applied(text, pieces)
    for number, (start, end) in enumerate(pairs):
        assert f"<{number}>" in result
        result = result.replace(f"<{number}>", text[start:end], 1)
    assert result == text


@given(TEXTS, TEXTS)
def test_a_diff_tells_all(before: str, after: str) -> None:
    diff = unified("shop.conf", before, after)
    assert patched(before, diff) == after
    assert bool(diff) == (before != after)


def test_a_diff_without_an_end_of_line() -> None:
    assert unified("a b.conf", "one\ntwo", "one\ntwo\n") == (
        "--- a/a b.conf\n+++ b/a b.conf\n@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+two\n"
    )


def test_a_diff_of_an_odd_name() -> None:
    assert unified('x"\n.conf', "a\n", "b\n").splitlines()[0] == '--- "a/x\\"\\012.conf"'
