"""What nginx makes of a host's name, whose address changes while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.rules.proof import Request
from tests.live.client import Answer
from tests.live.hosts import Host, Names, Stage, hosts, name_server, stage
from tests.live.on_hosts import EACH_NGINX, agrees, bad, good, statuses
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

GUNICORN = "gunicorn -b 0.0.0.0:8000 -w 1 probe:wsgi"
CACHED = "cached-upstream-address"


def _app_moves(stack: Stage, made: dict[str, Host], program: str) -> list[Answer]:
    """A request before the app moves to another host, and one after."""
    before = stack.app(made["old"], GUNICORN)
    stack.nginx(made["proxy"], program)
    answers = made["client"].ask(made["proxy"].address, 80, Request(wait=1))  # by then it has looked names up
    before.end()
    stack.app(made["new"], GUNICORN, "moved")
    return answers


@EACH_NGINX
def test_address_that_changes(program: str, tmp_path: Path) -> None:
    with hosts(proxy="10.0.0.4", old="10.0.0.5", new="10.0.0.6", client="10.0.0.9") as made:
        proxy, client, example = made["proxy"], made["client"], bad(CACHED, "a compose service")
        proxy.names({"web": "10.0.0.5"})
        with stage(example.files) as stack:
            answers = _app_moves(stack, made, program)
            proxy.names({"web": "10.0.0.6"})
            answers += client.ask(proxy.address, 80, Request(times=3))
            assert statuses(answers) == [200, 502, 502, 502]
            agrees(CACHED, example, stack.observation(answers), tmp_path)
            stack.servers["nginx proxy"].signal("HUP")
            assert 200 in statuses(client.ask(proxy.address, 80, Request(times=20, wait=0.2)))


@EACH_NGINX
@pytest.mark.parametrize("name", ["looked up with each request", "a server that is looked up again"])
def test_address_that_is_looked_up_again(program: str, name: str) -> None:
    _skip_before_resolve(program, name)
    with hosts(proxy="10.0.0.4", old="10.0.0.5", new="10.0.0.6", client="10.0.0.9") as made:
        made["proxy"].names({"web": "10.0.0.5"})
        known = Names({"web": "10.0.0.5"})
        with name_server(made["proxy"], "127.0.0.11", known), stage(good(CACHED, name).files) as stack:
            assert statuses(_app_moves(stack, made, program)) == [200]
            known.addresses["web"] = "10.0.0.6"
            assert _answers_again(made), "the old address counts for 10 s at most"
            assert "web" in known.asked


def _answers_again(made: dict[str, Host]) -> bool:
    """Whether there is an answer from the app within some 15 s."""
    asked = (made["client"].ask("10.0.0.4", 80, Request(wait=0.5)) for _ in range(30))
    return any(200 in statuses(answers) for answers in asked)


def _skip_before_resolve(program: str, name: str) -> None:
    version = next(version for version, one in nginxes().items() if one == program)
    if "server" in name and tuple(map(int, version.split("."))) < (1, 27, 3):
        pytest.skip(f"holds for nginx >=1.27.3, not {version}")


UNUSED = "unused-resolver"


@EACH_NGINX
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("literal targets only", "a variable in a target"),
        ("an upstream without resolve", "a server of an upstream that is looked up again"),
    ],
)
def test_resolver_that_nobody_asks(program: str, wrong: str, right: str) -> None:
    _skip_before_resolve(program, right)
    with hosts(proxy="10.0.0.4", old="10.0.0.5", new="10.0.0.6", client="10.0.0.9") as made:
        proxy, client = made["proxy"], made["client"]
        known = Names({"web": "10.0.0.5"})
        with name_server(proxy, "127.0.0.11", known):
            proxy.names({"web": "10.0.0.5"})
            with stage(bad(UNUSED, wrong).files) as stack:
                assert statuses(_app_moves(stack, made, program)) == [200]
                known.addresses["web"] = "10.0.0.6"
                assert set(statuses(client.ask("10.0.0.4", 80, Request(times=20, wait=0.5)))) == {502}
                assert known.asked == [], "it asks nobody, though its 10 s are over"
            known.addresses["web"] = "10.0.0.5"
            with stage(good(UNUSED, right).files) as stack:
                assert statuses(_app_moves(stack, made, program)) == [200]
                known.addresses["web"] = "10.0.0.6"
                assert _answers_again(made)
                assert "web" in known.asked


@EACH_NGINX
def test_name_in_a_variable_without_resolver(program: str, tmp_path: Path) -> None:
    with hosts(proxy="10.0.0.4", web="10.0.0.5", client="10.0.0.9") as made:
        proxy, client = made["proxy"], made["client"]
        proxy.names({"web": "10.0.0.5"})
        example = bad("missing-resolver", "a variable, so that the name is looked up again")
        with stage(example.files) as stack:
            stack.app(made["web"], GUNICORN)
            stack.nginx(proxy, program)
            failed = stack.observation(client.ask("10.0.0.4", 80))
        assert statuses(failed.answers) == [502], "what /etc/hosts says does not count"
        assert "no resolver defined to resolve web" in failed.log
        agrees("missing-resolver", example, failed, tmp_path)
        right = good("missing-resolver", "with a resolver")
        with name_server(proxy, "127.0.0.11", Names({"web": "10.0.0.5"})), stage(right.files) as stack:
            stack.app(made["web"], GUNICORN)
            stack.nginx(proxy, program)
            assert statuses(client.ask("10.0.0.4", 80)) == [200]


@EACH_NGINX
def test_one_value_is_a_name_without_resolver(program: str, tmp_path: Path) -> None:
    with hosts(proxy="10.0.0.9", blue="10.0.0.4", green="10.0.0.5") as made:
        example = bad("missing-resolver", "one of the values is a host name")
        green = Request(headers={"Cookie": "color=green"})
        with stage(example.files) as stack:
            stack.app(made["blue"], GUNICORN)
            stack.nginx(made["proxy"], program)
            answers = [*made["blue"].ask("10.0.0.9", 80), *made["blue"].ask("10.0.0.9", 80, green)]
            assert statuses(answers) == [200, 502]
            agrees("missing-resolver", example, stack.observation(answers), tmp_path)
        with stage(good("missing-resolver", "the variable names an upstream block").files) as stack:
            stack.app(made["green"], GUNICORN)
            stack.nginx(made["proxy"], program)
            assert statuses(made["blue"].ask("10.0.0.9", 80, green)) == [200]
