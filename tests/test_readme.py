"""What README.md shows is what the program does."""

from __future__ import annotations

import io
import re

from cfgcheck.cli import main
from tools import readme

TEXT = readme.README.read_text(encoding="utf-8")


def test_generated_parts_are_fresh() -> None:
    assert readme.written(TEXT) == TEXT, "run `make generate`"


def test_its_hook_and_options_exist() -> None:
    hooks = (readme.ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    for hook in re.findall(r"- id: (\S+)", TEXT):
        assert f"- id: {hook}\n" in hooks
    out = io.StringIO()
    assert main(["check", "--help"], stdout=out) == 0
    options = set(re.findall(r"--[a-z][a-z-]*", TEXT[TEXT.index("| option of `check`") : TEXT.index("| exit code")]))
    assert {option for option in options if option not in out.getvalue()} == set()


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (readme.ROOT / target).exists(), target
