"""The agent: the one long-lived process in a sandbox that keeps its files and its terminals.

runnerd speaks to it over a unix socket (wire.py), from outside through `docker exec` and a byte
bridge; runnerd may die and come back, the agent and the shells that it holds stay.

    python3 -I <this directory> --root /workspace --state DIR --socket PATH
"""

import fcntl
import os
import signal
import socket
import sys

import logs
import preview
import terminals
from loop import Loop
from nursery import Nursery
from wire import Connection, Refused

CONNECTIONS_MAX = 16


class Agent:
    """What the modules build on: `register` their operations, `emit` what happens, use `loop`."""

    def __init__(self, loop, root, state):
        self.loop = loop
        self.nursery = Nursery()
        self.root = root
        self.state = state
        # Another value means another agent: its terminals are gone, what it emitted may be missing.
        self.boot = os.urandom(8).hex()
        self._handlers = {}
        self._connections = []
        self._close_listeners = []
        self._child_listeners = []
        self.register('hello', lambda request: {'boot': self.boot, 'pid': os.getpid()})

    def register(self, op, handler):
        """`handler(request)` returns a dict, or (dict, bytes), or None; or is a generator.

        A generator yields to let others run and returns the same; requests that came meanwhile
        overtake it. `raise Refused(code, message)` says no; anything else is reported as internal.
        """
        self._handlers[op] = handler

    def emit(self, ev, header=None, body=b''):
        """To every connection; one that is too far behind is cut and asks anew."""
        for connection in list(self._connections):
            connection.emit(ev, header or {}, body)

    def on_close(self, listener):
        """`listener(connection)` when one has ended."""
        self._close_listeners.append(listener)

    def on_child(self, listener):
        """`listener()` when a child has ended; each module waits only for its own."""
        self._child_listeners.append(listener)

    def accept(self, sock):
        if len(self._connections) >= CONNECTIONS_MAX:
            sock.close()
            return
        self._connections.append(Connection(self.loop, sock, self._dispatch, self._closed))

    def child_ended(self):
        for listener in self._child_listeners:
            listener()

    def _dispatch(self, request):
        handler = self._handlers.get(request.op)
        if handler is None:
            raise Refused('unknown-op', request.op)
        return handler(request)

    def _closed(self, connection):
        self._connections.remove(connection)
        for listener in self._close_listeners:
            listener(connection)


def options(arguments):
    found = {'root': '/workspace', 'state': None, 'socket': None}
    words = iter(arguments)
    for word in words:
        name = word.removeprefix('--')
        value = next(words, None)
        if name not in found or value is None:
            sys.exit(f'agent: unknown option {word}')
        found[name] = os.path.abspath(value)
    if found['state'] is None or found['socket'] is None:
        sys.exit('agent: --state and --socket are needed')
    return found


def listen(path):
    """The socket, for this user alone; a second agent ends here."""
    lock = os.open(path + '.lock', os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit('agent: another one is running')
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    listener.bind(path)
    os.umask(mask)
    listener.listen(8)
    listener.setblocking(False)
    return listener


def watch_signals(loop, agent):
    """Signals become readable bytes, so that handlers run in the loop and nowhere else."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # Somebody waits for a file that we hold for a moment.
    signal.signal(signal.SIGIO, signal.SIG_IGN)

    def arrived():
        numbers = os.read(reader, 4096)
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            loop.stop()
        if signal.SIGCHLD in numbers:
            agent.child_ended()

    loop.watch(reader, arrived)


def main():
    chosen = options(sys.argv[1:])
    os.makedirs(chosen['state'], exist_ok=True)
    loop = Loop()
    agent = Agent(loop, chosen['root'], chosen['state'])
    listener = listen(chosen['socket'])
    watch_signals(loop, agent)
    terminals.install(agent)
    preview.install(agent)
    logs.install(agent)
    try:
        import files
    except ModuleNotFoundError as missing:
        if missing.name != 'files':
            raise
    else:
        files.install(agent)

    def connecting():
        try:
            agent.accept(listener.accept()[0])
        except OSError:
            pass

    loop.watch(listener.fileno(), connecting)
    print('agent: ready', file=sys.stderr, flush=True)
    loop.run()


main()
