"""Compile ``rules/`` into ``cfgcheck/data/catalogue.json``; with ``--check FILE…`` only say what is wrong in these."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cfgcheck import resources
from cfgcheck.rules.catalogue import dumps
from cfgcheck.rules.compiler import compile_rule
from cfgcheck.rules.errors import RuleError
from cfgcheck.rules.reader import rule_paths


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", nargs="+", type=Path, metavar="FILE", help="rule files to look at; writes nothing")
    arguments = parser.parse_args()
    paths = arguments.check or rule_paths(resources.folder("rules"))
    compiled, wrong = [], 0
    for path in paths:
        try:
            compiled.append(compile_rule(path.resolve(), str(path)))
        except RuleError as error:
            print(error, file=sys.stderr)
            wrong += 1
    if not wrong and not arguments.check:
        resources.data("catalogue.json").write_text(dumps(compiled), encoding="utf-8")
    print(f"{len(compiled)} rules are fine, {wrong} are not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
