"""Who has which file open: what they may have read, and whether they are through writing it.

inotify names no process and no mode. A close tells afterwards whether it was opened for writing,
and our own opens and closes are counted, so that the rest is everybody else's.
"""

import time

MODIFY, CLOSE_WRITE, CLOSE_READ, OPEN, MOVED_FROM, CREATE, DELETE = (
    0x2, 0x8, 0x10, 0x20, 0x40, 0x100, 0x200
)  # fmt: skip
# A program that rewrites a file has emptied it before: for this long nobody looks.
UNFINISHED = 0.2
PATHS_MAX = 1000


class Opens:
    def __init__(self, ring):
        self._ring = ring
        # Path → for each open: the version that it marked as read, or None.
        self._opened = {}
        # Path → since when somebody writes it.
        self._writing = {}
        self._created = set()
        # Path → when it was last opened.
        self._latest = {}

    def take(self, path, mask, own):
        """One event of a file; `own`: our own doing."""
        if mask & (MOVED_FROM | DELETE):
            self._drop(path)
        elif own:
            return
        elif mask & OPEN:
            self._open(path)
        elif mask & MODIFY:
            self._created.discard(path)
            self._writing.setdefault(path, time.monotonic())
        elif mask & CREATE:
            self._created.add(path)
        elif mask & CLOSE_READ:
            self._close_read(path)
        elif mask & CLOSE_WRITE:
            self._close_write(path)
        for known in (self._opened, self._writing, self._created, self._latest):
            if len(known) > PATHS_MAX:
                known.clear()

    def lost(self):
        """Events didn't come: whatever there is may have been read."""
        for known in (self._opened, self._writing, self._created, self._latest):
            known.clear()
        self._ring.mark_all()

    def unfinished(self, path):
        """Whether somebody has just begun to write it and isn't through."""
        return time.monotonic() - self._writing.get(path, -UNFINISHED) < UNFINISHED

    def emptied(self, path):
        """Whether an empty file may be one that somebody has just emptied, before we hear of it."""
        held = path in self._opened
        return held and time.monotonic() - self._latest.get(path, -UNFINISHED) < UNFINISHED

    def partial(self, path):
        """Whether somebody still writes it."""
        return path in self._writing

    def _open(self, path):
        # Known only at the close to be a writer; until then it counts as one who reads.
        self._latest[path] = time.monotonic()
        opened = self._opened.setdefault(path, [])
        opened.append(self._ring.mark_read(path))
        del opened[:-64]
        if path in self._created:
            # New and still empty.
            self._writing.setdefault(path, time.monotonic())

    def _close_read(self, path):
        opened = self._opened.get(path)
        if opened:
            opened.pop(0)
        else:
            self._ring.mark_read(path)
        if not opened:
            self._opened.pop(path, None)
        if path in self._created:
            # It came without being written: a hard link, say.
            self._created.discard(path)
            self._writing.pop(path, None)

    def _close_write(self, path):
        opened = self._opened.get(path)
        marked = opened.pop() if opened else None
        if marked and path in self._writing:
            # It wrote without reading: nobody took that version away.
            marked['read'] = False
        self._writing.pop(path, None)
        if not opened:
            self._drop(path)

    def _drop(self, path):
        self._latest.pop(path, None)
        self._opened.pop(path, None)
        self._writing.pop(path, None)
        self._created.discard(path)
