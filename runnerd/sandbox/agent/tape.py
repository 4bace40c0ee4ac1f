"""What one terminal printed: the last mebibyte, addressed by how much was printed before it.

Marks say what happened between two bytes (the window's size changed, another shell began), so that
whoever reads the tape again, from anywhere, sees it in the order in which it was.
"""

from collections import deque

CAPACITY = 1024 * 1024
MARKS_MAX = 512


class Tape:
    def __init__(self, **values):
        # Grows up to CAPACITY, then the newest bytes replace the oldest.
        self._bytes = bytearray()
        self.end = 0
        # (number, offset, name, value), oldest first.
        self._marks = deque()
        self.next_mark = 0
        # The values in force before the oldest mark.
        self._base = values

    @property
    def start(self):
        return self.end - len(self._bytes)

    def write(self, data):
        self.end += len(data)
        data = data[-CAPACITY:]
        room = CAPACITY - len(self._bytes)
        self._bytes += data[:room]
        rest = data[room:]
        if rest:
            at = (self.end - len(rest)) % CAPACITY
            first = rest[: CAPACITY - at]
            self._bytes[at : at + len(first)] = first
            self._bytes[: len(rest) - len(first)] = rest[len(first) :]
        while self._marks and self._marks[0][1] < self.start:
            self._forget_mark()

    def read(self, offset, most):
        """Up to `most` bytes from `offset`, which lies between `start` and `end`."""
        size = min(most, self.end - offset)
        if self.start == 0:
            return bytes(self._bytes[offset : offset + size])
        at = offset % CAPACITY
        first = self._bytes[at : at + size]
        return bytes(first + self._bytes[: size - len(first)])

    def mark(self, name, value):
        if self._marks and self._marks[-1][1:3] == (self.end, name):
            self._marks.pop()
        self._marks.append((self.next_mark, self.end, name, value))
        self.next_mark += 1
        if len(self._marks) > MARKS_MAX:
            self._forget_mark()

    def mark_from(self, number):
        """The oldest mark with at least this number, or None."""
        if number >= self.next_mark:
            return None
        return next((mark for mark in self._marks if mark[0] >= number), None)

    def at(self, offset):
        """The number of the first mark at or after `offset`, and the values in force before it."""
        values = dict(self._base)
        for number, where, name, value in self._marks:
            if where >= offset:
                return number, values
            values[name] = value
        return self.next_mark, values

    def _forget_mark(self):
        _number, _offset, name, value = self._marks.popleft()
        self._base[name] = value
