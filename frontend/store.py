"""A folder of blobs by key: atomic writes, checked reads, bounded size.

A blob is a file named by its key: SHA-256 of key and blob, then the blob. Files appear whole
(written aside, then renamed), so processes may share a folder; one that does not match its
hash reads as missing. Standard library only, and little of it: a cache hit pays for this.
"""

from __future__ import annotations

import os
from hashlib import sha256

DIGEST_BYTES = 32


class Store:
    """Blobs under `folder`, made when needed; None keeps nothing. limit_bytes: on disk."""

    def __init__(self, folder: str | None, limit_bytes: int = 512 << 20) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._written = 0  # bytes since the folder was last looked over

    def get(self, key: str) -> bytes | None:
        """The blob stored under a key (hex digits), or None: absent, unreadable or damaged."""
        if self._folder is None:
            return None
        path = os.path.join(self._folder, key)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            return None
        blob = data[DIGEST_BYTES:]
        if _digest(key, blob) != data[:DIGEST_BYTES]:
            return None
        try:
            os.utime(path)  # what was not used for longest goes first
        except OSError:
            pass  # a read-only cache still serves
        return blob

    def put(self, key: str, blob: bytes) -> None:
        """Store a blob. A folder that cannot be written is not an error: nothing is kept."""
        if self._folder is None:
            return
        path = os.path.join(self._folder, key)
        temporary = f"{path}.{os.getpid()}.{id(blob):x}.tmp"
        try:
            os.makedirs(self._folder, exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(_digest(key, blob) + blob)
            os.replace(temporary, path)
        except OSError:
            _remove(temporary)
            self._folder = None  # full or read-only: do not try again
            return
        # Looking at every file is slow, so do it first and then once per part of the limit.
        if self._written == 0 or self._written > self._limit // 16:
            self._written = 0
            _trim(self._folder, self._limit)
        self._written += len(blob) + DIGEST_BYTES


def _digest(key: str, blob: bytes) -> bytes:
    return sha256(key.encode() + blob).digest()


def _trim(folder: str, limit: int) -> None:
    """Remove the least recently used entries, down to three quarters of the limit."""
    found: list[tuple[float, int, str]] = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            status = os.stat(path)
        except OSError:
            continue
        found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    if total <= limit:
        return
    for _, size, path in sorted(found):
        if total <= limit * 3 // 4:
            break
        _remove(path)
        total -= size


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
