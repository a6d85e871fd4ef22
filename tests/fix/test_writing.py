"""Several files are written all or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cfgcheck.fix.writing import CannotWrite, Change, write_all


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("a.conf", "b.conf", "c.conf")]
    for path in paths:
        path.write_bytes(b"old \xff\r\n")
    return paths


def changes(files: list[Path]) -> dict[Path, Change]:
    return {path: Change("old \udcff\r\n", "new \udcff\r\n") for path in files}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_bytes_and_modes_stay(files: list[Path], tmp_path: Path) -> None:
    files[0].chmod(0o640)
    write_all(changes(files))
    assert contents(tmp_path) == {path.name: b"new \xff\r\n" for path in files}
    assert files[0].stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_if_one_can_not_be_replaced_all_stay(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    before, replace, count = contents(tmp_path), os.replace, 0

    def failing(source: str, target: Path) -> None:
        nonlocal count
        count += 1
        if count == fails:
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(CannotWrite, match=r"input/output error; nothing was changed"):
        write_all(changes(files))
    assert contents(tmp_path) == before


def test_a_full_disk_changes_nothing(files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, fsync, count = contents(tmp_path), os.fsync, 0

    def failing(handle: int) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(CannotWrite, match="no space left on device"):
        write_all(changes(files))
    assert contents(tmp_path) == before


def test_an_interruption_changes_nothing(files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, replace = contents(tmp_path), os.replace

    def failing(source: str, target: Path) -> None:
        if target == files[1] and not failing_done:
            failing_done.append(1)
            raise KeyboardInterrupt
        replace(source, target)

    failing_done: list[int] = []
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(KeyboardInterrupt):
        write_all(changes(files))
    assert contents(tmp_path) == before


def test_a_file_that_was_changed_meanwhile_is_left_alone(files: list[Path], tmp_path: Path) -> None:
    files[2].write_bytes(b"somebody's")
    before = contents(tmp_path)
    with pytest.raises(CannotWrite, match="changed while it was looked at"):
        write_all(changes(files))
    assert contents(tmp_path) == before
