"""The lines of nginx's error log that tell of trouble between it and an app (facts: gunicorn 2; uwsgi, log templates).

The order counts: the first pattern that fits a line is its kind.
"""

from __future__ import annotations

from cfgcheck.diagnose.kinds import Kind, Weight, nginx

_CLIENT = "nothing that the site can help"

NGINX_KINDS: tuple[Kind, ...] = (
    nginx(
        "connection-refused",
        r"^connect\(\) (?:to unix:\S+ )?failed \(111:",
        "connection refused",
        "502 Bad Gateway",
        """nothing listened at that moment: the process was down, restarting or crashed, or had not bound its address
        yet. Look for its last words (journalctl -u UNIT, docker logs, kubectl logs --previous)""",
        rules="unreachable-upstream loopback-bind-behind-remote-proxy loopback-upstream-across-hosts "
        "single-family-localhost cached-upstream-address",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "missing-socket",
        r"^connect\(\) to unix:\S* failed \(2:",
        "there is no such socket",
        "502 Bad Gateway",
        """the process was not running: it makes its socket when it starts and may take it away when it stops. Look for
        why it ended or did not start (journalctl -u UNIT, docker logs)""",
        rules="unreachable-upstream missing-runtime-directory socket-in-private-tmp unshared-socket-volume "
        "relative-socket-path malformed-unix-target",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "socket-permission-denied",
        r"^connect\(\) (?:to unix:\S* )?failed \(13:",
        "nginx may not open the socket",
        "502 Bad Gateway",
        """who may open the socket was changed outside these files, or SELinux or AppArmor forbids it. Try as nginx's
        user: namei -l SOCKET; ausearch -m avc -ts recent""",
        rules="unwritable-socket socket-in-home invalid-socket-mode",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "full-accept-queue",
        r"^connect\(\) (?:to unix:\S* )?failed \(11:",
        "the app's queue of connections is full",
        "502 Bad Gateway",
        """more connections came than the workers took: all of them were busy. Look for slow requests and for bursts of
        traffic; more workers, or a longer queue (backlog, listen, net.core.somaxconn)""",
        rules="short-listen-queue single-sync-worker exposed-sync-worker",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "socket-path-of-no-folder",
        r"^connect\(\) to unix:\S* failed \(20:",
        "the socket's path leads through a file",
        "502 Bad Gateway",
        "a part of the path that should be a folder is a file. Look with namei -l",
        rules="malformed-unix-target",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "unreachable-host",
        r"^connect\(\) failed \((?:110|113|101|112):",
        "the app's host does not answer",
        "502 Bad Gateway",
        """packets are dropped or have no way: a firewall, a security group, a machine or container that is gone. Look
        from nginx's own host: curl -v --max-time 5 to that address""",
        rules="cached-upstream-address oversized-connect-timeout",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "no-local-address",
        r"^bind\(\S*\) failed \(99:.* while connecting to upstream",
        "the address that nginx should connect from is not there",
        "500 Internal Server Error",
        "proxy_bind names an address that this machine does not have",
    ),
    nginx(
        "failed-connection",
        r"^connect\(\) .*while connecting to upstream",
        "no connection to the app",
        "502 Bad Gateway",
        "the system's reason stands in the line",
        rules="malformed-unix-target",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "connect-timeout",
        r"^upstream timed out \(\d+:.*while connecting to upstream",
        "no connection within the connect timeout",
        "504 Gateway Timeout",
        """the app's queue of connections was full (over TCP that looks like silence), or a firewall drops packets.
        Look whether all workers were busy then: ss -ltn shows the queue""",
        rules="short-listen-queue single-sync-worker",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "tls-handshake-timeout",
        r"^upstream timed out \(\d+:.*while SSL handshaking to upstream",
        "no TLS handshake within the connect timeout",
        "504 Gateway Timeout",
        "what listens there does not speak TLS, or all its workers were busy",
        rules="upstream-tls-mismatch",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "send-timeout",
        r"^upstream timed out \(\d+:.*while sending request to upstream",
        "the app did not take the request",
        "504 Gateway Timeout",
        "the app stopped reading a request body: look for what it did instead",
    ),
    nginx(
        "read-timeout",
        r"^upstream timed out \(\d+:.*while reading response header from upstream",
        "no response within the read timeout",
        "504 Gateway Timeout",
        """the requests really take that long, or wait for a free worker: see the paths above, and what they wait for
        (a query, another service, a lock)""",
        rules="read-timeout-not-above-app-timeout directive-of-another-protocol heartbeat-taken-for-request-limit "
        "unbounded-request single-sync-worker",
    ),
    nginx(
        "idle-upgraded-connection",
        r"^upstream timed out \(\d+:.*while proxying upgraded connection",
        "an idle WebSocket was closed",
        "the connection is closed",
        "neither side sent anything for that long: send pings more often than the read timeout",
        rules="idle-websocket-cut",
    ),
    nginx(
        "read-timeout-in-body",
        r"^upstream timed out \(\d+:.*while reading upstream",
        "the app paused in the middle of a response",
        "200, cut off",
        "the app was silent for longer than the read timeout between two pieces of a response",
        rules="directive-of-another-protocol read-timeout-not-above-app-timeout",
    ),
    nginx(
        "other-upstream-timeout",
        r"^upstream timed out",
        "the app did not answer in time",
        "504 Gateway Timeout",
        "see in the line what nginx was waiting for",
    ),
    nginx(
        "closed-before-response",
        r"^upstream prematurely closed connection while reading response header",
        "the app closed the connection without a response",
        "502 Bad Gateway",
        """the worker died or was killed in the middle of the request, or the app raised an exception before it answered
        (uWSGI). Look in the app's log at these times: WORKER TIMEOUT, SIGKILL, HARAKIRI, DAMN !, a traceback""",
        rules="protocol-mismatch upstream-keepalive-race read-timeout-not-above-app-timeout exposed-sync-worker "
        "router-timeout-below-harakiri reload-on-sigterm signal-swallowing-shell stop-grace-below-app-grace "
        "headers-above-uwsgi-buffer missing-uwsgi-params invalid-uwsgi-buffer",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "cut-off-response",
        r"^upstream prematurely closed connection while (?:reading upstream|sending to client)",
        "the app closed the connection in the middle of a response",
        "200, cut off",
        """the worker died while it was sending, or the response was shorter than its Content-Length. Look in the app's
        log at these times""",
        rules="harakiri-with-threads stop-grace-below-app-grace reload-on-sigterm",
    ),
    nginx(
        "other-closed-connection",
        r"^upstream prematurely closed (?:FastCGI |)\w+",
        "the app closed the connection",
        "502 Bad Gateway",
        "the worker died or gave up. Look in the app's log at these times",
    ),
    nginx(
        "reset-before-response",
        r"^recv\(\) failed \(104:.*while reading response header from upstream",
        "the app reset the connection without a response",
        "502 Bad Gateway",
        """the app closed while bytes that it had not read were waiting: a request too large for it, an upload that it
        did not read, or an idle connection closed at the very moment it was used. Look in the app's log at these
        times""",
        rules="upstream-keepalive-race headers-above-uwsgi-buffer invalid-uwsgi-buffer body-limit-mismatch "
        "protocol-mismatch loopback-bind-behind-remote-proxy",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "unread-upload",
        r"^(?:writev|send|sendfile|SSL_write)\(\) failed \((?:104|32):.*while sending request to upstream",
        "the app closed before it had the whole request",
        "502 Bad Gateway",
        """the app answered or gave up without reading an upload: look for its own limit of the body, and for uWSGI's
        limit-post and post-buffering""",
        rules="body-limit-mismatch",
    ),
    nginx(
        "reset-in-body",
        r"^(?:readv|recv)\(\) failed \(104:.*while reading upstream",
        "the app reset the connection in the middle of a response",
        "200, cut off or whole",
        "the worker died while it was sending, or closed without having read the whole request",
        rules="body-limit-mismatch",
    ),
    nginx(
        "response-header-too-big",
        r"^upstream sent too big header",
        "response headers larger than nginx's buffer",
        "502 Bad Gateway",
        """some responses have more header bytes than the buffer holds (large or many Set-Cookie). Raise
        proxy_buffer_size (uwsgi_buffer_size) to 16k, or send less""",
        rules="small-response-header-buffer invalid-buffer-sizes",
    ),
    nginx(
        "no-http-response",
        r"^upstream sent (?:no valid HTTP/1\.0 header|too large http2 frame|unsupported FastCGI protocol version"
        r"|invalid header)(?:: (\S+))?",
        "what answers does not speak the protocol that nginx expects",
        "502 Bad Gateway (a garbled 200 for HTTP)",
        """something else listens there than these files say, or the app wrote to the connection itself. Look at what
        answers: curl --http0.9 -v to that address""",
        rules="protocol-mismatch upstream-tls-mismatch unsupported-uwsgi-protocol",
        weight=Weight.OUTAGE,
        detail="bytes",
    ),
    nginx(
        "contradictory-response-headers",
        r"^upstream sent (?:duplicate header line|\"Content-Length\" and|unknown \"Transfer|invalid \"Content-Length)",
        "response headers that contradict each other",
        "502 Bad Gateway",
        "the app (or a middleware of it) sets a header twice; nginx refuses that since 1.23.0",
    ),
    nginx(
        "broken-response-body",
        r"^upstream sent (?:invalid chunked|more data than specified|more response)",
        "a response body that does not fit its headers",
        "200, broken",
        "the app's Content-Length or chunks are wrong: look at the responses of these paths",
        weight=Weight.TROUBLE,
    ),
    nginx(
        "tls-to-plain-port",
        r"^SSL_do_handshake\(\) failed .*(?:wrong version number|packet length too long|record layer failure)"
        r".*to upstream",
        "nginx speaks TLS to a port that does not",
        "502 Bad Gateway",
        "something else listens there than these files say",
        rules="upstream-tls-mismatch protocol-mismatch",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "upstream-tls-failure",
        r"^(?:SSL_do_handshake\(\) failed|peer closed connection in SSL handshake|upstream SSL certificate)"
        r".*to upstream",
        "no TLS with the app",
        "502 Bad Gateway",
        "versions, names or certificates of both ends don't fit: openssl s_client -connect ADDRESS -servername NAME",
        rules="upstream-tls-mismatch disjoint-tls-versions missing-upstream-sni verification-without-ca",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "client-tls-failure",
        r"^(?:SSL_do_handshake\(\) failed|peer closed connection in SSL handshake).*while SSL handshaking",
        "clients whose TLS handshake failed",
        "no connection",
        "scanners and old clients do that",
        weight=Weight.NOTE,
    ),
    nginx(
        "no-live-upstreams",
        r"^no live upstreams",
        "nginx had taken all servers of the upstream out",
        "502 Bad Gateway",
        """each of them had failed shortly before (max_fails, fail_timeout): the lines before these tell why. With one
        app behind it, max_fails=0 spares the pause""",
        rules="self-inflicted-outage single-family-localhost",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "disabled-upstream-server",
        r"^upstream server temporarily disabled",
        "nginx took a server of the upstream out for a while",
        "nothing, or 502 when it was the last one",
        "it had failed before: see the other groups",
        rules="self-inflicted-outage",
        weight=Weight.NOTE,
    ),
    nginx(
        "no-resolver",
        r"^no resolver defined to resolve (\S+)",
        "nginx has no resolver for a name in a variable",
        "502 Bad Gateway",
        "a variable holds a host name, and no resolver is in scope: add one (in Docker: resolver 127.0.0.11)",
        rules="missing-resolver",
        weight=Weight.OUTAGE,
        detail="name",
    ),
    nginx(
        "unresolved-name",
        r"^(\S+) could not be resolved",
        "the resolver does not know the app's name",
        "502 Bad Gateway",
        "that service is not running or is called otherwise, or the resolver is the wrong one",
        rules="missing-resolver unused-resolver",
        weight=Weight.OUTAGE,
        detail="name",
    ),
    nginx(
        "unreachable-resolver",
        r"while resolving, resolver: (\S+)",
        "the resolver does not answer",
        "502 Bad Gateway",
        "no name server at the address of the resolver directive",
        weight=Weight.OUTAGE,
        detail="resolver",
    ),
    nginx(
        "host-not-found-at-start",
        r"^host not found in upstream (\"[^\"]*\")",
        "nginx does not start: a name is not known",
        "no connection: nginx does not run",
        """names are looked up once, when nginx starts: the service was not up yet. Start it before nginx, or resolve
        later (resolve parameter, or a variable with a resolver)""",
        rules="cached-upstream-address unreachable-upstream",
        weight=Weight.OUTAGE,
        detail="name",
    ),
    nginx(
        "invalid-target",
        r"^invalid URL prefix in",
        "the variable that nginx passes to holds no URL",
        "500 Internal Server Error",
        "it was empty or lacked http:// for these requests",
        rules="malformed-unix-target",
    ),
    nginx(
        "too-many-open-files",
        r"failed \(24:",
        "too many open files",
        "500 Internal Server Error, or no connection",
        "nginx reached its limit of descriptors: raise worker_rlimit_nofile (and LimitNOFILE of the unit)",
        rules="descriptor-limit-below-connections",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "too-few-worker-connections",
        r"worker_connections are not enough",
        "too few worker_connections",
        "the connection is closed",
        "each proxied request takes two: raise worker_connections, and the limit of descriptors with it",
        rules="descriptor-limit-below-connections",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "no-space-left",
        r"failed \(28:",
        "no space left on a disk",
        "500, or a cut-off response",
        "nginx could not write: df -h, df -i (client_body_temp_path, proxy_temp_path, logs)",
        weight=Weight.OUTAGE,
    ),
    nginx(
        "too-large-body",
        r"^client intended to send too large (?:chunked )?body(?:: (\d+) bytes)?",
        "request bodies above client_max_body_size",
        "413 Request Entity Too Large",
        "uploads are larger than allowed: raise client_max_body_size where these paths are, or tell the users",
        rules="body-limit-mismatch",
        detail="bytes",
    ),
    nginx(
        "too-large-uwsgi-request",
        r"^uwsgi request is too (?:big|large): (\d+)",
        "request headers above what the uwsgi protocol can carry",
        "500 Internal Server Error",
        "a packet has no more than 65535 bytes: lower large_client_header_buffers",
        rules="headers-above-uwsgi-buffer invalid-uwsgi-buffer",
        detail="bytes",
    ),
    nginx(
        "too-long-request",
        r"^client sent too long (?:header line|URI)|^client sent too large request",
        "requests above nginx's header buffers",
        "400 Request Header Or Cookie Too Large, 414",
        "cookies or URLs grew: see large_client_header_buffers",
        rules="header-above-app-limit request-line-above-app-limit",
    ),
    nginx(
        "client-went-away",
        r"client prematurely closed connection",
        "clients that did not wait for the response",
        "499 (in the access log)",
        "they gave up, or a balancer in front did: see how long these requests took, and the edge's own timeout",
        rules="edge-timeout-below-read-timeout",
        weight=Weight.NOTE,
    ),
    nginx(
        "killed-nginx-worker",
        r"^worker process \d+ exited on signal (\d+)",
        "an nginx worker died",
        "the connections of that worker are closed",
        "signal 9 is the out-of-memory killer or a person, 11 a defect of a module: see dmesg",
        weight=Weight.OUTAGE,
        detail="signal",
    ),
    nginx(
        "busy-address",
        r"^bind\(\) to (\S+) failed",
        "nginx does not start: it can't take its address",
        "no connection: nginx does not run",
        "another process holds it (ss -ltnp), or a low port needs rights",
        rules="conflicting-binds",
        weight=Weight.OUTAGE,
        detail="address",
    ),
    nginx(
        "limited-requests",
        r"^(?:limiting|delaying) (?:requests|connections)",
        "requests above a limit_req or limit_conn",
        "503, or a pause",
        "that is what the limits are for, unless a balancer's address stands for all clients",
        weight=Weight.NOTE,
    ),
    nginx(
        "file-permission-denied",
        r"^(?:open|stat|opendir)\(\) \".*\" failed \(13:",
        "nginx may not read a file",
        "403 Forbidden",
        "nginx's user needs x on every folder above and r on the file: namei -l FILE",
    ),
    nginx(
        "missing-file",
        r"^(?:open\(\) \".*\" failed \((?:2|20|36):|\".*\" is not found|directory index of|\".*\" is forbidden)",
        "files that are not there",
        "404 Not Found or 403",
        "scanners ask for much; look at the paths only if users complain",
        weight=Weight.NOTE,
    ),
    nginx(
        "buffered-to-disk",
        r"is buffered to a temporary file",
        "bodies that were buffered on disk",
        "nothing, only slower",
        "usual for large bodies",
        weight=Weight.NOTE,
    ),
    nginx(
        "refused-by-rule",
        r"^(?:access forbidden by rule|user \".*\"(?: was not found|: password mismatch)|no user/password)",
        "requests that nginx refused by its own rules",
        "401 or 403",
        _CLIENT,
        weight=Weight.NOTE,
    ),
    nginx(
        "odd-client",
        r"^client (?:sent|timed out|closed)|^upstream server has|^signal process|^rewrite or internal"
        r"|^(?:SSL_read|SSL_shutdown|SSL_write|recv|send|writev)\(\) failed .*while (?:waiting for|reading client|"
        r"sending (?:response )?to client|processing|SSL|keepalive)|^conflicting server name|^could not build optimal"
        r"|^the \"\S+\" |^(?:kevent|epoll_wait)\(\) reported|^\*?\d* ?client .* closed",
        "oddities of single clients, and remarks",
        "nothing, or 400",
        _CLIENT,
        weight=Weight.NOTE,
    ),
)

NGINX_START = nginx(
    "nginx-does-not-start",
    r"",
    "nginx does not start, or did not take a new configuration",
    "no connection, or the old configuration",
    "the line says which directive: nginx -t",
    rules="malformed-unix-target port-on-upstream-name repeated-location invalid-buffer-sizes "
    "verification-without-ca unknown-directive misplaced-directive unparsable-file missing-include",
    weight=Weight.OUTAGE,
)
"""Any other line of the level ``emerg``."""

NGINX_OTHER = nginx(
    "other-nginx-error",
    r"",
    "other lines of nginx",
    "see the line",
    "no rule knows such lines",
)
"""Any other line of the levels ``error`` and above."""
