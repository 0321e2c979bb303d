"""The ballast: room kept beside the database, given up when the disk is full, so that answers and deadlines go on."""

import errno
import os
import shutil
from pathlib import Path


class Ballast:
    """A file of ``size`` bytes beside the store at ``path``; empty it says that it was given up.

    ``short`` is true from then on until there is room for twice of it again: meanwhile no events are to be taken.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._file, self._size = path.with_name(path.name + ".ballast"), size
        self.short = self._exists and not self._file.stat().st_size

    @property
    def _exists(self) -> bool:
        return self._file.exists()

    def hold(self) -> bool:
        """Take the room, if it is there and not held already; whether it is held now."""
        if self._exists and self._file.stat().st_size >= self._size:
            return True
        if self.short and shutil.disk_usage(self._file.parent).free < 2 * self._size:
            return False
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            self._give_back()
            return False
        self.short = False
        return True

    def release(self) -> None:
        """Give the room to whoever commits next."""
        if self._exists and self._file.stat().st_size:
            os.truncate(self._file, 0)
            self.short = True

    def _give_back(self) -> None:
        """What was not got as a whole is not kept in part."""
        if self.short:
            os.truncate(self._file, 0)
        else:
            self._file.unlink(missing_ok=True)
