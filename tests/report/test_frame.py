"""Code frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.findings import Label
from cfgcheck.report.cells import width_of
from cfgcheck.report.frame import frame, mark
from cfgcheck.report.terminal import Terminal
from cfgcheck.source.file import SourceFile
from tests.report.samples import GUNICORN, NGINX, at


def drawn(file: SourceFile, *labels: Label, width: int = 60, unicode: bool = True) -> str:
    marks = [mark(label, "error", primary=index == 0) for index, label in enumerate(labels)]
    gutter = len(str(max(one.last for one in marks)))
    return "\n".join(frame(file, marks, Terminal(width, unicode=unicode), gutter))


def test_one_label() -> None:
    assert drawn(GUNICORN, Label(at(GUNICORN, "workers = 4"), "four of them")) == (
        "  ╭─ gunicorn.conf.py:2:1\n"
        "2 │ workers = 4\n"
        "  │ ^^^^^^^^^^^ four of them"
    )  # fmt: skip


def test_labels_of_distant_lines_are_joined_by_an_ellipsis() -> None:
    near, far = Label(at(NGINX, "127.0.0.1:8001"), "here"), Label(at(NGINX, "proxy_pass http://app;"), "from here")
    assert drawn(NGINX, near, far) == (
        "  ╭─ nginx/shop.conf:2:12\n"
        "2 │     server 127.0.0.1:8001;\n"
        "  │            ^^^^^^^^^^^^^^ here\n"
        "⋮\n"
        "8 │         proxy_pass http://app;\n"
        "  │         ---------------------- from here"
    )


def test_two_labels_on_one_line_hang_below_one_another() -> None:
    file = SourceFile("a.conf", "proxy_read_timeout 20s; proxy_send_timeout 30s;\n")
    first, second = Label(at(file, "20s"), "short"), Label(at(file, "30s"), "longer")
    assert drawn(file, first, second) == (
        "  ╭─ a.conf:1:20\n"
        "1 │ proxy_read_timeout 20s; proxy_send_timeout 30s;\n"
        "  │                    ^^^                     --- longer\n"
        "  │                    ╰ short"
    )


def test_three_labels_on_one_line_keep_their_stems() -> None:
    file = SourceFile("a.conf", "aa bb cc\n")
    shown = drawn(file, *(Label(at(file, word), f"label {word}") for word in ("aa", "bb", "cc")))
    assert shown.split("\n")[2:] == ["  │ ^^ -- -- label cc", "  │ │  ╰ label bb", "  │ ╰ label aa"]


def test_a_span_of_several_lines_has_a_rail() -> None:
    span = at(NGINX, "proxy_set_header Host\n            $host;")
    assert drawn(NGINX, Label(span, "set over two lines")) == (
        "   ╭─ nginx/shop.conf:10:9\n"
        "10 │ ╭         proxy_set_header Host\n"
        "11 │ │             $host;\n"
        "   │ ╰─ set over two lines"
    )


def test_the_middle_of_a_long_span_is_left_out_but_labels_in_it_are_not() -> None:
    whole, name = Label(NGINX.span(0, len(NGINX.text)), "all"), Label(at(NGINX, "proxy_pass"), "inside")
    lines = drawn(NGINX, whole, name).split("\n")
    assert [line[:4].strip() for line in lines] == [
        "╭", "1 │", "2 │", "3 │", "4 │", "⋮", "8 │", "│", "⋮", "13 │", "│",
    ]  # fmt: skip
    assert lines[7].endswith("---------- inside")


def test_tabs_and_wide_characters_keep_underlines_below_their_text() -> None:
    file = SourceFile("a.conf", '\tadd_header X "日本語" always;\n')
    line, under = drawn(file, Label(at(file, "always"), "here")).split("\n")[1:]
    assert under.index("^") == width_of(line[: line.index("always")])
    assert line == '1 │     add_header X "日本語" always;'


def test_a_very_long_line_is_cut_around_the_span() -> None:
    file = SourceFile("a.conf", "x" * 5_000_000 + " proxy_pass http://app; " + "y" * 5_000_000)
    line, under = drawn(file, Label(at(file, "proxy_pass"), "here"), width=60).split("\n")[1:]
    assert width_of(line) <= 60
    assert "…" in line
    assert line[under.index("^") :].startswith("proxy_pass")
    assert under.endswith("^^^^^^^^^^ here")


def test_a_label_that_does_not_fit_beside_is_put_below() -> None:
    shown = drawn(NGINX, Label(at(NGINX, "127.0.0.1:8001"), "nginx connects to port 8001 of this machine"), width=44)
    assert shown.split("\n")[2:] == [
        "  │            ^^^^^^^^^^^^^^",
        "  │         ╰ nginx connects to port 8001 of",
        "  │           this machine",
    ]


def test_a_place_at_the_end_of_the_file() -> None:
    end = len(NGINX.text)
    assert drawn(NGINX, Label(NGINX.span(end, end), "a } is missing")).split("\n")[1:] == [
        "14 │",
        "   │ ^ a } is missing",
    ]


def test_a_file_without_text_has_its_name_only() -> None:
    nowhere = SourceFile("app.conf", "").span(0, 0)
    assert drawn(nowhere.file, Label(nowhere, "a folder")) == "  ╭─ app.conf\n  │ a folder"


def test_ascii() -> None:
    span = at(NGINX, "proxy_set_header Host\n            $host;")
    shown = drawn(NGINX, Label(span, "“set” → here"), Label(at(NGINX, "listen"), "x"), unicode=False)
    assert shown.isascii()
    assert r"\_ " in shown


def test_source_text_cannot_send_escapes() -> None:
    file = SourceFile("a\x1b[2J.conf", "proxy_pass \x1b]0;owned\x07 \u202e x;")
    shown = drawn(file, Label(at(file, "x;"), "\x1b[31mlabel"))
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@st.composite
def labelled(draw: st.DrawFn) -> tuple[SourceFile, list[Label]]:
    text = draw(st.text(st.sampled_from("ab {}\n\t日\u0301\r\x1b\udc80;"), max_size=80))
    file = SourceFile("a.conf", text)
    offsets = st.integers(0, len(text))
    labels = [
        Label(file.span(*sorted((draw(offsets), draw(offsets)))), draw(st.text(max_size=30)))
        for _ in range(draw(st.integers(1, 5)))
    ]
    return file, labels


@given(labelled(), st.integers(20, 100), st.booleans())
def test_any_labels_of_any_text_are_drawn_within_the_width(
    sample: tuple[SourceFile, list[Label]], width: int, unicode: bool
) -> None:
    file, labels = sample
    shown = drawn(file, *labels, width=width, unicode=unicode)
    shown.encode("utf-8")
    assert "\x1b" not in shown
    room = max(width, 2 + 3 + 2 + 16)  # narrower than this no frame can be
    assert all(width_of(line) <= room for line in shown.split("\n")[1:])
    if file.text:
        assert "^" in shown or "╰─" in shown or "\\_" in shown


@pytest.mark.parametrize("width", [20, 40, 100])
def test_every_label_text_is_shown(width: int) -> None:
    file = SourceFile("a.conf", "aa bb cc dd ee\nff gg\n")
    words = ("aa", "bb", "cc", "ee", "ff", "gg")
    shown = drawn(file, *(Label(at(file, word), f"L{word}") for word in words), width=width)
    assert all(f"L{word}" in shown for word in words)
