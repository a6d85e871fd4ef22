"""Writes docs/corpus.md: what cfgcheck makes of a folder of public repositories.

``python -m tools.corpus_table FOLDER`` writes the table; with ``--check`` it only says whether it is fresh.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cfgcheck.app import Input, check
from cfgcheck.findings import Severity
from cfgcheck.model.stack import Link
from cfgcheck.report.result import Result
from cfgcheck.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "corpus.md"

_HEAD = """\
# Public repositories

What `cfgcheck check` makes of the deployment files of {count} public repositories, as they are. *Joined*: the route
leads to an app server that was found (with the right protocol or the wrong one); *no listener*: nothing listens there;
*external*: the target belongs to nobody known; *unknown*: it can't be told, for the reason below the table.
Infos are left out.

| repository | files | nginx | apps | routes | joined | no listener | external | unknown | errors and warnings |
|---|--:|--:|--:|--:|--:|--:|--:|--:|---|
"""


def page(corpus: Path) -> str:
    """The whole page."""
    repositories = sorted(path for path in corpus.iterdir() if path.is_dir())
    results = {path.name.replace("__", "/"): check(Input((path,)), Settings()) for path in repositories}
    lines = [_row(name, result) for name, result in results.items()]
    lines.append(_total(list(results.values())))
    reasons = [line for name, result in results.items() for line in _reasons(name, result)]
    parts = [_HEAD.format(count=len(results)) + "\n".join(lines), "## Not joined, and why", "\n".join(reasons)]
    return "\n\n".join(parts) + "\n"


def _row(name: str, result: Result) -> str:
    return f"| {name} | {' | '.join(str(number) for number in _numbers(result))} | {_findings([result])} |"


def _numbers(result: Result) -> list[int]:
    links = Counter(route.link for stack in result.stacks for route in stack.routes)
    summary = result.summary
    joined = links[Link.MATCHED] + links[Link.WRONG_PROTOCOL]
    return [
        summary.files, summary.proxies, summary.apps, summary.routes,
        joined, links[Link.NO_LISTENER], links[Link.EXTERNAL], links[Link.UNKNOWN],
    ]  # fmt: skip


def _total(results: list[Result]) -> str:
    sums = [sum(column) for column in zip(*(_numbers(result) for result in results), strict=True)]
    return f"| **all** | {' | '.join(f'**{number}**' for number in sums)} | {_findings(results)} |"


def _findings(results: list[Result]) -> str:
    rules = Counter(one.rule for result in results for one in result.findings if one.severity > Severity.INFO)
    return ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))


def _reasons(name: str, result: Result) -> Iterator[str]:
    """The reasons of a repository, each once with a place."""
    told: dict[str, str] = {}
    for stack in result.stacks:
        for route in stack.routes:
            if route.link in (Link.UNKNOWN, Link.EXTERNAL):
                told.setdefault(route.because, str(route.span))
    if told:
        yield f"- **{name}**"
        yield from (f"  - {place}: {because}" for because, place in told.items())


def main(arguments: list[str]) -> int:
    folders = [Path(each) for each in arguments if not each.startswith("-")]
    if not folders or not folders[0].is_dir():
        print("usage: python -m tools.corpus_table FOLDER [--check]", file=sys.stderr)
        return 2
    text = page(folders[0])
    if "--check" in arguments:
        return 0 if PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
