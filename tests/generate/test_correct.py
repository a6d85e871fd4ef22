"""Generated means correct: ``cfgcheck check`` finds nothing at all in what is generated, whatever the spec."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from ruamel.yaml import YAML

from cfgcheck import app
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.plan import plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from cfgcheck.report.result import Result
from cfgcheck.settings.find import load_settings
from tests.generate.generated import tried
from tests.generate.strategies import specs, typical_specs
from tests.load.carrying import write

SPECS = Path(__file__).parent.parent.parent / "fixtures/specs"

_DOMAIN = re.compile(r"(?<=listeners of )\S+ have")
UNCHECKED = {
    # Nobody says what stops a start script.
    ("signal-swallowing-shell", "what stops it is not known"),
    ("stop-grace-below-app-grace", "what stops it, and after how long it is killed, is not known"),
    # It is told h11's limit, which httptools doesn't look at.
    (
        "header-above-app-limit",
        "it depends on whether httptools is installed: h11 takes 16384 bytes, httptools any number",
    ),
    # An edge of a kind that nobody knows.
    ("edge-timeout-below-read-timeout", "[edge] does not say its response limit"),
    ("oversized-connect-timeout", "[edge] does not say its response limit"),
    ("edge-keepalive-race", "[edge] does not say its idle limit"),
    # With TLS and plain HTTP, and another service with longer lines: the limits are those of the longest.
    ("request-line-above-app-limit", "the listeners of a service have default servers with different limits"),
    ("single-sync-worker", "it depends on how many CPUs the machine has"),
    *(
        (rule, f"what the worker class {name} does with headers is not known")
        for name in ("tornado", "eventlet")
        for rule in ("contradictory-scheme-headers", "spoofable-scheme-header", "untrusted-forwarded-headers")
    ),
}
"""All that may stay open."""


def judged(spec: Spec, folder: Path) -> Result:
    write(folder, render(plan(spec)))
    return app.check(app.Input((folder,)), load_settings(folder))


def nothing_found(spec: Spec, folder: Path) -> None:
    result = judged(spec, folder)
    assert [(one.rule, one.message) for one in result.findings] == []
    assert {(one.rule, _DOMAIN.sub("a service have", str(one.because))) for one in result.unchecked} <= UNCHECKED
    assert result.summary.apps == len(spec.services)
    assert result.summary.links == result.summary.routes > 0


def in_own_folder(spec: Spec) -> None:
    folder = Path(tempfile.mkdtemp(prefix="cfgcheck-"))
    try:
        nothing_found(spec, folder)
    except UnwritableError:
        return
    finally:
        shutil.rmtree(folder)


@tried(25)
@given(typical_specs())
def test_nothing_is_found_in_what_people_would_write(spec: Spec) -> None:
    in_own_folder(spec)


@tried(15)
@given(specs())
def test_nothing_is_found_whatever_texts_stand_in_the_spec(spec: Spec) -> None:
    in_own_folder(spec)


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_found_in_the_examples(path: Path, tmp_path: Path) -> None:
    nothing_found(Spec.model_validate(YAML(typ="safe").load(path)), tmp_path)
