"""One shell on its own pseudo-terminal and in its own session, as a terminal emulator starts it."""

import errno
import fcntl
import os
import resource
import signal
import struct
import termios

# Linux: pseudo-terminal input is UTF-8, so that erasing a character erases all of its bytes.
IUTF8 = 0o40000
# Linux: sends a signal to the foreground job of a master's pseudo-terminal.
TIOCSIG = 0x40045436
# Read from one shell before others have their turn.
TURN = 64 * 1024
# Typed, but not read by any program yet.
INPUT_MAX = 64 * 1024

# Of programs, named to who is about to end them.
PROGRAMS = 5

# As lib/headroom.sh does for containers.
PROCESSES = ('/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max')
REST = 192

INTERRUPTS = {3: signal.SIGINT, 28: signal.SIGQUIT, 26: signal.SIGTSTP}


class Shell:
    """`printed(data)` gets its output, `ended()` hears when nobody holds its terminal any more."""

    def __init__(self, agent, argv, env, cwd, size, printed, ended):
        self._loop = agent.loop
        self._printed = printed
        self._ended = ended
        self._input = bytearray()
        self._paused = False
        self.pid, self._fd, self._slave = start(agent.nursery, argv, env, cwd, size)
        self._watch()

    def resize(self, cols, rows):
        set_size(self._fd, cols, rows)

    def type(self, data):
        """False when too much is waiting already; nothing of `data` is taken then."""
        if self._input:
            self._interrupt(data)
        if len(self._input) + len(data) > INPUT_MAX:
            return False
        self._input += data
        self._write()
        return True

    def pause(self, paused):
        """Whether to leave its output where it is, so that it has to wait."""
        if paused != self._paused:
            self._paused = paused
            self._watch()

    def reap(self):
        """True when the process has ended; takes what it printed last."""
        if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            return False
        if self._fd is not None:
            self._read()
        return True

    def programs(self):
        """Names of what runs in its session beside it, in front or not."""
        found = set()
        for entry in os.scandir('/proc'):
            if entry.name.isdigit() and int(entry.name) != self.pid:
                name, session = process(entry.name)
                if session == self.pid:
                    found.add(name)
        return sorted(found)[:PROGRAMS]

    def close(self):
        """Hangs up: what still runs there gets SIGHUP, as when a window is closed."""
        self._loop.watch(self._fd)
        os.close(self._fd)
        self._fd = None

    def _interrupt(self, data):
        """Ctrl-C and the like work at once, though what was pasted before them is stuck."""
        number = next((INTERRUPTS[byte] for byte in data if byte in INTERRUPTS), None)
        if number is None or not termios.tcgetattr(self._fd)[3] & termios.ISIG:
            return
        self._input.clear()
        slave = os.open(self._slave, os.O_RDWR | os.O_NOCTTY)
        termios.tcflush(slave, termios.TCIFLUSH)
        os.close(slave)
        fcntl.ioctl(self._fd, TIOCSIG, number)

    def _watch(self):
        if self._fd is not None:
            reading = None if self._paused else self._readable
            self._loop.watch(self._fd, reading, self._write if self._input else None)

    def _readable(self):
        if not self._read():
            self._ended()

    def _read(self):
        """False at its end."""
        data = bytearray()
        alive = True
        while len(data) < TURN:
            try:
                piece = os.read(self._fd, TURN)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                piece = b''
            if not piece:
                alive = False
                break
            data += piece
        if data:
            self._printed(bytes(data))
        return alive

    def _write(self):
        while self._input:
            try:
                del self._input[: os.write(self._fd, self._input)]
            except BlockingIOError:
                break
            except OSError:
                # It has ended; its end is told by the reading side.
                self._input.clear()
        self._watch()


def process(pid):
    """The name and session of a process; neither when it has ended."""
    try:
        with open(f'/proc/{pid}/stat', 'rb') as file:
            stat = file.read()
    except OSError:
        return None, None
    # The name stands in parentheses and may hold any of its own.
    opening, closing = stat.index(b'('), stat.rindex(b')')
    fields = stat[closing + 2 :].split()
    if fields[0] == b'Z':
        return None, None
    return stat[opening + 1 : closing].decode(errors='replace').replace(',', ' '), int(fields[3])


def start(nursery, argv, env, cwd, size):
    """The process, the master's descriptor and the slave's path."""
    master, slave = os.openpty()
    try:
        os.set_blocking(master, False)
        attributes = termios.tcgetattr(slave)
        attributes[0] |= IUTF8
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        # Before the shell can ask for it.
        set_size(slave, *size)
        path = os.ttyname(slave)
        pid = nursery.fork(lambda: run(slave, argv, env, cwd))
    except OSError:
        os.close(master)
        raise
    finally:
        os.close(slave)
    return pid, master, path


def leave_rest():
    """What starts here may not take the last processes: those are for who comes to end them."""
    for path in PROCESSES:
        try:
            with open(path) as file:
                most = int(file.read()) - REST
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        except (OSError, ValueError):
            pass


def run(slave, argv, env, cwd):
    """In the child: becomes the shell."""
    try:
        signal.set_wakeup_fd(-1)
        # Python ignores these, and what is ignored stays so in the programs that a shell starts.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        leave_rest()
        os.login_tty(slave)
        try:
            os.chdir(cwd)
        except OSError:
            os.chdir('/')
        os.execve(argv[0], ['-' + os.path.basename(argv[0])] + argv[1:], env)
    except BaseException as error:
        os.write(2, f'The shell could not start: {error}\r\n'.encode())
    finally:
        os._exit(127)


def set_size(fd, cols, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))
