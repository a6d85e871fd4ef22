"""The spec to start from: what was answered, and what people usually change next, each with a line that says why."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.defaults import CURRENT
from cfgcheck.generate.spec import EdgeKind, Framework, Runtime, ServerKind
from cfgcheck.generate.yaml_text import yaml_word
from cfgcheck.record import record
from cfgcheck.settings.edges import KNOWN_EDGES


@record(frozen=True)
class Answers:
    """What `cfgcheck init` was told. ``tls``: the certificate and its key; None: no TLS in nginx."""

    name: str
    domains: tuple[str, ...]
    app: str
    framework: Framework = "other"
    server: ServerKind = "gunicorn"
    runtime: Runtime = "systemd"
    edge: EdgeKind = "none"
    tls: tuple[str, str] | None = None

    @property
    def asgi(self) -> bool:
        return self.server == "uvicorn" or self.framework in ("fastapi", "starlette")


def starter(answers: Answers) -> str:
    """The text of a spec. Lines that are commented out can be taken as they are."""
    return "\n".join([*_top(answers), *_service(answers), *_service_more(answers)]) + "\n"


def _top(answers: Answers) -> Iterator[str]:
    yield "# One deployment. `cfgcheck generate` writes all its files from this one."
    yield ""
    yield f"runtime: {answers.runtime}  # what starts the servers: systemd, compose, supervisord or plain"
    if answers.edge == "none":
        yield "# edge: aws-alb  # what stands in front of nginx: gcp-lb, cloudflare, heroku, other"
    else:
        yield "edge:"
        known = answers.edge in KNOWN_EDGES
        yield f"  kind: {answers.edge}  # what stands in front of nginx{'; its limits are known' if known else ''}"
        if not known:
            yield "  # idle: 60s  # how long it keeps idle connections"
        yield '  # addresses: ["10.0.0.0/8"]  # where its connections come from: whose X-Forwarded-For to believe'
        if answers.edge in ("aws-alb", "gcp-lb", "other"):
            yield "  # response: 60s  # how long it waits for a response"
    yield "# versions:  # which versions will run; by default current ones"
    yield f'#   nginx: "{CURRENT["nginx"]}"'
    yield f'#   {answers.server}: "{CURRENT[answers.server]}"'
    yield ""


def _service(answers: Answers) -> Iterator[str]:
    yield "services:"
    yield f"  {yaml_word(answers.name)}:"
    if len(answers.domains) == 1:
        yield f"    domains: {yaml_word(answers.domains[0])}"
    else:
        yield "    domains:"
        yield from (f"      - {yaml_word(domain)}" for domain in answers.domains)
    yield "    app:"
    yield f"      module: {yaml_word(answers.app)}"
    yield f"      framework: {answers.framework}"
    yield f"      # directory: /srv/{answers.name}  # where the code stands"
    yield f"      # virtualenv: /srv/{answers.name}/venv"
    yield "    server:"
    yield f"      kind: {answers.server}  # gunicorn, uwsgi or uvicorn"
    if answers.server == "gunicorn":
        yield f"      # worker-class: {'asgi' if answers.asgi else 'gthread'}"
    yield "      # workers: 4  # processes; by default twice the processors and one"
    if not answers.asgi:
        yield "      # threads: 4  # of each process"
    yield from _tls(answers)


def _tls(answers: Answers) -> Iterator[str]:
    if answers.edge == "heroku":
        return
    certificate, key = answers.tls or usual_certificate(answers.domains[0])
    sign = "" if answers.tls else "# "
    yield f"    {sign}tls:  # nginx ends TLS, and sends browsers from http to https"
    yield f"    {sign}  certificate: {yaml_word(certificate)}"
    yield f"    {sign}  key: {yaml_word(key)}"


def usual_certificate(domain: str) -> tuple[str, str]:
    """Where the usual tool puts a certificate and its key."""
    folder = f"/etc/letsencrypt/live/{domain.removeprefix('*.')}"
    return f"{folder}/fullchain.pem", f"{folder}/privkey.pem"


def _service_more(answers: Answers) -> Iterator[str]:
    yield ""
    yield "    slowest-request: 20s  # how long the slowest request may take: all timeouts follow from it"
    yield "    max-upload: 10m  # the largest request body"
    yield "    # health: /healthz  # a path that load balancers and managers ask"
    yield "    # static:  # files that never change under one name"
    yield f"    #   /static/: /srv/{answers.name}/static"
    yield "    # media:  # files that users uploaded"
    yield f"    #   /media/: /srv/{answers.name}/media"
    if answers.asgi:
        yield "    # websockets: /ws/  # prefixes below which the app speaks websockets"
        yield "    # websocket-idle: 1h  # how long one may be silent"
    yield "    # request-headers: 16k  # the longest header line; large cookies need it"
    yield "    # response-headers: 8k  # all headers of a response together"
    yield "    # stop-grace: 20s  # how long running requests may go on when the app is stopped"
    tcp = "0.0.0.0:8000" if answers.runtime == "compose" else "127.0.0.1:8000"
    yield f"    # listener: {tcp}  # by default {'TCP' if answers.runtime == 'compose' else 'a unix socket'}"
    yield f"    # user: {answers.name}  # whom the app runs as"
    yield "    # environment:  # variables of the app; secrets belong elsewhere"
    yield "    #   TZ: UTC"
    yield "    # nginx:  # any directive of nginx that is not derived, at its level"
    yield "    #   server:"
    yield "    #     add_header: [X-Frame-Options, DENY, always]"
