"""Hears what changes below the root, by inotify, and says so after a quiet moment.

What it says are hints: paths worth another look, and which was moved where. A directory that came,
went or moved, lost events or too many of them ask for a whole scan instead.
"""

import ctypes
import errno
import fcntl
import os
import struct
import sys
import termios

from loop import log_exception

QUIET = 0.035
LONGEST = 0.15
PATHS_MAX = 200
DIRECTORIES_MAX = 5000
# Where the kernel grants no more watches, everything is looked at this often instead.
BLIND = 3.0

MODIFY, ATTRIB, CLOSE_WRITE, CLOSE_READ, OPEN = 0x2, 0x4, 0x8, 0x10, 0x20
MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF, OVERFLOW, IGNORED = 0x400, 0x800, 0x4000, 0x8000
ONLY_DIRECTORY, DONT_FOLLOW, EXCLUDE_UNLINKED, IS_DIRECTORY = 1 << 24, 1 << 25, 1 << 26, 1 << 30
SELF = DELETE_SELF | MOVE_SELF
MASK = (
    # The kernel joins equal events in a row: a close between keeps two opens apart.
    MODIFY | ATTRIB | CLOSE_WRITE | CLOSE_READ | OPEN | MOVED_FROM | MOVED_TO | CREATE | DELETE | SELF
    | ONLY_DIRECTORY | DONT_FOLLOW | EXCLUDE_UNLINKED
)

_libc = ctypes.CDLL(None, use_errno=True)


class Watcher:
    """`dirty(paths, moves, rescan, blind)` hears the hints, `opens` who has what open."""

    def __init__(self, loop, tree, dirty, opens):
        self._loop = loop
        self._tree = tree
        self._dirty = dirty
        self._opens = opens
        self._paths = set()
        self._moves = {}
        self._cookies = {}
        # Directories that came or went and weren't followed yet.
        self._moved = set()
        self._rescan = False
        self._quiet = self._latest = None
        self._by_wd = {}
        self.blind = False
        self._fd = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            # Another user's limits or ours: work without, by looking.
            self.blind = True
        else:
            loop.watch(self._fd, self.drain)
            tree.look = self.drain
        self.renew()
        self._loop.call_later(BLIND, self._look)

    def renew(self):
        """Watches all that is there now, the root itself made again if need be."""
        self._opens.lost()
        for wd in list(self._by_wd):
            _libc.inotify_rm_watch(self._fd, wd)
        self._by_wd.clear()
        try:
            os.makedirs(self._tree.root, exist_ok=True)
        except OSError:
            self._loop.call_later(0.2, self.renew)
            return
        self._add('')
        self._hint(rescan=True)

    def _add(self, top):
        if self._fd < 0:
            return
        for path in self._tree.directories(top):
            if len(self._by_wd) >= DIRECTORIES_MAX:
                self.blind = True
                return
            full = os.path.join(self._tree.root, path) if path else self._tree.root
            wd = _libc.inotify_add_watch(self._fd, os.fsencode(full), MASK)
            if wd >= 0:
                self._by_wd[wd] = path
            elif ctypes.get_errno() == errno.ENOSPC:
                self.blind = True
                return

    def _drop(self, top):
        for wd, path in list(self._by_wd.items()):
            if path == top or path.startswith(top + '/'):
                del self._by_wd[wd]
                _libc.inotify_rm_watch(self._fd, wd)

    def _look(self):
        if self.blind:
            self._hint(rescan=True)
        self._loop.call_later(BLIND, self._look)

    def drain(self):
        """Takes what happened up to now, and no more: somebody may make events faster than that."""
        if self._fd < 0:
            return
        own, self._tree.own = self._tree.own, {}
        waiting = bytearray(4)
        fcntl.ioctl(self._fd, termios.FIONREAD, waiting)
        left = int.from_bytes(waiting, sys.byteorder)
        while left > 0:
            try:
                data = os.read(self._fd, 65536)
            except BlockingIOError:
                break
            left -= len(data)
            at = 0
            while at < len(data):
                wd, mask, cookie, length = struct.unpack_from('iIII', data, at)
                name = os.fsdecode(data[at + 16 : at + 16 + length].rstrip(b'\0'))
                at += 16 + length
                try:
                    self._take(wd, mask, cookie, name, own)
                except Exception:
                    log_exception('an inotify event failed')
                    self._hint(rescan=True)
        self._follow()

    def _follow(self):
        """Watches directories where they are now, each once however often it came and went."""
        moved, self._moved = self._moved, set()
        for path in sorted(moved, key=len):
            self._drop(path)
            self._add(path)

    def _is_moved(self, path):
        """Whether the path is of before it, or a directory above it, came or went."""
        while path:
            if path in self._moved:
                return True
            path = path.rpartition('/')[0]
        return False

    def _take(self, wd, mask, cookie, name, own):
        if mask & OVERFLOW:
            self.renew()
            return
        directory = self._by_wd.get(wd)
        if directory is None or (self._moved and self._is_moved(directory)):
            return
        if mask & IGNORED:
            self._by_wd.pop(wd, None)
        if mask & (SELF | IGNORED):
            if directory == '':
                self.renew()
            return
        if not name or name in self._tree.never:
            return
        path = f'{directory}/{name}' if directory else name
        is_own = not mask & IS_DIRECTORY and self._is_own(own, path, mask)
        if not mask & IS_DIRECTORY:
            self._opens.take(path, mask, is_own)
        # What came of our own doing is in the answer to who asked for it, and with it all that the
        # kernel joined to the same event: we look only after that was taken.
        if is_own or mask & (OPEN | CLOSE_READ):
            return
        if mask & IS_DIRECTORY:
            if mask & (MOVED_FROM | MOVED_TO | CREATE):
                self._moved.add(path)
            if mask & ~IS_DIRECTORY & ~ATTRIB:
                self._hint(rescan=True)
            return
        if mask & MOVED_FROM:
            self._cookies[cookie] = path
        elif mask & MOVED_TO and cookie in self._cookies:
            self._moves[self._cookies.pop(cookie)] = path
        self._hint(path)

    @staticmethod
    def _is_own(own, path, mask):
        """Whether this is one of our own doings that weren't met yet."""
        for event in (MODIFY, CLOSE_WRITE, CLOSE_READ, OPEN, CREATE):
            if mask & event and own.get((path, event), 0) > 0:
                own[path, event] -= 1
                return True
        return False

    def _hint(self, path=None, rescan=False):
        if path is not None:
            self._paths.add(path)
        self._rescan = self._rescan or rescan or len(self._paths) > PATHS_MAX
        if self._quiet:
            self._quiet.cancel()
        self._quiet = self._loop.call_later(QUIET, self._tell)
        if not self._latest:
            self._latest = self._loop.call_later(LONGEST, self._tell)

    def _tell(self):
        for timer in (self._quiet, self._latest):
            if timer:
                timer.cancel()
        self._quiet = self._latest = None
        paths, moves, rescan = self._paths, self._moves, self._rescan
        self._paths, self._moves, self._cookies, self._rescan = set(), {}, {}, False
        if len(moves) > PATHS_MAX:
            moves = {}
        self._dirty([] if rescan else sorted(paths), list(moves.items()), rescan, self.blind)
