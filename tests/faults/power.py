"""A disk that loses its power: ext4 on a loop device, shut down by the kernel without writing what it still held.

What was synced is there afterwards, and what was not may be gone: kill -9 cannot show that, since the kernel keeps
what a process has written. It needs root and a kernel that has loop devices and ext4.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGE_BYTES = 1 << 30
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2  # not even the journal is written, as when the power goes
UNMOUNT_SECONDS_MAX = 20.0


class Disk:
    """One file system in a file."""

    def __init__(self, folder: Path) -> None:
        self.mount_point = folder / "disk"
        self._image = folder / "disk.img"
        self.mount_point.mkdir()
        with self._image.open("wb") as image:
            image.truncate(IMAGE_BYTES)
        self._run("mkfs.ext4", "-qF", str(self._image))
        self.mount()

    def mount(self) -> None:
        """Mount it; the journal of what was synced is replayed."""
        self._run("mount", "-o", "loop", str(self._image), str(self.mount_point))

    def cut(self) -> None:
        """Take the power away: from here on nothing reaches the disk, and nothing is read from it."""
        handle = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def restart(self) -> None:
        """Unmount what is left, when nobody uses it any more, and mount it again."""
        until = time.monotonic() + UNMOUNT_SECONDS_MAX
        while subprocess.run(["umount", str(self.mount_point)], capture_output=True, check=False).returncode:
            assert time.monotonic() < until, "somebody still uses the disk"
            time.sleep(0.05)
        self.mount()

    def close(self) -> None:
        """Let it go."""
        subprocess.run(["umount", "-l", str(self.mount_point)], capture_output=True, check=False)

    @staticmethod
    def _run(*words: str) -> None:
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"POWER CUTS NOT RUN: {' '.join(words[:1])}: {done.stderr.decode('utf-8', 'replace').strip()}")


@contextlib.contextmanager
def disk_in(folder: Path) -> Iterator[Disk]:
    """A disk whose power can be cut, or a loud skip."""
    if os.geteuid() != 0:
        pytest.skip("POWER CUTS NOT RUN: only root may mount a disk")
    for tool in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(tool) is None:
            pytest.skip(f"POWER CUTS NOT RUN: no {tool} on this machine")
    disk = Disk(folder)
    try:
        try:
            disk.cut()
        except OSError as error:
            pytest.skip(f"POWER CUTS NOT RUN: this kernel does not shut a file system down: {error.strerror}")
        disk.restart()
        yield disk
    finally:
        disk.close()
