"""Sizes and times: the same ones refused as by the real nginx, and the same milliseconds seen in its timers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.model.units import parse_number, parse_offset, parse_size, parse_time
from tests.model import nginx_real

GOOD_TIMES = {
    "60": 60,
    "60s": 60,
    "500ms": 0.5,
    "1h30m": 5400,
    "1h 30m": 5400,
    "1h  30m": 5400,
    "1d 10": 86410,
    "1 2": 3,
    "1w": 604800,
    "1s500ms": 1.5,
    "1s 500ms": 1.5,
    " 5": 5,
    "5 ": 5,
    "0": 0,
    "1m1": 61,
    "1ms1": 1.001,
    "090": 90,
}
BAD_TIMES = ["1m1h", "1y", "1M", "1.5s", "-1", "", "ms", "s", "1S", "1K", "1ms1s", "1d2d", "9" * 21, "1s 5 6", "5 5s"]
GOOD_SECONDS = {"60": 60, "1h30m": 5400, "1y": 31536000, "1M": 2592000, "1 2": 3}
BAD_SECONDS = ["500ms", "1s500ms", "1M1y", "1.5", ""]
GOOD_SIZES = {"8k": 8192, "8K": 8192, "1m": 1048576, "1M": 1048576, "01k": 1024, "4096": 4096}
BAD_SIZES = ["1g", "8kb", "-1", "", "k", "1 k", "0x10", "1.5k", "1t", "9223372036854775808", "9007199254740992k"]


def _server(directive: str) -> str:
    return f"server {{ listen unix:s; {directive} }}"


@pytest.mark.oracle
def test_what_we_read_is_accepted_by_nginx() -> None:
    lines = [f'server {{ listen unix:s; server_name a; client_header_timeout "{text}"; }}' for text in GOOD_TIMES]
    lines += [f'upstream u{at} {{ server 127.0.0.1 "fail_timeout={text}"; }}' for at, text in enumerate(GOOD_SECONDS)]
    lines += [f'server {{ listen unix:s; client_body_buffer_size "{text}"; }}' for text in GOOD_SIZES]
    lines += [f'server {{ listen unix:s; client_max_body_size "{text}"; }}' for text in (*GOOD_SIZES, "1g", "2G", "0")]
    assert nginx_real.refusal("\n".join(lines)) == ""
    assert {text: parse_time(text) for text in GOOD_TIMES} == GOOD_TIMES
    assert {text: parse_time(text, whole_seconds=True) for text in GOOD_SECONDS} == GOOD_SECONDS
    assert {text: parse_size(text) for text in GOOD_SIZES} == GOOD_SIZES
    assert (parse_offset("1g"), parse_offset("2G"), parse_offset("0")) == (1 << 30, 1 << 31, 0)


@pytest.mark.oracle
@pytest.mark.parametrize("text", BAD_TIMES)
def test_bad_times(text: str) -> None:
    assert "invalid value" in nginx_real.refusal(_server(f'client_header_timeout "{text}";'))
    assert parse_time(text) is None


@pytest.mark.oracle
@pytest.mark.parametrize("text", BAD_SECONDS)
def test_bad_seconds(text: str) -> None:
    assert "invalid parameter" in nginx_real.refusal(f'upstream u {{ server 127.0.0.1 "fail_timeout={text}"; }}')
    assert parse_time(text, whole_seconds=True) is None


@pytest.mark.oracle
@pytest.mark.parametrize("text", BAD_SIZES)
def test_bad_sizes(text: str) -> None:
    assert "invalid value" in nginx_real.refusal(_server(f'client_body_buffer_size "{text}";'))
    assert parse_size(text) is None


TIME_TEXTS = st.lists(
    st.sampled_from(["1", "2", "30", " ", "  ", "h", "m", "s", "ms", "d", "w", "y", "M"]), min_size=1, max_size=7
).map("".join)


@pytest.mark.oracle
@settings(max_examples=30, deadline=None)
@given(TIME_TEXTS)
def test_any_time_is_judged_as_by_nginx(text: str) -> None:
    refused = nginx_real.refusal(_server(f'client_header_timeout "{text}";'))
    assert (parse_time(text) is None) == bool(refused)
    refused = nginx_real.refusal(f'upstream u {{ server 127.0.0.1 "fail_timeout={text}"; }}')
    assert (parse_time(text, whole_seconds=True) is None) == bool(refused)


@pytest.mark.oracle
def test_nginx_waits_as_long_as_we_say() -> None:
    """The timer that it starts for a connection is ``client_header_timeout``."""
    times = [text for text, seconds in GOOD_TIMES.items() if seconds]
    servers = "".join(
        f'server {{ listen unix:@BASE@/{at}; client_header_timeout "{text}"; }}' for at, text in enumerate(times)
    )
    with nginx_real.running(servers) as nginx:
        nginx.fresh_log()
        for at, text in enumerate(times):
            nginx.request(str(at))
            assert nginx.fresh_timers()[0] == parse_time(text), text


PARTS = st.tuples(*(st.one_of(st.none(), st.integers(0, 500)) for _ in range(6)))


@given(PARTS)
def test_a_time_is_the_sum_of_its_parts(parts: tuple[int | None, ...]) -> None:
    units = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001))
    written = [f"{part}{unit}" for part, (unit, _) in zip(parts, units, strict=True) if part is not None]
    total = sum(part * seconds for part, (_, seconds) in zip(parts, units, strict=True) if part is not None)
    for text in ("".join(written), " ".join(written)):
        assert parse_time(text) == (pytest.approx(total) if written else None)


@given(st.integers(0, 2**40))
def test_sizes_round_trip(size: int) -> None:
    for text, factor in ((str(size), 1), (f"{size}k", 1024), (f"{size}M", 1024**2)):
        expected = size * factor if size * factor < 2**63 else None
        assert parse_size(text) == parse_offset(text) == expected
    assert parse_size(f"{size}g") is None


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_size, parse_offset, parse_number, parse_time):
        value = read(text)
        assert value is None or value >= 0
