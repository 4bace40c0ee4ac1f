"""What one connection reads and writes: its socket, or the two pipes that came over it.

A bridge (bin/sbx-agent-connect) hands its standard input and output over with its first byte and
then only waits: its socket ends when the bridge does, and the bridge when the socket is closed.
Anybody else speaks on the socket itself. Which of the two it is shows when the first bytes come.
"""

import array
import os
import socket
import stat

# At most so much at once, in bytes.
READ_MOST = 262144
PASSED = 2


class Line:
    """Without ever waiting: `read` and `write` raise BlockingIOError instead, OSError at the end."""

    def __init__(self, loop, sock):
        self._loop = loop
        self._socket = sock
        sock.setblocking(False)
        self._reader = self._writer = sock.fileno()
        self._passed = ()
        self._began = False

    def watch(self, readable, writable, ended):
        """`ended()` when a bridge is gone, however long nothing may be read."""
        if self._passed:
            self._loop.watch(self._reader, readable)
            self._loop.watch(self._writer, None, writable)
            self._loop.watch(self._socket.fileno(), ended)
        else:
            self._loop.watch(self._reader, readable, writable if self._began else None)

    def read(self):
        """Some bytes, none at the end; None for now."""
        if self._began:
            return os.read(self._reader, READ_MOST)
        room = socket.CMSG_SPACE(PASSED * array.array('i').itemsize)
        data, passed, flags, _ = self._socket.recvmsg(READ_MOST, room, socket.MSG_CMSG_CLOEXEC)
        self._began = True
        found = array.array('i')
        for level, kind, content in passed:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                found.frombytes(content[: len(content) - len(content) % found.itemsize])
        is_cut = bool(flags & socket.MSG_CTRUNC)
        if not found and not is_cut:
            return data
        self._passed = tuple(found)
        if is_cut or len(found) != PASSED or not all(map(_is_stream, found)):
            return b''
        # Whoever else has them open has no use for them any more.
        for fd in found:
            os.set_blocking(fd, False)
        self._reader, self._writer = found
        return None

    def write(self, data):
        """How many of the bytes were taken."""
        if not self._began:
            raise BlockingIOError
        return os.write(self._writer, data)

    def close(self):
        for fd in (*self._passed, self._socket.fileno()):
            self._loop.watch(fd)
        for fd in self._passed:
            os.close(fd)
        self._socket.close()


def _is_stream(fd):
    """A file would always be ready and never end; a terminal would change what goes through it."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
