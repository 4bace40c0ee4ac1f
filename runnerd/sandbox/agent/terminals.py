"""The sandbox's terminals: shells that outlive runnerd, with what they printed meanwhile.

  terminal.open    {terminal, cols, rows} → {shell, cols, rows, start, end}; finds it or makes it
  terminal.attach  {terminal, from?} → {}, then events, in the order in which it happened:
                     terminal.from    {terminal, offset, gap, end, shell, cols, rows}: it goes on from
                                      here; with `gap`, what lay before is lost; printed so far: `end`
                     terminal.output  {terminal, offset} + bytes
                     terminal.size    {terminal, offset, cols, rows}
                     terminal.shell   {terminal, offset, shell}: the one before has ended
  terminal.ack     {terminal, bytes}: of output, dealt with since it was attached
  terminal.input   {terminal} + bytes; refused as `input-full` when nobody reads what was typed
  terminal.resize  {terminal, cols, rows}
  terminal.plain   {on}: whether docker's progress comes as lines, for who hears it read aloud
  terminal.list    → {terminals}: the names of those that there are
  terminal.close   {terminal, sure} → {}; refused as `busy` while programs run in it, unless `sure`;
                     the refusal's message has their names, by commas
"""

import os
import signal
import time

from shell import Shell
from tape import Tape
from wire import Refused

NAMES = ('1', '2', '3', '4', '5', '6', '7', '8')
# Output sent on one connection but not acknowledged.
WINDOW = 256 * 1024
PIECE = 32 * 1024
# A connection that acknowledges nothing for so long no longer holds the shell up (seconds).
STALL = 5
# A shell that ended sooner isn't replaced at once, lest they follow each other without end (seconds).
SHORT_LIFE = 1
# Back from what a full-screen program may have left: its screen (1047, since 1049 would also move
# the cursor to where it was last saved), mouse and paste modes, keys.
RESET = (
    b'\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l'
    b'\x1b[!p\x1b>\x1b[0m\r\n'
)


class Attachment:
    """One connection's place on a terminal's tape."""

    def __init__(self, terminal, connection, offset):
        tape = terminal.tape
        self.terminal = terminal
        self.connection = connection
        self._place(min(max(offset, tape.start), tape.end))
        self._gap = self.offset != offset
        self._delivered = 0
        self._acked = 0
        self._stall_timer = None
        self.stalled = False

    @property
    def behind(self):
        return self._unacked + self.terminal.tape.end - self.offset >= WINDOW

    @property
    def _unacked(self):
        return self._delivered - self._acked

    def pull(self):
        """The next event for this connection, or None while it has nothing or no room."""
        if self._unacked >= WINDOW:
            return None
        tape = self.terminal.tape
        if self.offset < tape.start:
            self._place(tape.start)
            self._gap = True
        if self._before is not None:
            header = {'gap': self._gap, 'end': tape.end, **state(self._before)}
            self._before = None
            return self._event('terminal.from', header)
        mark = tape.mark_from(self._mark)
        if mark is not None and mark[1] <= self.offset:
            self._mark = mark[0] + 1
            return self._event('terminal.' + mark[2], state({mark[2]: mark[3]}))
        data = tape.read(self.offset, min(PIECE, mark[1] - self.offset if mark else PIECE))
        if not data:
            return None
        event = self._event('terminal.output', {}, data)
        self.offset += len(data)
        self._delivered += len(data)
        return event

    def _place(self, offset):
        """To be announced, with the values in force there."""
        self.offset = offset
        self._mark, self._before = self.terminal.tape.at(offset)

    def ack(self, count):
        count = min(count, self._delivered)
        if count > self._acked:
            self._acked = count
            self.stalled = False
            self._stop_stall()

    def watch_stall(self):
        """Counts the time for which the shell waits for this connection alone to say something."""
        if self.behind and not self.stalled and self._stall_timer is None:
            self._stall_timer = self.terminal.loop.call_later(STALL, self._stall)

    def end(self):
        self._stop_stall()
        if self.connection.open:
            self.connection.remove_source(self.pull)

    def _stall(self):
        self._stall_timer = None
        self.stalled = True
        self.terminal.flow()

    def _stop_stall(self):
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _event(self, ev, header, data=b''):
        return ev, {'terminal': self.terminal.name, 'offset': self.offset, **header}, data


class Terminal:
    def __init__(self, agent, name, argv, env, cwd, size):
        self._agent = agent
        self.loop = agent.loop
        self.name = name
        self.size = size
        self.number = 1
        self.tape = Tape(size=size, shell=1)
        self.attachments = {}
        self.shell = None
        self._start = (argv, env, cwd)
        # Shells that let go of their terminal and haven't ended yet.
        self._leaving = []
        self._closed = False
        self._run_shell()

    def resize(self, cols, rows):
        if (cols, rows) == self.size:
            return
        self.size = (cols, rows)
        if self.shell:
            self.shell.resize(cols, rows)
        self.tape.mark('size', self.size)
        self._wake()

    def type(self, data):
        # Between two shells too: it is for the next one.
        if self.shell is None or not self.shell.type(data):
            raise Refused('input-full')

    def attach(self, connection, offset):
        self.detach(connection)
        attachment = self.attachments[connection] = Attachment(self, connection, offset)
        # After the reply to `attach`, which is being made.
        self.loop.call_later(0, lambda: self._begin(attachment))

    def detach(self, connection):
        attachment = self.attachments.pop(connection, None)
        if attachment:
            attachment.end()
            self.flow()

    def flow(self):
        """The shell waits while all who listen are behind; nobody listening, it never does."""
        listening = [one for one in self.attachments.values() if not one.stalled]
        for one in listening:
            one.watch_stall()
        if self.shell:
            self.shell.pause(bool(listening) and all(one.behind for one in listening))

    def close(self):
        """For good; returns the shells that have yet to end."""
        for connection in list(self.attachments):
            self.attachments.pop(connection).end()
        self._closed = True
        left = self._leaving
        if self.shell:
            self.shell.close()
            left = [*left, self.shell]
            self.shell = None
        return left

    def reap(self):
        """A child has ended; perhaps one of these."""
        self._leaving = [shell for shell in self._leaving if not shell.reap()]
        if self.shell and self.shell.reap():
            self._replace()

    def _begin(self, attachment):
        if self.attachments.get(attachment.connection) is attachment:
            attachment.connection.add_source(attachment.pull)
            self.flow()

    def _released(self):
        """Nobody holds the pseudo-terminal; mostly the shell ends in this moment too."""
        if not self.shell.reap():
            os.kill(self.shell.pid, signal.SIGHUP)
            self._leaving.append(self.shell)
        self._replace()

    def _replace(self):
        self.shell.close()
        self.shell = None
        self.tape.write(RESET)
        self.number += 1
        self.tape.mark('shell', self.number)
        self._wake()
        short = time.monotonic() - self._began < SHORT_LIFE
        self.loop.call_later(SHORT_LIFE if short else 0, self._run_shell)

    def _run_shell(self):
        if self._closed:
            return
        self._began = time.monotonic()
        try:
            self.shell = Shell(self._agent, *self._start, self.size, self._printed, self._released)
        except OSError as error:
            # Out of processes, mostly. It is asked for again until there is room.
            self._printed(f'The shell could not start: {error.strerror}\r\n'.encode())
            self.loop.call_later(5, self._run_shell)
        self.flow()

    def _printed(self, data):
        self.tape.write(data)
        self._wake()

    def _wake(self):
        for attachment in list(self.attachments.values()):
            attachment.connection.wake()
        self.flow()


class Terminals:
    def __init__(self, agent):
        self._agent = agent
        self._terminals = {}
        # Shells of terminals that were closed, until they have ended.
        self._closing = []
        # While this file exists, shells have docker print plain progress.
        self._plain = os.path.join(agent.state, 'plain')
        self._env = {**environment(), 'SANDBOX_PLAIN': self._plain}

    def open(self, request):
        name, size = request.header.get('terminal'), window(request.header)
        if not isinstance(name, str) or name not in NAMES:
            raise Refused('no-terminal', 'terminals are named 1 to 8')
        if name not in self._terminals:
            self._terminals[name] = Terminal(
                self._agent, name, ['/bin/bash'], self._env, self._agent.root, size
            )
        terminal = self._terminals[name]
        values = {'size': terminal.size, 'shell': terminal.number}
        return {'start': terminal.tape.start, 'end': terminal.tape.end, **state(values)}

    def list(self, request):
        return {'terminals': sorted(self._terminals)}

    def close(self, request):
        terminal = self._find(request)
        if len(self._terminals) == 1:
            raise Refused('last', 'one terminal stays')
        programs = terminal.shell.programs() if terminal.shell else []
        if programs and request.header.get('sure') is not True:
            raise Refused('busy', ','.join(programs))
        del self._terminals[terminal.name]
        self._closing += terminal.close()

    def attach(self, request):
        offset = natural(request.header.get('from', 0))
        self._find(request).attach(request.connection, offset)

    def ack(self, request):
        terminal = self._find(request)
        attachment = terminal.attachments.get(request.connection)
        if attachment is None:
            raise Refused('not-attached')
        attachment.ack(natural(request.header.get('bytes')))
        request.connection.wake()
        terminal.flow()

    def type(self, request):
        self._find(request).type(request.body)

    def resize(self, request):
        self._find(request).resize(*window(request.header))

    def plain(self, request):
        try:
            if request.header.get('on') is True:
                open(self._plain, 'w').close()
            else:
                os.unlink(self._plain)
        except OSError:
            pass  # A full disk, or it is so already: progress is redrawn as before.

    def forget(self, connection):
        for terminal in self._terminals.values():
            terminal.detach(connection)

    def reap(self):
        for terminal in self._terminals.values():
            terminal.reap()
        self._closing = [shell for shell in self._closing if not shell.reap()]

    def _find(self, request):
        name = request.header.get('terminal')
        terminal = self._terminals.get(name) if isinstance(name, str) else None
        if terminal is None:
            raise Refused('no-terminal')
        return terminal


def environment():
    """The student's: what the sandbox gives the agent, and what a terminal adds."""
    env = {name: value for name, value in os.environ.items() if not name.startswith('PYTHON')}
    env.update(TERM='xterm-256color', COLORTERM='truecolor', LANG='C.UTF-8', SHELL='/bin/bash')
    env.setdefault('HOME', '/home/student')
    if 'XDG_RUNTIME_DIR' in env:
        env.setdefault('DOCKER_HOST', f'unix://{env["XDG_RUNTIME_DIR"]}/docker.sock')
    return env


def state(values):
    """Marks' values as a header carries them."""
    header = {}
    if 'size' in values:
        header['cols'], header['rows'] = values['size']
    if 'shell' in values:
        header['shell'] = values['shell']
    return header


def window(header):
    cols, rows = natural(header.get('cols')), natural(header.get('rows'))
    return min(max(cols, 2), 500), min(max(rows, 1), 300)


def natural(value):
    if type(value) is not int or value < 0:
        raise Refused('malformed', 'a number is missing')
    return value


def install(agent):
    terminals = Terminals(agent)
    agent.register('terminal.open', terminals.open)
    agent.register('terminal.list', terminals.list)
    agent.register('terminal.close', terminals.close)
    agent.register('terminal.attach', terminals.attach)
    agent.register('terminal.ack', terminals.ack)
    agent.register('terminal.input', terminals.type)
    agent.register('terminal.resize', terminals.resize)
    agent.register('terminal.plain', terminals.plain)
    agent.on_close(terminals.forget)
    agent.on_child(terminals.reap)
