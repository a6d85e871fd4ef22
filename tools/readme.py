"""Write the generated parts of README.md: the runs that it shows and the table of rules.

    python -m tools.readme [--check]

``--check`` writes nothing and fails when README.md is not up to date.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cfgcheck.cli import main as cfgcheck
from cfgcheck.report.rule_page import read_page, rule_files

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def demo() -> str:
    """What ``cfgcheck check fixtures/demo`` prints."""
    out = io.StringIO()
    code = cfgcheck(["check", str(ROOT / "fixtures" / "demo")], stdout=out)
    if code != 1:
        raise SystemExit(f"the demo ended with {code}")
    return f"```console\n$ cfgcheck check fixtures/demo\n{out.getvalue().rstrip()}\n```"


def trace() -> str:
    """The ladder that ``cfgcheck trace`` draws for a request through a load balancer."""
    shown = _run("trace", "https://api.example.com/orders", "fixtures/stacks/behind-alb")
    begin, end = shown.index("Every limit on the way"), shown.index("What `cfgcheck check` has to say")
    command = "$ cfgcheck trace https://api.example.com/orders fixtures/stacks/behind-alb"
    return f"```console\n{command}\n…\n{shown[begin:end].rstrip()}\n…\n```"


def diagnose() -> str:
    """The first two groups that ``cfgcheck diagnose`` makes of a log."""
    log, stack = "tests/diagnose/logs/slow-reports.log", "fixtures/stacks/slow-reports"
    groups = re.split(r"\n(?=\d+ × )", _run("diagnose", log, "--stack", stack))
    told = "\n".join(groups[:2]).rstrip()
    return f"```console\n$ cfgcheck diagnose error.log --stack {stack}\n{told}\n…\n```"


def fix() -> str:
    """What ``cfgcheck fix --diff`` would change in the demo."""
    command = ("fix", "--diff", "--unsafe", "fixtures/demo")
    return f"```console\n$ cfgcheck {' '.join(command)}\n{_run(*command).rstrip()}\n```"


def diff() -> str:
    """What ``cfgcheck diff`` says of one changed number: a pull request in small."""
    name, before, after = "nginx/nginx.conf", "proxy_read_timeout 120s", "proxy_read_timeout 30s"
    with tempfile.TemporaryDirectory() as scratch:
        changed = Path(scratch) / "behind-alb"
        shutil.copytree(ROOT / "fixtures/stacks/behind-alb", changed)
        text = (changed / name).read_text(encoding="utf-8")
        if before not in text:
            raise SystemExit(f"{name} has no {before}")
        (changed / name).write_text(text.replace(before, after), encoding="utf-8")
        told = _run("diff", "fixtures/stacks/behind-alb", str(changed))
    return f"```console\n$ cfgcheck diff origin/main\n{told.rstrip()}\n```"


def _run(*words: str) -> str:
    out = io.StringIO()
    with contextlib.chdir(ROOT):
        if cfgcheck(list(words), stdout=out) not in (0, 1):
            raise SystemExit(f"{words} failed")
    return out.getvalue()


def rules() -> str:
    """All rules by category, with severity and the first reason of each."""
    pages = sorted((read_page(path) for path in rule_files().values()), key=lambda page: (page.category, page.id))
    lines = []
    category = ""
    for page in pages:
        if page.category != category:
            category = page.category
            lines += ["", f"**{category}**", "", "| rule | severity | because |", "|---|---|---|"]
        link = f"[`{page.id}`](rules/{page.category}/{page.id}.yaml)"
        lines.append(f"| {link} | {page.severity} | {_cell(_first_sentence(page.why))} |")
    return "\n".join(lines).strip()


def _first_sentence(text: str) -> str:
    found = re.match(r".*?\.(?=\s|$)", text, re.DOTALL)
    return found[0] if found else text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PARTS: dict[str, Callable[[], str]] = {
    "demo": demo,
    "trace": trace,
    "diagnose": diagnose,
    "fix": fix,
    "diff": diff,
    "rules": rules,
}


def written(text: str) -> str:
    """README.md with its generated parts made anew."""
    for name, make in PARTS.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        made = make()
        text, count = marks.subn(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)  # type: ignore[misc]
        if count != 1:
            raise SystemExit(f"README.md has no part {name}")
    return text


def main() -> None:
    before = README.read_text(encoding="utf-8")
    after = written(before)
    if "--check" in sys.argv[1:]:
        if after != before:
            raise SystemExit("README.md is not up to date: run `make generate`")
        return
    README.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
