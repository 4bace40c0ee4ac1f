"""Compare and swap of a file's content, and what a crash in the midst of one leaves to be ended.

A write is noted with both contents before it touches anything: whoever comes after a crash finds in
the file the old one, the new one, or what lies between, and only then ends the write.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import time

from wire import Refused

# What may be appended to a file in the moment in which we shorten it.
MORE = 1 << 20
# A write that a kill cuts short ends between two pages of the file.
PAGE = 4096
# For so long who opened a file as it was deleted may write what is kept after all, in seconds; all
# else waits meanwhile.
LATE = 0.05
PAUSE = 0.001


class Swaps:
    def __init__(self, tree, ring, opens):
        self._tree = tree
        self._ring = ring
        self._opens = opens
        # Sees who opens what, once there is one.
        self.watcher = None

    def swap(self, path, header, new):
        """The number of the version that is in the file now, or None if it held something else."""
        if header['expect'] is None:
            return self._make(path, header, new)
        with contextlib.ExitStack() as held:
            try:
                fd, name = held.enter_context(self._tree.parent(path))
                file = self._tree.open(fd, name, path, os.O_RDWR)
            except (FileNotFoundError, IsADirectoryError):
                return None
            held.callback(self._tree.close, file, path)
            # Whoever opens it meanwhile waits; where a program has it open already, none is granted.
            with leased(file):
                # Whoever opened it until now has the version that is there now.
                self._tree.look()
                old = self._tree.read_all(file)
                if _sha(old) != header['expect']:
                    return None
                v = self._intend(path, header, (old, new))
                return v if self._fill(file, path, header['key'], (old, new)) else None

    def is_open_for_writing(self, path):
        """Whether a program could write it this moment, without another open."""
        try:
            with self._tree.parent(path) as (fd, name):
                file = self._tree.open(fd, name, path, os.O_RDONLY)
                try:
                    return is_written(file)
                finally:
                    self._tree.close(file, path)
        except (OSError, Refused):
            return False

    def unlink(self, path, expect):
        """Whether the file is gone: not if it holds something else, written even as it went."""
        with self._tree.parent(path) as (fd, name):
            file = self._tree.open(fd, name, path, os.O_RDONLY)
            try:
                with leased(file):
                    if _sha(self._tree.read_all(file)) != expect:
                        return False
                    os.unlink(name, dir_fd=fd)
                # Who was kept waiting writes to what has no name any more.
                late = time.monotonic() + LATE
                while is_written(file) and time.monotonic() < late:
                    time.sleep(PAUSE)
                data = self._tree.read_all(file)
                if _sha(data) == expect:
                    return True
                restore(fd, name, data, stat.S_IMODE(os.fstat(file).st_mode))
                return False
            finally:
                self._tree.close(file, path)

    def _make(self, path, header, new):
        """A file where there was none; noted first, so that an empty one is known for ours."""
        if self._tree.entry(path) is not None:
            return None
        with self._tree.parent(path, create=True) as (fd, name):
            key, change = header['key'], (b'', new)
            v = self._intend(path, header, change)
            try:
                file = self._tree.open(fd, name, path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                self._ring.abandon(key)
                return None
            except OSError:
                self._ring.abandon(key)
                raise
            try:
                with leased(file):
                    return v if self._fill(file, path, key, change, header['mode']) else None
            except OSError:
                if os.fstat(file).st_size == 0:
                    # Made, but not filled: nobody's empty file must stand where this one belongs.
                    os.unlink(name, dir_fd=fd)
                raise
            finally:
                self._tree.close(file, path)

    def _intend(self, path, header, change):
        """Notes what is about to be written; where nobody sees who reads, everybody may have."""
        unseen = not self.watcher or self.watcher.blind
        on = None if header['binary'] else header['on']
        # Else it waits for a note: what it builds on isn't durable yet.
        record = header['record'] if header['on'] == 'agreed' else None
        return self._ring.intend(header['key'], path, change, record, unseen, on)

    def _fill(self, file, path, key, change, mode=None):
        """Whether what was intended is in the file now: not if somebody wrote since our look."""
        old, new = change
        self._tree.look()
        if self._opens.unfinished(path) or os.fstat(file).st_size != len(old):
            self._ring.abandon(key)
            return False
        self._tree.writing(path)
        try:
            done = overwrite(file, old, new)
        except OSError:
            self._ring.abandon(key)
            raise
        if not done:
            self._ring.abandon(key)
            return False
        self._tree.look()
        self._ring.blur(key)
        if mode is not None:
            os.fchmod(file, mode & 0o777)
        self._ring.written(key)
        return True

    def mend(self):
        """Ends what a crash interrupted: a write in place that is neither the old nor the new."""
        for key, path in self._ring.intents():
            try:
                is_there = self._mend_file(path, self._ring.change(key))
            except (OSError, Refused, KeyError, TypeError):
                is_there = False
            if is_there:
                self._ring.written(key)
            else:
                self._ring.abandon(key)

    def _mend_file(self, path, change):
        """Whether what was intended is in the file now."""
        old, new = change
        with self._tree.parent(path) as (fd, name):
            file = self._tree.open(fd, name, path, os.O_RDWR)
            try:
                now = self._tree.read_all(file)
                if now == new:
                    return True
                # Nothing was written yet; but a file that was only made is still ours to fill.
                whole = None if now == old and old else mended(now, old, new)
                if whole is None:
                    return False
                overwrite(file, now, whole)
                return True
            finally:
                self._tree.close(file, path)


@contextlib.contextmanager
def leased(file):
    """Holds off whoever opens the file; see fcntl(2), F_SETLEASE. Not everywhere, not always."""
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def is_written(file):
    """Whether somebody has it open for writing, or waits to; `file` is open for reading."""
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def restore(fd, name, data, mode):
    """Unless there is another by now."""
    with contextlib.suppress(FileExistsError):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=fd)
        try:
            _write_all(file, data)
        finally:
            os.close(file)


def overwrite(file, old, new):
    """`new` in the place of `old`; a full disk leaves `old`. False when somebody has appended.

    What is longer is appended first: of all who append, the kernel lets one go after the other, so
    what another program appends meanwhile is never beneath what we write.
    """
    size = len(old)
    try:
        if len(new) > size:
            end = _append(file, new[size:])
            if end != len(new):
                # Behind what somebody else appended: ours goes again.
                if os.fstat(file).st_size == end:
                    os.ftruncate(file, end - (len(new) - size))
                return False
        _write_all(file, new[:size])
        if len(new) < size:
            more = os.pread(file, MORE, size)
            _write_all(file, more, len(new))
            os.ftruncate(file, len(new) + len(more))
    except OSError:
        _write_all(file, old)
        os.ftruncate(file, size)
        raise
    return True


def _append(file, data):
    """Where the file ends then."""
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    fcntl.fcntl(file, fcntl.F_SETFL, flags | os.O_APPEND)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
        return os.lseek(file, 0, os.SEEK_CUR)
    finally:
        fcntl.fcntl(file, fcntl.F_SETFL, flags)


def _write_all(file, data, at=0):
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        at += written
        view = view[written:]


def mended(now, old, new):
    """What an interrupted overwrite was to leave, if `now` is what one leaves, else None.

    First comes what is longer than `old`, in part; then `new` from the beginning, up to somewhere.
    Behind the former may stand what another program has appended since: that stays.
    """
    size = len(old)
    head, more = now[:size], now[size:]
    tail = new[size:]
    appended = more[_begun(tail, more, size) :]
    if appended and (appended == more if tail else head == old):
        # Nothing of ours was written.
        return None
    whole = new + appended
    same = _alike(head, whole)
    return whole if head[same:] == old[same:] else None


def _begun(tail, more, size):
    """How much of `more` is of `tail`, which is appended to a file of `size`."""
    same = _alike(tail, more)
    if same in (len(tail), len(more)):
        return same
    # Somebody else may go on with the same letters.
    return max(0, (size + same) // PAGE * PAGE - size)


def _alike(one, other):
    """In how many bytes both begin."""
    for at, (a, b) in enumerate(zip(one, other)):
        if a != b:
            return at
    return min(len(one), len(other))


def _sha(data):
    return hashlib.sha256(data).hexdigest()
