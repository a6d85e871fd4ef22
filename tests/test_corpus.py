"""docs/corpus.md, the table of public repositories, is what the program says of them today.

The repositories are not part of the project: the test looks for them where CFGCHECK_CORPUS points to, else
beside the checkout, and is skipped where they are not.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.corpus_table import PAGE, page

ROOT = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("CFGCHECK_CORPUS", ROOT.parent / "shared" / "corpus"))


def test_the_table_is_fresh() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no public repositories at {CORPUS}: docs/corpus.md was not compared")
    written = PAGE.read_text(encoding="utf-8")
    assert page(CORPUS) == written, "write it anew: python -m tools.corpus_table FOLDER"


def test_each_repository_with_both_ends_is_joined_or_says_why_not() -> None:
    table, _, reasons = PAGE.read_text(encoding="utf-8").partition("## Not joined, and why")
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and "/" in line.split("|")[1]]
    assert len(rows) >= 20
    for row in rows:
        name, _, proxies, apps, routes, joined, missing, *_ = (cell.strip() for cell in row[1:])
        if int(proxies) and int(apps) and int(routes) > int(joined) + int(missing):
            assert f"**{name}**" in reasons, name
