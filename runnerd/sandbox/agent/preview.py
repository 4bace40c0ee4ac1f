"""The sandbox's own TCP ports: which of them somebody listens on, and connections to them.

  preview.watch  {on} → {ports}; while it is on, event preview.ports {ports} whenever they change
  preview.open   {stream, port}; event preview.opened {stream} when somebody answers there
  preview.data   {stream} + bytes, both ways; at most WINDOW of them on their way in each direction
  preview.ack    {stream, bytes}, both ways: how many bytes more were dealt with
  preview.end    {stream}, both ways: the last byte was sent
  preview.closed {stream, code}, both ways: it is over

`stream` is runnerd's number for a connection; each of runnerd's connections has its own.
"""

import errno
import socket
from collections import deque

from wire import Refused

WINDOW = 256 * 1024
PIECE = 32 * 1024
STREAMS_MAX = 64
PORTS_MAX = 64
# How often to look who listens (seconds).
LOOK = 1
LISTENING = '0A'
# An app may listen for one of the two alone.
ADDRESSES = ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'))


def listening():
    """The ports that somebody listens on in this network namespace, published ones among them."""
    ports = set()
    for path in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            with open(path) as table:
                next(table, None)
                for line in table:
                    _, local, _, state, _ = line.split(None, 4)
                    # The kernel names them first: what follows are connections, perhaps very many.
                    if state != LISTENING:
                        break
                    ports.add(int(local.rpartition(':')[2], 16))
        except OSError:
            pass
    return sorted(ports)[:PORTS_MAX]


class Stream:
    """One connection to a port. What the app sends waits in its socket until there is room for it."""

    def __init__(self, streams, number, port):
        self._streams = streams
        self._loop = streams.loop
        self._number = number
        self._port = port
        self._addresses = deque(ADDRESSES)
        self._socket = None
        self._opened = False
        # For the app, not written yet.
        self._in = bytearray()
        self._dealt_with = 0
        self._in_ended = False
        # From the app, not acknowledged yet.
        self._unacked = 0
        self._out_ended = False
        # Something can be read, as far as we know.
        self._ready = False
        self._connect()

    # What runnerd says.

    def take(self, data):
        if self._in_ended or len(self._in) + len(data) > WINDOW:
            self.close('malformed')
            return
        self._in += data
        if self._opened:
            self._write()

    def ack(self, count):
        self._unacked = max(0, self._unacked - count)
        self._watch()
        if self._ready:
            self._streams.connection.wake()

    def end(self):
        self._in_ended = True
        if self._opened:
            self._write()

    def close(self, code=None):
        """Says so to runnerd if there is a `code`."""
        if self._socket is not None:
            self._loop.watch(self._socket.fileno())
            self._socket.close()
            self._socket = None
        self._streams.forget(self._number)
        if code is not None:
            self._tell('preview.closed', {'code': code})

    # What runnerd's connection asks when it has room.

    def pull(self):
        """The next event, or None while there is nothing to read or no room."""
        if not self._ready or self._unacked >= WINDOW:
            return None
        event = {'stream': self._number}
        try:
            data = self._socket.recv(PIECE)
        except BlockingIOError:
            self._ready = False
            self._watch()
            return None
        except OSError:
            self.close()
            return 'preview.closed', {**event, 'code': 'reset'}, b''
        if data:
            self._unacked += len(data)
            return 'preview.data', event, data
        self._ready = False
        self._out_ended = True
        self._watch()
        self._loop.call_later(0, self._end_if_over)
        return 'preview.end', event, b''

    # The socket.

    def _connect(self):
        while self._addresses:
            family, address = self._addresses.popleft()
            try:
                self._socket = socket.socket(family, socket.SOCK_STREAM)
                self._socket.setblocking(False)
                result = self._socket.connect_ex((address, self._port))
            except OSError as error:
                result = error.errno
            if result in (0, errno.EINPROGRESS):
                self._loop.watch(self._socket.fileno(), None, self._connected)
                return
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        # After the request that is being dealt with.
        self._loop.call_later(0, lambda: self.close('nobody-listens'))

    def _connected(self):
        if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._loop.watch(self._socket.fileno())
            self._socket.close()
            self._socket = None
            self._connect()
            return
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._opened = True
        self._tell('preview.opened', {})
        self._write()

    def _readable(self):
        self._ready = True
        self._watch()
        self._streams.connection.wake()

    def _write(self):
        try:
            while self._in:
                sent = self._socket.send(memoryview(self._in)[:PIECE])
                del self._in[:sent]
                self._dealt_with += sent
        except BlockingIOError:
            pass
        except OSError:
            self.close('reset')
            return
        if self._dealt_with >= WINDOW // 4 or (self._dealt_with and not self._in):
            self._tell('preview.ack', {'bytes': self._dealt_with})
            self._dealt_with = 0
        if self._in_ended and not self._in:
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            self._end_if_over()
        self._watch()

    def _end_if_over(self):
        if self._socket is not None and self._in_ended and self._out_ended and not self._in:
            self.close('ended')

    def _watch(self):
        if self._socket is None or not self._opened:
            return
        reading = not self._ready and not self._out_ended and self._unacked < WINDOW
        self._loop.watch(
            self._socket.fileno(),
            self._readable if reading else None,
            self._write if self._in else None,
        )

    def _tell(self, ev, header):
        if self._streams.connection.open:
            self._streams.connection.emit(ev, {'stream': self._number, **header})


class Streams:
    """All of one connection of runnerd; they take turns."""

    def __init__(self, loop, connection):
        self.loop = loop
        self.connection = connection
        self._streams = {}
        self._turns = deque()
        connection.add_source(self._pull)

    def open(self, number, port):
        if number in self._streams or len(self._streams) >= STREAMS_MAX:
            raise Refused('too-many')
        self._turns.append(number)
        self._streams[number] = Stream(self, number, port)

    def find(self, number):
        return self._streams.get(number)

    def forget(self, number):
        if self._streams.pop(number, None):
            self._turns.remove(number)

    def close(self):
        for stream in list(self._streams.values()):
            stream.close()

    def _pull(self):
        for _ in range(len(self._turns)):
            if not self._turns:
                break
            self._turns.rotate(-1)
            event = self._streams[self._turns[-1]].pull()
            if event is not None:
                return event
        return None


class Preview:
    def __init__(self, agent):
        self._loop = agent.loop
        self._all = {}
        self._watchers = set()
        self._ports = []
        self._timer = None

    def watch(self, request):
        if request.header.get('on') is True:
            self._watchers.add(request.connection)
            self._look()
        else:
            self._watchers.discard(request.connection)
        return {'ports': self._ports}

    def open(self, request):
        port = natural(request.header.get('port'))
        if not 0 < port < 65536:
            raise Refused('malformed', 'no such port')
        streams = self._all.get(request.connection)
        if streams is None:
            streams = self._all[request.connection] = Streams(self._loop, request.connection)
        streams.open(natural(request.header.get('stream')), port)

    def data(self, request):
        stream = self._find(request)
        if stream:
            stream.take(request.body)

    def ack(self, request):
        stream = self._find(request)
        if stream:
            stream.ack(natural(request.header.get('bytes')))

    def end(self, request):
        stream = self._find(request)
        if stream:
            stream.end()

    def closed(self, request):
        stream = self._find(request)
        if stream:
            stream.close()

    def forget(self, connection):
        self._watchers.discard(connection)
        streams = self._all.pop(connection, None)
        if streams:
            streams.close()

    def _find(self, request):
        """None for one that has just ended here."""
        streams = self._all.get(request.connection)
        return streams and streams.find(natural(request.header.get('stream')))

    def _look(self):
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(LOOK, self._look) if self._watchers else None
        if not self._watchers:
            return
        ports = listening()
        if ports != self._ports:
            self._ports = ports
            for connection in list(self._watchers):
                connection.emit('preview.ports', {'ports': ports})


def natural(value):
    if type(value) is not int or value < 0:
        raise Refused('malformed', 'a number is missing')
    return value


def install(agent):
    preview = Preview(agent)
    agent.register('preview.watch', preview.watch)
    agent.register('preview.open', preview.open)
    agent.register('preview.data', preview.data)
    agent.register('preview.ack', preview.ack)
    agent.register('preview.end', preview.end)
    agent.register('preview.closed', preview.closed)
    agent.on_close(preview.forget)
