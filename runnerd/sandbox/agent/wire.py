"""One connection of runnerd to the agent: frames in, frames out, everything bounded.

A frame, both ways:  u32 BE length of the rest | u32 BE header length | header | body
The header is JSON in UTF-8, the body is bytes. Requests carry `op`, and `id` if they want a reply;
replies carry that `id` and `ok`; events carry `ev`.
"""

import json
import struct
from collections import deque

from line import Line
from loop import log_exception

FRAME_MAX = 16 * 1024 * 1024
# Replies queued beyond this: no further request is read until they have left.
REPLIES_HIGH = 1024 * 1024
# Events queued beyond this: the connection is cut. Its owner reconnects and asks for the state.
EVENTS_MAX = 8 * 1024 * 1024
# Requests that a connection may have under way at once.
PENDING_MAX = 64
# Bytes written to one connection before the others have their turn.
TURN = 256 * 1024


class Refused(Exception):
    """An expected refusal: the reply is {ok: false, code, message}."""

    def __init__(self, code, message=''):
        super().__init__(message or code)
        self.code = code


class Malformed(Exception):
    """What came isn't the protocol."""


class Request:
    __slots__ = ('connection', 'op', 'header', 'body')

    def __init__(self, connection, header, body):
        self.connection = connection
        self.header = header
        self.op = header['op']
        self.body = body


def encode(header, body=b''):
    """A frame's parts; a large body isn't copied."""
    text = json.dumps(header, separators=(',', ':')).encode()
    length = 4 + len(text) + len(body)
    if length > FRAME_MAX:
        raise Refused('too-large', f'a frame of {length} bytes')
    head = struct.pack('>II', length, len(text)) + text
    return [head + body] if len(body) < 65536 else [head, body]


def decode(buffer):
    """Takes one frame off the front of `buffer`, or returns None until it is complete."""
    if len(buffer) < 8:
        return None
    length, header_length = struct.unpack_from('>II', buffer)
    if not 4 <= length <= FRAME_MAX or header_length > length - 4:
        raise Malformed('lengths')
    if len(buffer) < 4 + length:
        return None
    view = memoryview(buffer)
    text, body = bytes(view[8 : 8 + header_length]), bytes(view[8 + header_length : 4 + length])
    view.release()
    del buffer[: 4 + length]
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed('header') from None
    if not isinstance(header, dict) or not isinstance(header.get('op'), str):
        raise Malformed('header')
    return header, body


class Connection:
    """Owns its line. `dispatch(request)` answers; `closed(self)` hears of the end, once."""

    def __init__(self, loop, sock, dispatch, closed):
        self._loop = loop
        self._line = Line(loop, sock)
        self._dispatch = dispatch
        self._closed = closed
        self._in = bytearray()
        # (bytes, whether an event); the first one may be partly written.
        self._out = deque()
        self._written = 0
        self._queued = {True: 0, False: 0}
        self._sources = deque()
        self._pending = 0
        self.open = True
        self._watch()

    # What others may do with it.

    def reply(self, request, header, body=b''):
        if 'id' in request.header:
            self._send({'id': request.header['id'], **header}, body, False)

    def emit(self, ev, header, body=b''):
        self._send({'ev': ev, **header}, body, True)
        if self._queued[True] > EVENTS_MAX:
            self.close()

    def add_source(self, pull):
        """`pull()` returns (ev, header, body) or None; asked whenever nothing else is queued.

        Nothing waits in a queue for a slow reader this way: what it can't take stays where it is.
        """
        self._sources.append(pull)
        self.wake()

    def remove_source(self, pull):
        if pull in self._sources:
            self._sources.remove(pull)

    def wake(self):
        """A source has something new."""
        if self.open:
            self._flush()

    def close(self):
        if not self.open:
            return
        self.open = False
        self._line.close()
        self._in.clear()
        self._out.clear()
        self._sources.clear()
        self._closed(self)

    # Reading.

    def _readable(self):
        # What else was to be served in this turn may have closed it.
        if not self.open:
            return
        try:
            data = self._line.read()
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if data is None:
            self._watch()
        elif data:
            self._in += data
            self._take_requests()
        else:
            self.close()

    def _take_requests(self):
        try:
            while self.open and not self._choked():
                frame = decode(self._in)
                if frame is None:
                    break
                self._handle(Request(self, *frame))
        except Malformed:
            self.close()
        if self.open:
            self._watch()

    def _choked(self):
        return self._queued[False] > REPLIES_HIGH or self._pending >= PENDING_MAX

    def _handle(self, request):
        try:
            result = self._dispatch(request)
        except Exception as error:
            self._answer(request, None, error)
            return
        if hasattr(result, '__next__'):
            self._pending += 1
            self._loop.spawn(result, lambda value, error: self._finish(request, value, error))
        else:
            self._answer(request, result, None)

    def _finish(self, request, value, error):
        self._pending -= 1
        self._answer(request, value, error)
        if self.open:
            self._take_requests()

    def _answer(self, request, result, error):
        if not self.open:
            return
        try:
            if error is not None:
                raise error
            header, body = result if isinstance(result, tuple) else (result or {}, b'')
            self.reply(request, {'ok': True, **header}, body)
        except Refused as refusal:
            self.reply(request, {'ok': False, 'code': refusal.code, 'message': str(refusal)})
        except Exception as failure:
            log_exception(f'{request.op} failed')
            message = f'{type(failure).__name__}: {failure}'[:1000]
            self.reply(request, {'ok': False, 'code': 'internal', 'message': message})

    # Writing.

    def _send(self, header, body, event):
        if not self.open:
            return
        for part in encode(header, body):
            self._out.append((part, event))
            self._queued[event] += len(part)
        self._flush()

    def _flush(self):
        budget = TURN
        while budget > 0 and (self._out or self._pull()):
            part, event = self._out[0]
            try:
                sent = self._line.write(memoryview(part)[self._written :])
            except BlockingIOError:
                break
            except OSError:
                self.close()
                return
            budget -= sent
            self._written += sent
            if self._written == len(part):
                self._out.popleft()
                self._queued[event] -= len(part)
                self._written = 0
        self._watch()

    def _pull(self):
        for _ in range(len(self._sources)):
            self._sources.rotate(-1)
            item = self._sources[-1]()
            if item is not None:
                ev, header, body = item
                for part in encode({'ev': ev, **header}, body):
                    self._out.append((part, True))
                    self._queued[True] += len(part)
                return True
        return False

    def _watch(self):
        # More may wait in a source than one turn writes: being writable is then the next turn.
        writing = self._flush_and_resume if self._out else None
        reading = None if self._choked() else self._readable
        self._line.watch(reading, writing, self.close)

    def _flush_and_resume(self):
        if self.open:
            self._flush()
        if self.open and self._in:
            self._take_requests()
