"""Plugins of uWSGI whose options are in the table, and those that may bring options nobody knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfgcheck.load.uwsgi_expand import Expansion

_KNOWN = (
    r"(?:alarm|emperor|router|stats_pusher|transformation|cheaper|logger|legion|exception|clock|mountpoint)_\w+"
    r"|(?:lib)?python[\d.]*\w?|(?:asyncio|greenlet|gevent|tornado|pypy|lua|ruby|rack|php|perl|psgi|v8)[\d.]*"
    r"|airbrake|cache|carbon|cgi|cgroup|coroae|corerouter|curl_cron|dumbloop|dummy|echo|fastrouter|fiber|forkptyrouter"
    r"|gccgo|geoip|glusterfs|graylog2|gridfs|http|jvm|jwsgi|ldap|logcrypto|logfile|logpipe|logsocket|logzmq|matheval"
    r"|mongodb|mongodblog|mongrel2|mono|msgpack|nagios|notfound|objc_gc|pam|ping|pty|rados|rawrouter|rbthreads"
    r"|redislog|ring|rpc|rrdtool|rsyslog|servlet|signal|spooler|sqlite3|ssi|sslrouter|stackless|symcall|syslog"
    r"|systemd_logger|tuntap|ugreen|webdav|xattr|xslt|zabbix|zergpool|sqlite|elastic|router"
)


def foreign_plugin(run: Expansion) -> bool:
    """Whether a plugin is loaded whose options are not in the table: then no option can be called unknown."""
    for item in run.items:
        if run.table.canonical(item.key) != "plugins":
            continue
        if run.parts.because(item.value or ""):
            return True
        if any(not re.fullmatch(_KNOWN, _bare(name)) for name in (item.value or "").split(",") if name.strip()):
            return True
    return False


def _bare(name: str) -> str:
    """``0:/usr/lib/uwsgi/python3_plugin.so`` is python3."""
    return name.strip().rpartition("/")[2].rpartition(":")[2].removesuffix(".so").removesuffix("_plugin")
