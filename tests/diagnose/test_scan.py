"""The same lines come out wherever a stream is cut, whatever its bytes are, and in memory that does not grow."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cfgcheck.diagnose.reading import longest_literal
from cfgcheck.diagnose.scan import LONGEST, Scanner
from cfgcheck.diagnose.tally import MOST_GROUPS, MOST_VALUES, Collector
from cfgcheck.rules.catalogue import load_catalogue
from tests.diagnose.samples import LINES, QUIET, nginx
from tests.hanging import no_hang

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)

SAMPLES = [line.encode() for lines in LINES.values() for line in lines] + [line.encode() for line in QUIET]
PIECES = st.one_of(
    st.sampled_from(SAMPLES),
    st.binary(max_size=60),
    st.sampled_from([b"\n", b"\r\n", b"[error]", b"!!!", b"***", b"\x00", b"\xff", b'" 502 ', b"ERROR", b"{"]),
    st.integers(LONGEST - 40, LONGEST + 40).map(lambda size: b"x" * size),
)


def scanned(data: bytes, cuts: Iterator[int] | list[int]) -> list[bytes]:
    found: list[bytes] = []
    scanner = Scanner(found.append)
    start = 0
    for cut in sorted(cuts):
        scanner.feed(data[start:cut])
        start = cut
    scanner.feed(data[start:])
    scanner.finish()
    return found


@UNHURRIED
@given(st.lists(PIECES, max_size=14).map(b"".join), st.lists(st.integers(0, 60_000), max_size=12))
@example(b"\n[error]\n" * 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
def test_where_the_stream_is_cut_does_not_matter(data: bytes, cuts: list[int]) -> None:
    assert scanned(data, cuts) == scanned(data, [])


@UNHURRIED
@given(st.lists(PIECES, max_size=14).map(b"".join), st.integers(1, 400))
def test_nor_does_the_size_of_the_pieces(data: bytes, size: int) -> None:
    data = data[:40_000]
    assert scanned(data, list(range(0, len(data), size))) == scanned(data, [])


@UNHURRIED
@given(st.lists(PIECES, max_size=14))
def test_any_bytes_are_counted_without_trouble(pieces: list[bytes]) -> None:
    collector = Collector()
    with no_hang():
        for line in scanned(b"".join(pieces), []):
            collector.take(line)
    for tally in collector.tallies.values():
        assert tally.count > 0


@UNHURRIED
@given(st.lists(st.sampled_from(SAMPLES), max_size=30))
def test_a_line_counts_the_same_among_others(lines: list[bytes]) -> None:
    """What is remembered of earlier lines changes nothing."""

    def counts(of: list[bytes]) -> dict[str, int]:
        found: dict[str, int] = {}
        for group in of:
            collector = Collector()
            for line in group.split(b"\n"):
                collector.take(line)
            for tally in collector.tallies.values():
                found[tally.kind.name] = found.get(tally.kind.name, 0) + tally.count
        return found

    assert counts([b"\n".join(lines)]) == counts(lines)


def test_lines_without_end_are_cut() -> None:
    line = nginx("connect() failed (111: Connection refused) while connecting to upstream").encode()
    assert scanned(line + b"x" * 10_000_000 + b"\n" + line, []) == [(line + b"x" * LONGEST)[:LONGEST], line]
    assert scanned(b"x" * 5_000_000 + line + b"\n", list(range(0, 5_000_000, 65_536))) == []


def test_hostile_repetitions_take_no_time() -> None:
    texts = [b"[", b"!", b"*", b"!!!", b"[error]", b"ERROR", b'" 502 ', b"\n[error] ", b", client: ", b"|", b"{"]
    with no_hang():
        for text in texts:
            collector = Collector()
            for line in scanned((text * 3_000_000)[:3_000_000] + b"\n", list(range(0, 3_000_000, 65_536))):
                collector.take(line)
            head = b"2026/11/21 09:12:02 [error] 1#1: *1 "
            for end in (b', client: 1, server: "', b', client: 1, server: x, request: "GET '):
                collector.take(head + (text * LONGEST)[:LONGEST] + end + (text * LONGEST)[:LONGEST])


def stream(lines: int) -> Iterator[bytes]:
    """Error lines of ever new servers, addresses, paths and messages."""
    chance = random.Random(4)
    for number in range(lines):
        kind = chance.choice(["connect() failed (111: Refused) while connecting to upstream", f"new {number} trouble"])
        tail = (
            f', client: 1.2.3.4, server: {number}.test, request: "GET /{chr(97 + number % 26)}{number:x}z HTTP/1.1", '
            f'upstream: "http://10.0.{number % 250}.{number % 240}:80{number % 90}/x", host: "h{number}"'
        )
        yield f"2026/11/21 09:12:02 [error] 1#1: *{number} {kind}{tail}\n".encode()
        killed = f"[2026-11-21 09:12:02 +0000] [7] [ERROR] Worker (pid:{number}) was sent SIGKILL!"
        yield f"web-{number} | {killed}\n".encode()


def peak(lines: int) -> tuple[int, Collector]:
    collector = Collector()
    scanner = Scanner(collector.take)
    tracemalloc.start()
    for piece in stream(lines):
        scanner.feed(piece)
    scanner.finish()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most, collector


def test_memory_does_not_grow_with_the_log() -> None:
    few, _ = peak(2_000)
    many, collector = peak(6_000)
    assert many < few * 1.25 + 1_000_000
    assert len(collector.tallies) <= MOST_GROUPS + len(LINES)
    assert all(len(tally.paths.counts) <= MOST_VALUES for tally in collector.tallies.values())
    assert sum(tally.count for tally in collector.tallies.values()) == 12_000


PATTERNS = sorted(
    {s["log"] for rule in load_catalogue().values() for s in rule.data.get("symptom") or () if s.get("log")}
)


@UNHURRIED
@given(st.data())
def test_a_needle_is_in_all_that_its_pattern_matches(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    assert longest_literal(pattern) in data.draw(st.from_regex(pattern))


def test_the_literal_of_a_pattern_is_in_every_line_of_it() -> None:
    assert longest_literal(r"gave up on \w+ after \d+ tries") == "gave up on "
    assert longest_literal(r"connect\(\) failed \(111: .*\)") == "connect() failed (111: "
    assert longest_literal(r"one line|another line") == ""
    assert longest_literal(r"(either this|or that) and the rest") == " and the rest"
    assert longest_literal(r"\d+") == ""
    assert longest_literal(r"\d after") == " after"
    assert longest_literal(r"(?i)some text") == ""
    assert longest_literal(r"((in one) in another) outside") == " outside"
    assert longest_literal(r"abcd?efgh") == "efgh"
