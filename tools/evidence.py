"""Write docs/evidence.md: every rule, its experiments on real servers, and what they saw.

    python -m tools.evidence [--check]

What they saw is in docs/evidence.json, which the experiments write themselves (``make evidence``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cfgcheck.report.observed import Observed, observed, unproven
from cfgcheck.report.rule_page import RulePage, read_page, rule_files

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "evidence.md"
RESULTS = ROOT / "docs" / "evidence.json"

_HEAD = """\
# Evidence

What cfgcheck's rules claim was seen on real servers. Each experiment starts the rule's `bad` example (nginx and the app
server, from the example's own files, with only addresses and paths changed), sends the request, and does the same with
the `good` example. The test suite makes every experiment again (`make test`); it also demands that the status and the
log line which `cfgcheck check` reports for the bad example are the ones seen. [How an experiment is written](proof.md).

{proven} of {all} rules are proven by {experiments} experiments; {apart} rules can't be shown on one machine, wholly or
in part: each says why, and who says that it is so. Below an experiment stand its recorded runs.
"""


def page() -> str:
    """The whole page."""
    pages = sorted((read_page(path) for path in rule_files().values()), key=lambda one: (one.category, one.id))
    results: Mapping[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    text = _HEAD.format(
        proven=sum(1 for one in pages if observed(one.fields)),
        all=len(pages),
        experiments=sum(len(observed(one.fields)) for one in pages),
        apart=sum(1 for one in pages if unproven(one.fields)),
    )
    category = ""
    for one in pages:
        if one.category != category:
            category = one.category
            text += f"\n## {category}\n"
        text += "\n" + "\n".join(_rule(one, results)) + "\n"
    return text


def _rule(one: RulePage, results: Mapping[str, Any]) -> Iterator[str]:
    yield f"**[`{one.id}`](../rules/{one.category}/{one.id}.yaml)** ({one.severity})"
    yield ""
    for number, experiment in enumerate(observed(one.fields), 1):
        yield from _experiment(experiment, results.get(f"{one.id}-{number}", {}))
    for because, source in unproven(one.fields):
        yield f"- not shown here: {_cell(because.rstrip('.'))}. Source: {_cell(source)}"


def _experiment(experiment: Observed, results: Mapping[str, Any]) -> Iterator[str]:
    lead = f"*{_cell(experiment.example)}*: " if experiment.example else ""
    lead += f"{_cell(experiment.asked)}: " if experiment.asked else ""
    yield f"- {lead}{_cell(experiment.seen)}" + (f"; mended: {_cell(experiment.cured)}" if experiment.cured else "")
    told = [f"`{experiment.test}`"] if experiment.test else []
    told += [f"holds for {_cell(experiment.holds)}"] if experiment.holds else []
    told += _runs(results)
    for line in told:
        yield f"  - {line}"


def _runs(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Recorded runs, equal ones in one line: ``nginx 1.22.1 and 1.31.3, gunicorn 27.0.1: 504 in 20 s, mended 200``."""
    same: dict[tuple[str, str], list[str]] = {}
    for version, result in sorted(results.items()):
        others = "".join(f", {name} {own}" for name, own in sorted(result["servers"].items()) if name != "nginx")
        same.setdefault((others, f"{_side(result['bad'])}, mended {_side(result['good'])}"), []).append(version)
    for (others, told), versions in same.items():
        yield f"nginx {' and '.join(versions)}{others}: {told}"


def _side(side: Mapping[str, Any]) -> str:
    statuses = side.get("statuses", {})
    shown = " and ".join(
        f"{number} × {_status(status)}" if number > 1 else _status(status) for status, number in statuses.items()
    )
    told = [f"{side['refused']} does not start"] if "refused" in side else []
    told += [f"{shown} in {side['seconds']} s"] if shown else [] if told else ["started"]
    told += ["cut short"] if side.get("truncated") else []
    told += [f"exit code {side['exit']}"] if side.get("exit") is not None else []
    told += [f"{side['left']} processes left"] if side.get("left") else []
    return ", ".join(told)


def _status(status: str) -> str:
    return {"0": "closed", "-1": "gave up"}.get(status, status)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def main() -> int:
    wanted = page()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted
        print("docs/evidence.md is", "fresh" if fresh else "not fresh: run `make generate`")
        return 0 if fresh else 1
    PAGE.write_text(wanted, encoding="utf-8")
    print("docs/evidence.md written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
