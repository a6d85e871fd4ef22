"""One test over all rules with a fix: it mends what the rule finds, exactly as the example says, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfgcheck.findings import Edit
from tests.rules import harness, mending

SAFE = [
    "malformed-unix-target",
    "port-on-upstream-name",
    "ineffective-upstream-keepalive",
    "duplicate-host",
    "contradictory-scheme-headers",
    "spoofable-scheme-header",
    "unprefixed-uwsgi-param",
    "invalid-socket-mode",
    "recycling-without-jitter",
    "heartbeat-on-disk",
    "dynamic-app-mode",
    "missing-master",
    "reload-on-sigterm",
    "unused-suppression",
]

UNSAFE = [
    "unreachable-upstream",
    "loopback-bind-behind-remote-proxy",
    "loopback-upstream-across-hosts",
    "single-family-localhost",
    "wildcard-upstream-address",
    "protocol-mismatch",
    "upstream-tls-mismatch",
    "untrusted-uwsgi-peer",
    "missing-upstream-sni",
    "router-timeout-below-harakiri",
    "directive-of-another-protocol",
    "upstream-keepalive-race",
    "keepalive-pinned-worker",
    "edge-keepalive-race",
    "dropped-inherited-headers",
    "untrusted-forwarded-headers",
    "underscore-header",
    "missing-uwsgi-params",
    "missing-websocket-upgrade",
    "headers-above-uwsgi-buffer",
    "invalid-uwsgi-buffer",
    "invalid-buffer-sizes",
    "body-limit-mismatch",
    "unwritable-socket",
    "socket-in-private-tmp",
    "missing-runtime-directory",
    "missing-resolver",
    "cached-upstream-address",
    "self-inflicted-outage",
    "reload-in-production",
    "short-listen-queue",
    "descriptor-limit-below-connections",
    "stop-grace-below-app-grace",
    "signal-swallowing-shell",
]

PROMISED = {**dict.fromkeys(SAFE, "safe"), **dict.fromkeys(UNSAFE, "unsafe")}
"""Rules that the program can mend."""

BY_PATH = {path.stem: path for path in harness.PATHS}


def _has_fix(name: str) -> bool:
    rule = harness.rule_at(BY_PATH[name])
    return bool(rule.fix.edits) or any(one.fixed is not None for one in rule.examples.bad)


def _examples() -> list[Any]:
    """The bad examples of every rule that has a fix, or says of one that it can't be mended."""
    found = []
    for path in harness.PATHS:
        try:
            rule = harness.rule_at(path)
        except Exception:
            continue  # its own test tells
        if _has_fix(path.stem) or any(one.unfixed is not None for one in rule.examples.bad):
            found += [
                pytest.param(path.stem, number, id=f"{path.stem}-{example.name.replace(' ', '-') or number}")
                for number, example in enumerate(rule.examples.bad)
            ]
    return found


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_promised_fix_is_there(name: str) -> None:
    assert _has_fix(name), "no fix"
    assert harness.rule_at(BY_PATH[name]).fix.applicability == PROMISED[name]


@pytest.mark.parametrize(("name", "number"), _examples())
def test_bad_example_is_mended(name: str, number: int, tmp_path: Path) -> None:
    example = harness.rule_at(BY_PATH[name]).examples.bad[number]
    mended = mending.mend_example(example.files, example.settings, tmp_path, name)
    assert not [one for one in mending.reasons(mended.mended) if "crashed" in one]
    if example.unfixed is not None:
        assert mended.changed == "", "it is mended after all"
        return
    assert mended.changed, f"not mended: {mending.reasons(mended.mended)}"
    assert example.fixed is not None, f"`fixed` is missing; see tools/fixed_examples.py:\n{mended.changed}"
    assert mended.changed == "".join(f"{line.rstrip()}\n" for line in example.fixed.splitlines())
    _assert_good(name, mended, example.reveals)
    _assert_only_its_edits(mended)
    assert mending.mend_folder(tmp_path, name).changed() == {}, "once more changes something"


def _assert_good(name: str, mended: mending.Mending, reveals: list[str]) -> None:
    """The rule is silent, and nobody says more than before but those that ``reveals`` names, who do."""
    told = harness.told(mended.after.findings)
    assert name not in {finding.rule for finding in mended.after.findings}, f"the rule still speaks{told}"
    more = mending.loud(mended.after.findings) - mending.loud(mended.before.findings)
    more.pop("unused-suppression", None)
    assert set(more) == set(reveals), f"other rules speak{told}"


def _assert_only_its_edits(mended: mending.Mending) -> None:
    """What a single round changed is what its edits say, and no other character."""
    done = mended.mended.done
    if len({id(edit.span.file) for one in done for edit in one.fix.edits}) != len(mended.mended.changed()):
        return  # several rounds: each edit is of the text before its own
    for edits in _by_file(edit for one in done for edit in one.fix.edits).values():
        path = edits[0].span.file.path
        assert mended.after.files[path] == _applied(mended.before.files[path], edits)


def _by_file(edits: Any) -> Mapping[str, list[Edit]]:
    found: dict[str, list[Edit]] = {}
    for edit in dict.fromkeys(edits):
        found.setdefault(edit.span.file.path, []).append(edit)
    return found


def _applied(text: str, edits: list[Edit]) -> str:
    """Edits put in from the last to the first, in another way than the program does it."""
    ordered = sorted(edits, key=lambda one: (one.span.start, one.span.end))
    for edit in ordered[::-1]:
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
