"""Folders that systemd-tmpfiles makes: which files tell, and which lines of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.disk import Disk
from cfgcheck.load.tmpfiles import folders_made_near


def made(folder: Path, near: str, **files: str) -> list[str]:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [one.value for one in folders_made_near(Disk(folder), folder / near)]


@pytest.mark.parametrize(
    "name", ["tmpfiles.d__shop.conf", "deploy__tmpfiles.d__shop.conf", "deploy__systemd__shop.tmpfiles"]
)
def test_files_near_the_unit(name: str, tmp_path: Path) -> None:
    assert made(tmp_path, "deploy/systemd", **{name: "d /run/shop 0755 shop shop -\n"}) == ["/run/shop"]


def test_files_outside_the_tree_are_nobodys_business(tmp_path: Path) -> None:
    inside = tmp_path / "tree"
    (inside / "systemd").mkdir(parents=True)
    (tmp_path / "tmpfiles.d").mkdir()
    (tmp_path / "tmpfiles.d" / "shop.conf").write_text("d /run/shop\n")
    assert folders_made_near(Disk(inside), inside / "systemd") == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("d /run/shop 0755 shop shop -", ["/run/shop"]),
        ("D! /var/run/shop/ - - -", ["/run/shop"]),
        ('  d\t"/run/shop" 0755', ["/run/shop"]),
        ("# d /run/shop", []),
        ("f /run/shop 0644", []),
        ("d /srv/shop 0755", []),
        ("r /run/shop/web.sock", []),
    ],
)
def test_lines(line: str, expected: list[str], tmp_path: Path) -> None:
    assert made(tmp_path, ".", **{"tmpfiles.d__shop.conf": line + "\n"}) == expected


@settings(max_examples=40)
@given(content=st.binary(max_size=200))
def test_any_bytes(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "tmpfiles.d").mkdir()
    (folder / "tmpfiles.d" / "x.conf").write_bytes(content)
    assert all(one.value.startswith("/") for one in folders_made_near(Disk(folder), folder))
