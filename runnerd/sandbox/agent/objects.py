"""Contents by their hash, kept as long as somebody uses them.

What nobody uses any more is deleted by `sweep`, once whoever had named it has saved that it doesn't:
a crash between the two leaves an object too many, never one too few.
"""

import hashlib
import os

from loop import log_exception


class Objects:
    def __init__(self, directory):
        self._directory = directory
        os.makedirs(directory, exist_ok=True)
        self._uses = {}
        self._sizes = {}
        self._unused = set()
        self.total = 0

    def add(self, data):
        """Uses `data`, kept from now on; returns its name."""
        sha = hashlib.sha256(data).hexdigest()
        if sha not in self._sizes:
            replace(self._path(sha), data)
            self._sizes[sha] = len(data)
        self.use(sha)
        return sha

    def use(self, sha):
        """Once more; an OSError when it isn't there."""
        if sha not in self._sizes:
            self._sizes[sha] = os.stat(self._path(sha)).st_size
        uses = self._uses.get(sha, 0)
        if uses == 0:
            self.total += self._sizes[sha]
        self._uses[sha] = uses + 1
        self._unused.discard(sha)

    def release(self, sha):
        self._uses[sha] -= 1
        if self._uses[sha] == 0:
            self._unused.add(sha)
            self.total -= self._sizes[sha]

    def read(self, sha, most):
        with open(self._path(sha), 'rb') as file:
            return file.read(most)

    def sweep(self):
        for sha in self._unused:
            del self._uses[sha], self._sizes[sha]
            unlink(self._path(sha))
        self._unused.clear()

    def sweep_unknown(self):
        """What a crash left behind."""
        for name in os.listdir(self._directory):
            if name not in self._uses:
                unlink(self._path(name))

    def _path(self, sha):
        return os.path.join(self._directory, str(sha).replace('/', '_'))


def replace(path, data):
    """`data` in the file, or what was there before; never a part of either."""
    create(path + '.new', data)
    os.rename(path + '.new', path)


def create(path, data):
    """Whole, unless we are killed in the midst of it."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        unlink(path)
        raise
    finally:
        os.close(fd)


def unlink(path):
    try:
        os.unlink(path)
    except OSError:
        log_exception('an old version stays')
