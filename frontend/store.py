"""A folder of blobs by key: atomic writes, checked reads, bounded size.

Standard library only, and little of it: a cache hit pays for this module. Several processes
may share a folder. An entry that is damaged reads as missing.
"""

from __future__ import annotations

import os
from hashlib import sha256

DIGEST_BYTES = 32


class Store:
    """Blobs under `folder`; `limit_bytes` is what a trim brings the folder down to."""

    def __init__(self, folder: str, limit_bytes: int = 512 << 20) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes

    def get(self, key: str) -> bytes | None:
        """The blob stored under a key (hex digits), or None: absent, unreadable or damaged."""
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            return None
        blob = data[DIGEST_BYTES:]
        if sha256(blob).digest() != data[:DIGEST_BYTES]:
            return None
        try:
            os.utime(path)  # the trim removes what was not used for longest
        except OSError:
            pass  # a read-only cache still serves
        return blob

    def put(self, key: str, blob: bytes) -> None:
        """Store a blob. A cache that cannot be written is not an error: nothing is stored."""
        path = self._path(key)
        temporary = f"{path}.{os.getpid()}.{id(blob):x}.tmp"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(sha256(blob).digest() + blob)
            os.replace(temporary, path)
        except OSError:
            try:
                os.unlink(temporary)
            except OSError:
                pass
            return
        self._trim()

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, key[:2], key[2:])

    def _trim(self) -> None:
        entries: list[tuple[float, int, str]] = []
        for root, _folders, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(root, name)
                try:
                    stat = os.stat(path)
                except OSError:
                    continue
                entries.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _time, size, _path in entries)
        for _time, size, path in sorted(entries):
            if total <= self.limit_bytes:
                break
            try:
                os.unlink(path)
            except OSError:
                continue
            total -= size
