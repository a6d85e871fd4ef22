"""Print what the fixes of rules make of their bad examples, as the ``fixed:`` of a rule file: read it, then paste it.

    python -m tools.fixed_examples missing-resolver socket-in-home

An example that stays as it is, is told with the reason, for its ``unfixed:``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cfgcheck.rules.schema import Bad
from tests.rules import harness, mending


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", nargs="+", metavar="RULE", help="names of rules")
    wanted = parser.parse_args().rules
    paths = {path.stem: path for path in harness.PATHS}
    if strange := [name for name in wanted if name not in paths]:
        print(f"there is no rule {strange[0]}", file=sys.stderr)
        return 2
    for name in wanted:
        for number, example in enumerate(harness.rule_at(paths[name]).examples.bad):
            print("\n".join(_told(name, number, example)))
    return 0


def _told(rule: str, number: int, example: Bad) -> Iterator[str]:
    yield f"# {rule}, {example.name or f'example {number}'}"
    with tempfile.TemporaryDirectory() as folder:
        mended = mending.mend_example(example.files, example.settings, Path(folder).resolve(), rule)
    if mended.changed:
        yield "      fixed: |"
        yield from (f"        {line}" for line in mended.changed.splitlines())
        if mended.changed != (example.fixed or mended.changed):
            yield "# the file says something else"
    left = [finding for finding in mended.after.findings if finding.rule == rule]
    if left or not mended.changed:
        yield from (f"# left: {finding.primary.span}: {finding.message}" for finding in left)
        yield from (f"      unfixed: {reason.partition(': ')[2]}" for reason in mending.reasons(mended.mended))


if __name__ == "__main__":
    sys.exit(main())
