"""The order of keys in a spec says nothing: the files are the same, byte for byte."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings

from cfgcheck.cli.generate import spec_hash
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.plan import plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from tests.generate.strategies import specs
from tests.profiles import examples


def backwards(written: Any) -> Any:
    """All mappings with their keys the other way round; lists as they are."""
    if isinstance(written, dict):
        return {key: backwards(written[key]) for key in reversed(written)}
    return [backwards(item) for item in written] if isinstance(written, list) else written


@settings(max_examples=examples(10), phases=[Phase.explicit, Phase.generate], deadline=None)
@given(specs())
def test_files_do_not_depend_on_the_order_of_keys(spec: Spec) -> None:
    turned = Spec.model_validate(backwards(spec.model_dump(by_alias=True)))
    assert spec_hash(turned) == spec_hash(spec) == spec_hash(complete(spec))
    try:
        files = render(plan(spec))
    except UnwritableError:
        return
    assert render(plan(turned)) == files


@settings(max_examples=examples(8), phases=[Phase.explicit, Phase.generate], deadline=None)
@given(specs())
def test_what_is_left_to_be_derived_may_be_said(spec: Spec) -> None:
    assert spec_hash(spec) == spec_hash(complete(spec))
