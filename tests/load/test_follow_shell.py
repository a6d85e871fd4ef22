"""Scripts are followed as real shells run them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cfgcheck.syntax.shell_script import parse_script
from tests.load.shell_scripts import SCRIPTS, followed, really_run


@pytest.mark.oracle
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
@settings(max_examples=250, deadline=None)
@given(SCRIPTS)
def test_commands_are_those_that_a_real_shell_runs(shell: str, script: str) -> None:
    real = really_run(shell, script)
    if real is None or parse_script(script).mistake is not None:
        # A shell reads a script as it goes: it may have come to its end before the mistake.
        return
    session = followed(script)
    assert not session.doubtful
    assert session.calls_of_p == real
