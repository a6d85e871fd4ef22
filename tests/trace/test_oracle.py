"""Server, location, proxied path and headers: the model against the running nginx, on generated trees."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cfgcheck.model.address import Address
from cfgcheck.trace.exchange import Arrival
from cfgcheck.trace.follow_proxy import follow_in
from cfgcheck.trace.request import Request
from tests.profiles import oracle_examples
from tests.trace.comparing import differences
from tests.trace.lab import lab
from tests.trace.trees import Asked, requests, trees

pytestmark = pytest.mark.oracle


@settings(
    max_examples=oracle_examples(),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # the message names the one request; shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(trees(), st.lists(requests(), min_size=10, max_size=25))
def test_the_model_does_what_nginx_does(tree: str, asked: list[Asked]) -> None:
    with lab(tree) as running:
        for one in asked:
            port = running.ports[one.port]
            request = Request("http", one.host.lower(), port, one.target, one.method,
                              {**one.headers, "host": f"{one.host}:{port}"}, one.body)  # fmt: skip
            found = follow_in(running.proxy, Arrival(request, Address.tcp(one.address, port)), ())
            if found is None:
                continue
            hop = found[0]
            seen = running.ask(request, one.address)
            wrong = differences(hop, seen)
            assert not wrong, "\n".join(
                [*wrong, f"{one}", *(f"  {step.text}" for step in hop.steps), repr(seen), tree]
            )
