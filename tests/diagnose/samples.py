"""A line of every kind, as the servers write them (facts: gunicorn 2; uwsgi, log templates)."""

from __future__ import annotations

from pathlib import Path

from cfgcheck.diagnose.logs import Log
from cfgcheck.diagnose.reading import Reading, read

HEAD = "2026/11/21 09:12:02 [error] 31#31: *7 "
UPSTREAM = "http://127.0.0.1:8000/api/orders/17?page=2"
TAIL = (
    ', client: 203.0.113.9, server: shop.example.com, request: "GET /api/orders/17?page=2 HTTP/1.1", '
    f'upstream: "{UPSTREAM}", host: "shop.example.com"'
)


def nginx(message: str, level: str = "error", tail: str = TAIL) -> str:
    return HEAD.replace("error", level) + message + tail


def emerg(message: str) -> str:
    return f"2026/11/21 09:12:02 [emerg] 31#31: {message}"


def gunicorn(message: str, level: str = "ERROR") -> str:
    return f"[2026-11-21 09:12:02 +0000] [7] [{level}] {message}"


def uwsgi(message: str) -> str:
    return f"Sat Nov 21 09:12:02 2026 - {message}"


_READING = "while reading response header from upstream"
_TO = "while connecting to upstream"
_TLS = "while SSL handshaking to upstream"
_OUT = "upstream timed out (110: Connection timed out)"
_INVALID = "Invalid request from ip=203.0.113.9: "

LINES: dict[str, list[str]] = {
    "connection-refused": [
        nginx(f"connect() failed (111: Connection refused) {_TO}"),
        nginx(f"connect() to unix:/run/shop.sock failed (111: Connection refused) {_TO}"),
    ],
    "missing-socket": [nginx(f"connect() to unix:/run/shop.sock failed (2: No such file or directory) {_TO}", "crit")],
    "socket-permission-denied": [
        nginx(f"connect() to unix:/run/shop.sock failed (13: Permission denied) {_TO}", "crit")
    ],
    "full-accept-queue": [
        nginx(f"connect() to unix:/run/shop.sock failed (11: Resource temporarily unavailable) {_TO}")
    ],
    "socket-path-of-no-folder": [
        nginx(f"connect() to unix:/run/shop.sock/ failed (20: Not a directory) {_TO}", "crit")
    ],
    "unreachable-host": [
        nginx(f"connect() failed (110: Connection timed out) {_TO}"),
        nginx(f"connect() failed (113: No route to host) {_TO}"),
    ],
    "no-local-address": [nginx(f"bind(10.9.9.9) failed (99: Cannot assign requested address) {_TO}", "crit")],
    "failed-connection": [nginx(f"connect() failed (22: Invalid argument) {_TO}", "crit")],
    "connect-timeout": [nginx(f"{_OUT} {_TO}")],
    "tls-handshake-timeout": [nginx(f"{_OUT} {_TLS}")],
    "send-timeout": [nginx(f"{_OUT} while sending request to upstream")],
    "read-timeout": [nginx(f"{_OUT} {_READING}")],
    "idle-upgraded-connection": [nginx(f"{_OUT} while proxying upgraded connection", "info")],
    "read-timeout-in-body": [nginx(f"{_OUT} while reading upstream")],
    "other-upstream-timeout": [nginx(f"{_OUT} while requesting upstream")],
    "closed-before-response": [nginx(f"upstream prematurely closed connection {_READING}")],
    "cut-off-response": [nginx("upstream prematurely closed connection while reading upstream")],
    "other-closed-connection": [nginx("upstream prematurely closed FastCGI stdout while reading upstream")],
    "reset-before-response": [nginx(f"recv() failed (104: Connection reset by peer) {_READING}")],
    "unread-upload": [
        nginx("writev() failed (104: Connection reset by peer) while sending request to upstream"),
        nginx("writev() failed (32: Broken pipe) while sending request to upstream"),
    ],
    "reset-in-body": [nginx("readv() failed (104: Connection reset by peer) while reading upstream")],
    "response-header-too-big": [nginx(f"upstream sent too big header {_READING}")],
    "no-http-response": [
        nginx(f"upstream sent no valid HTTP/1.0 header {_READING}"),
        nginx(f'upstream sent invalid header: "no\\x20..." {_READING}'),
        nginx(f"upstream sent too large http2 frame: 4740180 {_READING}"),
        nginx(f"upstream sent unsupported FastCGI protocol version: 72 {_READING}"),
    ],
    "contradictory-response-headers": [
        nginx(
            'upstream sent duplicate header line: "Content-Length: 2", previous value: "Content-Length: 2" '
            f"{_READING}"
        ),
        nginx(f'upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time {_READING}'),
    ],
    "broken-response-body": [nginx("upstream sent invalid chunked response while reading upstream")],
    "tls-to-plain-port": [
        nginx(f"SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) {_TLS}")
    ],
    "upstream-tls-failure": [
        nginx(f"peer closed connection in SSL handshake {_TLS}"),
        nginx(f'upstream SSL certificate does not match "shop" {_TLS}'),
        nginx(f"SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::ssl/tls alert handshake failure) {_TLS}"),
        nginx(f"SSL_do_handshake() failed (SSL: error:0A0000BF:SSL routines::no protocols available) {_TLS}"),
    ],
    "client-tls-failure": [
        nginx("SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking",
              "crit", ", client: 203.0.113.9, server: 0.0.0.0:443")
    ],
    "no-live-upstreams": [nginx(f"no live upstreams {_TO}")],
    "disabled-upstream-server": [nginx(f"upstream server temporarily disabled {_TO}", "warn")],
    "no-resolver": [nginx("no resolver defined to resolve web")],
    "unresolved-name": [nginx("web could not be resolved (3: Host not found)")],
    "unreachable-resolver": [
        nginx("send() failed (111: Connection refused) while resolving, resolver: 127.0.0.11:53", tail="")
    ],
    "host-not-found-at-start": [emerg('host not found in upstream "web:8000" in /etc/nginx/conf.d/shop.conf:3')],
    "invalid-target": [nginx('invalid URL prefix in ""')],
    "too-many-open-files": [
        nginx(f"socket() failed (24: Too many open files) {_TO}", "alert"),
        "2026/11/21 09:12:02 [crit] 31#31: accept4() failed (24: Too many open files)",
        "OSError: [Errno 24] Too many open files: '/srv/x'",
    ],
    "too-few-worker-connections": ["2026/11/21 09:12:02 [alert] 31#31: 768 worker_connections are not enough"],
    "no-space-left": [nginx('pwrite() "/var/tmp/1" failed (28: No space left on device)', "crit")],
    "too-large-body": [nginx("client intended to send too large body: 2097152 bytes")],
    "too-large-uwsgi-request": [nginx("uwsgi request is too big: 70000", "alert")],
    "too-long-request": [nginx("client sent too long URI while reading client request line", "info")],
    "client-went-away": [
        nginx(
            "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too "
            "while sending request to upstream",
            "info",
        )
    ],
    "killed-nginx-worker": ["2026/11/21 09:12:02 [alert] 1#1: worker process 31 exited on signal 9"],
    "busy-address": [emerg("bind() to 0.0.0.0:80 failed (98: Address already in use)")],
    "limited-requests": [nginx('limiting requests, excess: 5.1 by zone "one"')],
    "file-permission-denied": [nginx('open() "/srv/static/app.js" failed (13: Permission denied)')],
    "missing-file": [nginx('open() "/srv/static/app.js" failed (2: No such file or directory)')],
    "buffered-to-disk": [
        nginx("a client request body is buffered to a temporary file /var/cache/nginx/1", "warn"),
    ],
    "refused-by-rule": [nginx("access forbidden by rule")],
    "odd-client": [nginx("client timed out (110: Connection timed out) while waiting for request", "info")],
    "nginx-does-not-start": [
        emerg('invalid host in upstream "/run/shop.sock" in /etc/nginx/conf.d/shop.conf:3'),
        emerg('upstream "web" may not have port 8000 in /etc/nginx/conf.d/shop.conf:3'),
        emerg('duplicate location "/" in /etc/nginx/conf.d/shop.conf:3'),
        emerg("no proxy_ssl_trusted_certificate for proxy_ssl_verify"),
        emerg('no port in upstream "unix:"'),
    ],
    "other-nginx-error": [nginx("something that nobody has seen yet")],
    "app-exception": [gunicorn("Error handling request GET /slow"), "ERROR:    Exception in ASGI application"],
    "worker-timeout": [
        gunicorn("WORKER TIMEOUT (pid:9)", "CRITICAL"),
        "2026-11-21 09:12:02,123 CRITICAL gunicorn.error: WORKER TIMEOUT (pid:9)",
    ],
    "killed-worker": [
        gunicorn("Worker (pid:9) was sent SIGKILL! Perhaps out of memory?"),
        gunicorn("Worker with pid 9 was terminated due to signal 9", "WARNING"),
    ],
    "signalled-worker": [
        gunicorn("Worker (pid:9) was sent SIGABRT!", "WARNING"),
        gunicorn("Worker with pid 9 was terminated due to signal 11", "WARNING"),
    ],
    "stopped-worker": [
        gunicorn("Worker (pid:9) was sent SIGTERM!"),
        gunicorn("Worker with pid 9 was terminated due to signal 15", "WARNING"),
    ],
    "unimportable-app": [
        "ModuleNotFoundError: No module named 'shop'",
        "ImportError: cannot import name 'app' from 'shop' (/srv/shop/__init__.py)",
        'ERROR:    Error loading ASGI app. Could not import module "shop".',
        "unable to load app 0 (mountpoint='') (callable not found or import error)",
        "*** no app loaded. GAME OVER ***",
    ],
    "unbootable-worker": [
        gunicorn("Exception in worker process"),
        gunicorn("Worker (pid:9) exited with code 3."),
        gunicorn("Reason: Worker failed to boot."),
    ],
    "address-in-use": [
        gunicorn("Connection in use: ('127.0.0.1', 8000)"),
        gunicorn("Can't connect to ('127.0.0.1', 8000)"),
        "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use",
        "probably another instance of uWSGI is running on the same address (127.0.0.1:3031).",
        "bind(): Address already in use [core/socket.c line 769]",
    ],
    "unbindable-address": ["bind(): Permission denied [core/socket.c line 230]"],
    "too-large-request-line": [gunicorn(f"{_INVALID}Request Line is too large (5021 > 4094)", "WARNING")],
    "too-large-headers": [gunicorn(f"{_INVALID}limit request headers fields size", "WARNING")],
    "contradictory-scheme-headers": [gunicorn(f"{_INVALID}Contradictory scheme headers", "WARNING")],
    "duplicate-host": [gunicorn(f"{_INVALID}Invalid HTTP Header: 'HOST'", "WARNING")],
    "invalid-header-name": [gunicorn(f"{_INVALID}Invalid HTTP header name: 'X_AUTH'", "WARNING")],
    "tls-mismatch": [gunicorn(f"{_INVALID}[SSL: HTTP_REQUEST] http request (_ssl.c:1000)", "WARNING")],
    "protocol-mismatch": [
        "gunicorn.uwsgi.errors.UnsupportedModifier: Unsupported uWSGI modifier1: 71",
        "gunicorn.uwsgi.errors.InvalidUWSGIHeader: Invalid uWSGI header: incomplete header",
    ],
    "forbidden-uwsgi-peer": [
        "gunicorn.uwsgi.errors.ForbiddenUWSGIRequest: uWSGI request from '172.18.0.3' not allowed",
    ],
    "invalid-request": [
        gunicorn(f"{_INVALID}Invalid HTTP request line: ''", "WARNING"),
        "WARNING:  Invalid HTTP request received.",
    ],
    "disallowed-host": [
        "Invalid HTTP_HOST header: 'my_app'. The domain name provided is not valid according to RFC 1034/1035.",
    ],
    "recycled-worker": [gunicorn("Autorestarting worker after current request.", "INFO")],
    "foreign-protocol": [
        "invalid request block size: 21573 (max 4096)...skip",
        "invalid request block size: 259 (max 4096)...skip",
    ],
    "too-large-uwsgi-packet": ["invalid request block size: 4437 (max 4096)...skip"],
    "too-large-http-request": [
        "invalid HTTP request size (max 4096)...skip",
        "[WARNING] unable to add HTTP_COOKIE=a to uwsgi packet, consider increasing buffer size",
    ],
    "too-large-upload": ["Invalid (too big) CONTENT_LENGTH. skip."],
    "harakiri": [uwsgi("*** HARAKIRI ON WORKER 1 (pid: 12, try: 1, graceful: yes) ***")],
    "harakiri-request": [uwsgi("HARAKIRI [core 0] 127.0.0.1 - GET /slow?x=1 since 1795252310")],
    "harakiri-remark": [uwsgi("HARAKIRI triggered by worker 1 core 0 !!!")],
    "crashed-uwsgi-worker": [
        "DAMN ! worker 1 (pid: 12) died, killed by signal 9 :( trying respawn ...",
        "DAMN ! worker 1 (pid: 12) died :( trying respawn ...",
        "!!! uWSGI process 12 got Segmentation Fault !!!",
    ],
    "full-listen-queue": [uwsgi('*** uWSGI listen queue of socket "127.0.0.1:3031" (fd: 3) full !!! (101/100) ***')],
    "too-long-listen-queue": ["Listen queue size is greater than the system max net.core.somaxconn (128)."],
    "no-application": ["--- no python application found, check your startup logs for errors ---"],
    "merciless-kill": [uwsgi("worker 1 (pid: 12) is taking too much time to die...NO MERCY !!!")],
    "evil-reload": ["*** EVIL RELOAD ON WORKER 1 RSS: 123 (pid: 12) ***"],
    "respawn-loop": ["worker respawning too fast !!! i have to sleep a bit (2 seconds)..."],
    "closed-by-proxy": [
        uwsgi("SIGPIPE: writing to a closed pipe/socket/fd (probably the client disconnected) on request /x !!!"),
        uwsgi("uwsgi_response_write_body_do(): Broken pipe [core/writer.c line 429] during GET /x (127.0.0.1)"),
    ],
    "brutal-reload": ["...brutally killing workers..."],
    "broken-router-connection": [
        "[uwsgi-http key: 127.0.0.1:3031 client_addr: 127.0.0.1 client_port: 5] hr_instance_read(): Broken pipe",
    ],
    "slow-upload": ["[uwsgi-body-read] Timeout reading 4096 bytes. Content-Length: 9000 consumed: 0 left: 9000"],
    "unstartable-uwsgi": [
        "[strict-mode] unknown config directive: proceses",
        "!!! Python Home is not a directory: /x !!!",
    ],
    "out-of-memory": ["Nov 21 09:12:02 host kernel: Out of memory: Killed process 4711 (gunicorn) total-vm:1kB"],
    "ended-service": ["Nov 21 09:12:02 host systemd[1]: shop.service: Main process exited, code=killed, status=9/KILL"],
    "other-app-error": [gunicorn("Something of the app's own")],
}  # fmt: skip

QUIET = [
    '203.0.113.9 - - [21/Nov/2026:09:12:02 +0000] "GET /?q=WORKER+TIMEOUT HTTP/1.1" 200 512 "-" "curl/8"',
    '203.0.113.9 - - [21/Nov/2026:09:12:02 +0000] "GET /[error]/HARAKIRI!!!/***/ HTTP/1.1" 404 9 "-" "[crit]"',
    "2026/11/21 09:12:02 [notice] 1#1: using the \"epoll\" event method",
    "[2026-11-21 09:12:02 +0000] [7] [INFO] Booting worker with pid: 9",
    "*** Starting uWSGI 2.0.30 (64bit) on [Sat Nov 21 09:12:02 2026] ***",
    (
        "[pid: 12|app: 0|req: 1/1] 127.0.0.1 () {28 vars in 326 bytes} [Sat Nov 21 09:12:02 2026] GET /?*** => "
        "generated 5 bytes in 1 msecs (HTTP/1.1 200) 2 headers in 44 bytes (1 switches on core 0)"
    ),
    'INFO:     127.0.0.1:51234 - "GET /ERROR HTTP/1.1" 200 OK',
]
"""Lines of healthy logs, some with words in them that a client put there."""


def read_bytes(folder: Path, data: bytes) -> Reading:
    path = folder / "one.log"
    path.write_bytes(data)
    return read([Log("one.log", path)])


def kinds_of(folder: Path, *lines: str) -> list[str]:
    return [tally.kind.name for tally in read_bytes(folder, "\n".join(lines).encode()).tallies]
