"""The tree below the root, by descriptors: no symlink is ever followed, nothing odd ever opened."""

import ctypes
import errno
import fcntl
import hashlib
import os
import stat
import time
from contextlib import contextmanager

from opens import CLOSE_READ, CLOSE_WRITE, CREATE, MODIFY, OPEN
from wire import Refused

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO opened without O_NONBLOCK would hang the agent.
FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
ENTRIES_MAX = 20000
# A hash is trusted for an unchanged file whose last change is this long past: a change within one
# tick of the file system's clock leaves no trace in its times.
SETTLED = 0.1
RENAME_NOREPLACE = 1

_libc = ctypes.CDLL(None, use_errno=True)


def refusal(error):
    """An OSError as the word that runnerd hears."""
    names = {
        errno.ENOENT: 'not-found',
        errno.ENOTDIR: 'not-directory',
        errno.ELOOP: 'not-directory',
        errno.EEXIST: 'exists',
        errno.ENOTEMPTY: 'not-empty',
        errno.EISDIR: 'is-directory',
        errno.ENOSPC: 'no-space',
        errno.EDQUOT: 'no-space',
    }
    return Refused(names.get(error.errno, 'io'), error.strerror or 'input/output')


def segments(path):
    parts = path.split('/') if isinstance(path, str) else ['']
    if any(part in ('', '.', '..') or '\0' in part for part in parts):
        raise Refused('bad-path', 'not a path below the root')
    return parts


def content_of(entry):
    """What a compare-and-swap compares: absent, a directory, where a link points, a file's hash."""
    if entry is None:
        return None
    if entry['kind'] == 'link':
        return 'link:' + entry['target']
    return entry.get('sha') if entry['kind'] == 'file' else entry['kind']


class Tree:
    def __init__(self, root, never=()):
        self.root = root
        self.never = frozenset(never)
        # Files larger than this are reported without a hash.
        self.hash_max = 8 * 1024 * 1024
        self._hashes = {}
        # (path, inotify event) → how often it is our own doing since the watcher last looked.
        self.own = {}
        # Takes the events so far: those are everybody else's.
        self.look = lambda: None

    @contextmanager
    def parent(self, path, create=False):
        """The descriptor of the directory that holds `path`, and the last name."""
        *above, name = segments(path)
        fd = os.open(self.root, DIRECTORY)
        try:
            for part in above:
                if create:
                    try:
                        os.mkdir(part, 0o755, dir_fd=fd)
                    except FileExistsError:
                        pass
                below = os.open(part, DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = below
            yield fd, name
        finally:
            os.close(fd)

    def entry(self, path):
        """What is at `path`, or None."""
        try:
            with self.parent(path) as (fd, name):
                return self._entry(fd, name, path)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise

    def _entry(self, fd, name, path):
        try:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        found = {'path': path, 'mode': stat.S_IMODE(status.st_mode), 'ino': status.st_ino}
        if stat.S_ISDIR(status.st_mode):
            return {**found, 'kind': 'dir'}
        if stat.S_ISLNK(status.st_mode):
            return {**found, 'kind': 'link', 'target': os.readlink(name, dir_fd=fd)}
        if not stat.S_ISREG(status.st_mode):
            return {**found, 'kind': 'other'}
        found.update(kind='file', size=status.st_size)
        if status.st_size <= self.hash_max:
            try:
                found['sha'] = self._sha(fd, name, path, status)
            except FileNotFoundError:
                return None
        return found

    def _sha(self, fd, name, path, status):
        key = (status.st_dev, status.st_ino)
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        known = self._hashes.get(key)
        if known and known[0] == stamp:
            return known[1]
        now = time.time()
        file = self.open(fd, name, path, os.O_RDONLY)
        try:
            data = self.read_all(file)
        finally:
            self.close(file, path)
        sha = hashlib.sha256(data).hexdigest()
        if max(status.st_mtime, status.st_ctime) < now - SETTLED:
            if len(self._hashes) >= ENTRIES_MAX:
                self._hashes.clear()
            self._hashes[key] = (stamp, sha)
        return sha

    def open(self, fd, name, path, flags):
        """A regular file, or nothing."""
        self.look()
        file = os.open(name, flags | FILE, 0o600, dir_fd=fd)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise Refused('not-a-file', path)
        self._own(path, OPEN)
        if flags & os.O_CREAT:
            self._own(path, CREATE)
        return file

    def close(self, file, path):
        writes = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
        os.close(file)
        self._own(path, CLOSE_WRITE if writes else CLOSE_READ)

    def writing(self, path):
        """We write it next; the kernel joins what it says of one write to one event."""
        self._own(path, MODIFY)

    def _own(self, path, event):
        self.own[path, event] = self.own.get((path, event), 0) + 1

    def read_all(self, file):
        """At most one byte more than is ever hashed or sent."""
        parts = []
        at = 0
        while at <= self.hash_max:
            part = os.pread(file, min(1 << 20, self.hash_max + 1 - at), at)
            if not part:
                break
            parts.append(part)
            at += len(part)
        return b''.join(parts)

    def directories(self, top=''):
        """Paths of the directories below `top`, itself first; the excluded ones not descended."""
        pending = [top]
        while pending:
            path = pending.pop()
            yield path
            try:
                for name, status in self._list(path):
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(f'{path}/{name}' if path else name)
            except OSError:
                continue

    def scan(self):
        """A generator of slices of work that returns (entries, whether that is all)."""
        entries = []
        pending = ['']
        while pending:
            path = pending.pop()
            try:
                with self._directory(path) as fd:
                    for name in sorted(os.listdir(fd)):
                        if name in self.never:
                            continue
                        if len(entries) >= ENTRIES_MAX:
                            return entries, False
                        below = f'{path}/{name}' if path else name
                        found = self._entry(fd, name, below)
                        if found is None:
                            continue
                        entries.append(found)
                        if found['kind'] == 'dir':
                            pending.append(below)
                        if found['kind'] == 'file':
                            yield
            except OSError:
                # Gone meanwhile, unless it is the root: without that nothing is known.
                if not path:
                    raise
            yield
        return entries, True

    @contextmanager
    def _directory(self, path):
        if not path:
            fd = os.open(self.root, DIRECTORY)
        else:
            with self.parent(path) as (above, name):
                fd = os.open(name, DIRECTORY, dir_fd=above)
        try:
            yield fd
        finally:
            os.close(fd)

    def _list(self, path):
        with self._directory(path) as fd:
            for name in os.listdir(fd):
                if name in self.never:
                    continue
                try:
                    yield name, os.stat(name, dir_fd=fd, follow_symlinks=False)
                except FileNotFoundError:
                    continue

    def prune(self, path, keep):
        """Removes the directories above `path` that are empty now, up to `keep`, which stays."""
        above = path.rpartition('/')[0]
        while above and above != keep and not keep.startswith(above + '/'):
            try:
                with self.parent(above) as (fd, name):
                    os.rmdir(name, dir_fd=fd)
            except OSError:
                return
            above = above.rpartition('/')[0]


def rename_new(from_fd, name, to_fd, new_name):
    """Renames without ever replacing what is there."""
    result = _libc.renameat2(
        from_fd, os.fsencode(name), to_fd, os.fsencode(new_name), RENAME_NOREPLACE
    )
    if result == 0:
        return
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        os.link(name, new_name, src_dir_fd=from_fd, dst_dir_fd=to_fd, follow_symlinks=False)
        os.unlink(name, dir_fd=from_fd)
        return
    raise OSError(code, os.strerror(code))
