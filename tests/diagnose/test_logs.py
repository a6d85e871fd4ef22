"""Where logs come from: files, patterns, folders, packed and rotated ones, standard input."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from cfgcheck.diagnose.logs import expanded
from tests.cli.running import run
from tests.diagnose.samples import nginx

REFUSED = nginx("connect() failed (111: Connection refused) while connecting to upstream") + "\n"
DATA = REFUSED.encode() * 9_000


def names(*words: object) -> tuple[list[str], list[str]]:
    complaints: list[str] = []
    return [log.name for log in expanded([str(word) for word in words], complaints.append)], complaints


def diagnose(*args: object, stdin: bytes = b"") -> tuple[int, str, str]:
    done = run("diagnose", "--no-stack", *args, stdin=stdin)
    return done.code, done.out, done.err


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("e.log", DATA),
        ("e.log.gz", gzip.compress(DATA, 1)),
        ("named-otherwise", gzip.compress(DATA, 1)),
        ("members.gz", gzip.compress(DATA[: len(DATA) // 2], 1) + gzip.compress(DATA[len(DATA) // 2 :], 1)),
        ("padded.gz", gzip.compress(DATA, 1) + b"\0" * 700),
        ("trailing.gz", gzip.compress(DATA, 1) + b"garbage"),
        ("e.log.bz2", bz2.compress(DATA, 1)),
        ("e.log.xz", lzma.compress(DATA, preset=0)),
    ],
)
def test_packed_or_not_the_same_is_read(name: str, packed: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(packed)
    code, out, err = diagnose(tmp_path / name)
    assert (code, err) == (1, "")
    assert out.startswith("9,000 × connection refused")
    code, out, _ = diagnose("-", stdin=packed)
    assert code == 1 and out.startswith("9,000 × connection refused")


@pytest.mark.parametrize("pack", [lambda data: gzip.compress(data, 1), bz2.compress, lzma.compress])
def test_a_cut_off_file_is_told_of_after_what_it_held(pack, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    whole = pack(DATA + REFUSED.replace("shop", "blog").encode() * 9_000)
    (tmp_path / "e.log").write_bytes(DATA)
    (tmp_path / "f.log.packed").write_bytes(whole[: len(whole) // 2])
    code, out, err = diagnose(tmp_path / "e.log", tmp_path / "f.log.packed")
    assert code == 2
    assert "connection refused" in out
    assert "f.log.packed: it ends in the middle of its packed data" in err


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(DATA, 1))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0xFF
    (tmp_path / "e.gz").write_bytes(packed)
    code, _, err = diagnose(tmp_path / "e.gz")
    assert code == 2 and "e.gz: " in err and "what stands before was read" in err


def test_a_missing_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "e.log").write_bytes(DATA)
    code, out, err = diagnose(tmp_path / "none.log", tmp_path / "e.log", tmp_path / "*.nothing")
    assert code == 2
    assert out.startswith("9,000 × connection refused")
    assert "none.log: no such file" in err and "*.nothing: no file has such a name" in err


def test_zstd_is_named_with_the_way_round(tmp_path: Path) -> None:
    (tmp_path / "e.zst").write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 100)
    code, _, err = diagnose(tmp_path / "e.zst")
    assert code == 2 and "zstdcat" in err


def test_patterns_in_quotes_and_rotated_names(tmp_path: Path) -> None:
    for name in ("error.log", "error.log.1", "error.log.10.gz", "error.log.2.gz", "other.log", "error.log-20261119"):
        (tmp_path / name).write_bytes(b"")
    found, complaints = names(tmp_path / "error.log*")
    order = ["error.log-20261119", "error.log.10.gz", "error.log.2.gz", "error.log.1", "error.log"]
    assert [Path(name).name for name in found] == order
    assert complaints == []
    again, _ = names(tmp_path / "error.log", tmp_path / "error.log.1", tmp_path / "error.log*")
    assert sorted(again) == sorted(found)


def test_a_folder_means_the_logs_in_it(tmp_path: Path) -> None:
    (tmp_path / "error.log").write_bytes(b"")
    (tmp_path / "nginx.conf").write_bytes(b"")
    (tmp_path / "deeper.log").mkdir()
    assert [Path(name).name for name in names(tmp_path)[0]] == ["error.log"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no log in this folder" in names(empty)[1][0]


def test_odd_words_are_complained_of(tmp_path: Path) -> None:
    for word in ("a\0b", "[", "x" * 5000, ""):
        found, complaints = names(word)
        assert (found, len(complaints)) == ([], 1)


def test_standard_input_once() -> None:
    assert diagnose("-", stdin=DATA)[0] == 1
    assert diagnose("-", stdin=b"")[0] == 0
    code, _, err = diagnose("-", "-")
    assert code == 2 and "only once" in err


def test_no_logs_are_a_usage_error() -> None:
    assert run("diagnose").code == 2


def test_no_bar_where_there_is_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    with path.open("wb") as stream:
        stream.write(b"x\n" * 1000)
        stream.truncate(60_000_000)
    assert diagnose(path)[2] == ""
