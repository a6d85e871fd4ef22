"""Reading a spec: whatever is wrong is told with its place and what to write instead."""
# ruff: noqa: E501  (messages in full)

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.generate.reading import SpecError, read_located, read_spec
from tests.cli.running import REPOSITORY
from tests.profiles import examples

SPECS = sorted((REPOSITORY / "fixtures" / "specs").glob("*.yaml"))

SHOP = "services:\n  shop:\n    domains: shop.example.com\n    app: shop:app\n"


def told(text: str | Path) -> list[str]:
    """The mistakes of a spec, without its name."""
    with pytest.raises(SpecError) as caught:
        read_spec(text)
    return [line.removeprefix("cfgcheck.yaml:") for line in str(caught.value).splitlines()]


def test_a_small_spec_is_enough() -> None:
    spec = read_spec(SHOP)
    service = spec.services["shop"]
    assert (service.domains, service.app.module, spec.runtime) == (["shop.example.com"], "shop:app", "systemd")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_as_people_write_them(path: Path) -> None:
    assert read_spec(path).services


def test_among_the_specs_is_every_runtime_server_and_listener() -> None:
    from cfgcheck.generate.defaults import complete

    specs = [complete(read_spec(path)) for path in SPECS]
    services = [service for spec in specs for service in spec.services.values()]
    assert {spec.runtime for spec in specs} == {"systemd", "compose", "supervisord", "plain"}
    assert {service.server.kind for service in services} == {"gunicorn", "uwsgi", "uvicorn"}
    assert {str(service.listener).startswith("unix:") for service in services} == {True, False}
    assert {spec.edge.kind for spec in specs} >= {"none", "aws-alb", "cloudflare", "heroku"}
    assert {service.server.worker_class for service in services} >= {"sync", "gthread", "gevent", "asgi"}


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("", ["1:1: the spec is empty; `cfgcheck init` writes one to start from"]),
        ("# nothing\n", ["1:1: the spec is empty; `cfgcheck init` writes one to start from"]),
        ("null", ["1:1: the spec is empty; `cfgcheck init` writes one to start from"]),
        ("shop", ["1:1: a spec must be a mapping with `services`"]),
        ("- shop", ["1:1: a spec must be a mapping with `services`"]),
        ("services:", ["1:1: `services` is missing"]),
        ("services: {}", ["1:11: `services` must not be empty"]),
        ("services: {shop: }", ["1:16: `services.shop` must be a mapping: `key: value` lines below it"]),
        (f"{SHOP}---\n{SHOP}", ["6:1: a spec is one YAML document; take the `---` out"]),
        ("services: [", ["1:11: a bracket that was opened before is never closed; close the bracket"]),
        (f"{SHOP}    max-upload: 1m\n    max-upload: 2m\n", ["6:5: `max-upload` stands here a second time; first on line 5"]),
        (f"{SHOP}    max_upload: 1m\n", ["5:5: unknown key `max_upload` in `services.shop`; did you mean `max-upload`?"]),
        (f"{SHOP}    max-uplaod: 1m\n", ["5:5: unknown key `max-uplaod` in `services.shop`; did you mean `max-upload`?"]),
        (f"{SHOP}    workers: 3\n", ["5:5: unknown key `workers` in `services.shop`; `workers` belongs into `services.shop.server`"]),
        (f"max-upload: 1m\n{SHOP}", ["1:1: unknown key `max-upload`; `max-upload` belongs into `services.NAME`"]),
        (f"{SHOP}    zzz: 1\n", ["5:5: unknown key `zzz` in `services.shop`"]),
        (f"runtime: systmd\n{SHOP}", ["1:10: `runtime` must be `systemd`, `compose`, `supervisord` or `plain`; did you mean `systemd`?"]),
        (f"runtime: [systemd]\n{SHOP}", ["1:10: `runtime` must be `systemd`, `compose`, `supervisord` or `plain`"]),
        (f"{SHOP}    max-upload: 1q\n", ['5:17: `services.shop.max-upload` must be a size such as "16k", "10m" or a whole number of bytes']),
        (f"{SHOP}    slowest-request: 0\n", ["5:22: `services.shop.slowest-request` must be at least 1s"]),
        (f"{SHOP}    slowest-request: 2d\n", ["5:22: `services.shop.slowest-request` must be at most 1d"]),
        (f"{SHOP}    server: {{workers: many}}\n", ["5:23: `services.shop.server.workers` must be `auto` or a whole number from 1 to 512"]),
        (f"{SHOP}    server: {{workers: true}}\n", ["5:23: `services.shop.server.workers` must be `auto` or a whole number from 1 to 512"]),
        (f"{SHOP}    environment: {{DEBUG: true}}\n", ["5:26: `services.shop.environment.DEBUG` must be text; put it in quotes"]),
        (f"{SHOP}    static: {{static: /srv}}\n", ['5:14: `services.shop.static.static` must be the beginning of a URL\'s path from slash to slash: "/static/"']),
        (f"{SHOP}    static: {{/a/../: /srv}}\n", ["5:14: `services.shop.static./a/../` must not have empty parts, `.` or `..`, which nginx never sees in a URL"]),
        (f"{SHOP}    static: {{/static/: srv}}\n", ['5:24: `services.shop.static./static/` must be an absolute path, such as "/srv/shop"']),
        (f"{SHOP}    tls: true\n", ["5:10: `services.shop.tls` must be a mapping: `key: value` lines below it"]),
        (f"{SHOP}    tls: {{key: /k}}\n", ["5:5: `certificate` is missing in `services.shop.tls`"]),
        (f"{SHOP}    listener: localhost:80\n", ['5:15: `services.shop.listener` must be `unix`, `tcp`, a socket such as "unix:/run/shop/shop.sock", or an IP address with a port from 1024 to 65535, such as "127.0.0.1:8000"']),
        (f"{SHOP}    nginx: {{server: {{gzip: true}}}}\n", ["5:28: `services.shop.nginx.server.gzip` must be text or a whole number: nginx itself says `on` and `off`, which are texts here"]),
        (f"{SHOP}    server: {{settings: {{a: .nan}}}}\n", ["5:28: `services.shop.server.settings.a` must be a number"]),
        (f"{SHOP}    user: !!python/name:os.system x\n", ["5:35: the tag `!!python/name:os.system` means nothing in a spec; leave it out"]),
        (f"{SHOP}    user: |\n      a\n", ['5:5: `services.shop.user` must be a user\'s name in small letters, such as "deploy"']),
        ('services: {shop: {domains: "a\\nb", app: "a\\nb"}}', [
            '1:28: `services.shop.domains` must be a host name in small letters without scheme, port or path, such as "shop.example.com" or "*.example.com"',
            '1:41: `services.shop.app` must be a module and the callable in it, such as "shop.wsgi:application"',
        ]),
        (f"{SHOP}    environment: *x\n", ["5:18: nothing above is named &x; put &x in front of what is meant, above this place"]),
        ("services: &all {shop: *all}", ["1:23: *all stands inside of what it names; name something else"]),
        (f"{SHOP}\udcff", ["5:1: it is not valid YAML: this byte is not UTF-8; remove the character", "5:1: this line is no `key: value`; write `key: value`"]),
        ("[" * 5000, ["1:1: cfgcheck.yaml is too deeply nested for a configuration"]),
        (" " * 300_000, ["1:1: cfgcheck.yaml is too large for a configuration"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(text: str, mistakes: list[str]) -> None:
    assert told(text) == mistakes


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = f"runtime: x\nedge: y\n{SHOP}    zzz: 1\n    max-upload: -1\n"
    assert [line.split(": ")[0] for line in told(text)] == ["1:10", "2:7", "7:5", "8:17"]


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{one}: &a{one} [{', '.join([f'*a{one - 1}'] * 10)}]" for one in range(1, 12)]
    assert any("too much stands here" in line for line in told("\n".join(lines)))


def test_anchors_and_merge_keys_are_what_they_are_in_yaml() -> None:
    text = """
services:
  shop: &usual
    domains: shop.example.com
    app: shop:app
    slowest-request: 20s
  api:
    <<: *usual
    domains: api.example.com
"""
    spec = read_spec(text)
    assert spec.services["api"].slowest_request == 20
    assert spec.services["api"].domains == ["api.example.com"]


def test_numbers_of_versions_and_variables_are_taken_as_written() -> None:
    spec = read_spec(f"versions: {{nginx: 1.30}}\n{SHOP}    environment: {{A: 1.50, B: 0x10, C: 010}}\n")
    assert spec.versions.nginx == "1.30"
    assert spec.services["shop"].environment == {"A": "1.50", "B": "0x10", "C": "010"}


def test_a_key_without_value_is_as_if_left_out() -> None:
    assert read_spec(f"edge:\n{SHOP}    tls:\n    static:\n") == read_spec(SHOP)


def test_template_signs_are_plain_text_here() -> None:
    spec = read_spec(f'{SHOP}    environment: {{A: "{{{{ x }}}} {{% if %}}"}}\n')
    assert spec.services["shop"].environment == {"A": "{{ x }} {% if %}"}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert told(missing) == [f"{missing}: there is no such file; `cfgcheck init` writes one"]
    assert told(tmp_path) == [f"{tmp_path}: it can't be read: is a directory"]
    assert told(Path("/dev/zero")) == ["/dev/zero:1:1: /dev/zero is too large for a configuration"]


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "cfgcheck.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert read_spec(path) == read_spec(SHOP)


def test_places_of_keys_can_be_asked_for() -> None:
    read = read_located(f"{SHOP}    nginx:\n      server: {{etag: 'off'}}\n", "ops/shop.yaml")
    place = ("services", "shop", "nginx", "server", "etag")
    assert str(read.span(place)) == "ops/shop.yaml:6:22"
    assert str(read.span(("services", "shop", "user"))) == "ops/shop.yaml:2:3"


@settings(max_examples=examples(150), deadline=None)
@given(st.text(st.sampled_from("services:shopdmanapw \n-{}[]&*<!|>'\"#%@,?.0123~\t\r\x00\x85é"), max_size=120))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        read_spec(text)
    except SpecError as error:
        assert all(line.startswith("cfgcheck.yaml:") for line in str(error).split("\n"))


@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(SPECS), st.integers(0, 2000), st.sampled_from([*"{}[]:-#&*!|>'\"\n\t x9", "\x00", "  ", "a: ", "- "]))
def test_specs_with_a_slip_of_the_finger_are_read_or_refused(path: Path, at: int, slip: str) -> None:
    text = path.read_text(encoding="utf-8")
    at %= len(text)
    try:
        read_spec(f"{text[:at]}{slip}{text[at:]}")
    except SpecError as error:
        assert str(error)
