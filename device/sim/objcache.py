"""Compiled objects on disk: a second run of the same guest code translates nothing.

An entry is a file named by the key's hash: magic, SHA-256 of the rest, then the object. Files
appear whole (written aside, then renamed), so processes may share a folder; one that does not
match its own hash is treated as missing and written anew. The oldest entries go when the
folder grows beyond its bound.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

_MAGIC = b"kccobj1\n"
_SUFFIX = ".kobj"


class ObjectCache:
    """root: folder, made when needed; None keeps nothing. limit: bytes on disk."""

    def __init__(self, root: Path | None, limit: int = 256 << 20) -> None:
        self._root = root
        self._limit = limit
        self._written = 0

    def get(self, key: bytes) -> bytes | None:
        """The object stored under `key`, or None; reading one counts as use."""
        if self._root is None:
            return None
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        body = data[len(_MAGIC) + 32 :]
        if data != _MAGIC + hashlib.sha256(key + body).digest() + body:
            return None
        return body

    def put(self, key: bytes, body: bytes) -> None:
        """Store an object. A folder that cannot be written is not an error: nothing is kept."""
        if self._root is None:
            return
        data = _MAGIC + hashlib.sha256(key + body).digest() + body
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._root, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(name, self._path(key))
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise
        except OSError:
            self._root = None  # full or read-only: do not try again
            return
        # Looking at every file is slow, so do it first and then once per part of the limit.
        if self._written == 0 or self._written > self._limit // 16:
            self._written = 0
            self._trim()
        self._written += len(data)

    def _path(self, key: bytes) -> Path:
        assert self._root is not None
        return self._root / (hashlib.sha256(key).hexdigest() + _SUFFIX)

    def _trim(self) -> None:
        """Remove the least recently used entries, down to three quarters of the limit."""
        assert self._root is not None
        found: list[tuple[float, int, str]] = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._root):
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    if entry.name.endswith((_SUFFIX, ".tmp")):
                        found.append((status.st_mtime, status.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        if total <= self._limit:
            return
        for _, size, path in sorted(found):
            if total <= self._limit * 3 // 4:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
            total -= size
