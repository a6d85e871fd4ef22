"""Whatever stands in the old files: an import ends, crashes nowhere, and what it gives can be generated."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cfgcheck.app import Input, load
from cfgcheck.generate.contradictions import contradictions
from cfgcheck.generate.importing.importer import imported
from cfgcheck.generate.importing.result import NothingToImport
from cfgcheck.generate.reading import read_spec
from cfgcheck.generate.writing import write_spec
from cfgcheck.settings import load_settings
from tests.generate.importing.helping import problems
from tests.hanging import no_hang
from tests.profiles import examples
from tests.stack_strategies import Made, deployments
from tests.test_hostile_carriers import FILES, mutated, written

QUICKLY = settings(
    max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)


def survives(files: Mapping[str, str | bytes], *, judged: bool) -> None:
    """``judged``: whether the files that the spec gives are looked at, too. Raw overrides may bring findings."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "stack"
        written(files, folder)
        own = load_settings(folder)
        with no_hang():
            try:
                found = imported(load(Input((folder,)), own)[1], own)
            except NothingToImport:
                return
    assert contradictions(found.spec) == []
    assert read_spec(write_spec(found.spec, found.comments)) == found.spec
    if judged:
        assert [one for one in problems(found.spec) if one.startswith(("unparsable-file", "internal"))] == []


@QUICKLY
@given(deployments())
def test_any_deployment(made: Made) -> None:
    survives(made.files(), judged=True)


@pytest.mark.parametrize("name", sorted(FILES))
@QUICKLY
@given(data=st.data())
def test_one_file_spoilt(name: str, data: st.DataObject) -> None:
    survives({**FILES, name: data.draw(mutated(FILES[name]))}, judged=False)


def test_the_deployment_by_itself() -> None:
    """It can be imported, so the spoilt ones show something."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "stack"
        written(FILES, folder)
        own = load_settings(folder)
        assert imported(load(Input((folder,)), own)[1], own).spec.services
