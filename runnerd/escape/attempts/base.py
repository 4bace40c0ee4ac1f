"""Runs attempts to get out of a sandbox, each in a process of its own, and says of each how it ended.

The test joins this file and its neighbours into one program: `python3 -c <program> <facts as JSON>`.
An attempt raises Out when it got out, Absent when this kernel lacks what it goes for, and otherwise
returns what kept it in. One line of JSON per attempt: {name, how, said}.
"""

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

FACTS = json.loads(sys.argv[1])
ARM = platform.machine() == 'aarch64'
ATTEMPTS = {}
AT_ONCE = 6
SECONDS = 20

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


class Out(Exception):
    pass


class Absent(Exception):
    pass


def attempt(name):
    def register(function):
        ATTEMPTS[name] = function
        return function

    return register


def call(amd64, arm64, *arguments):
    """A system call by number: its result, or minus its error."""
    number = arm64 if ARM else amd64
    if number is None:
        raise Absent('this architecture has no such call')
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *words)
    return result if result >= 0 else -ctypes.get_errno()


def kept_by(result, refusals, what=''):
    """Anything but these errors means that the kernel dealt with the call."""
    if result >= 0 or -result not in refusals:
        raise Out(f'{what} reached the kernel: {result}')
    return os.strerror(-result)


def try_open(path, flags):
    """None when it opens, else why not. Nothing is ever written through what opens."""
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC))
        return None
    except OSError as error:
        return error.strerror


def must_not_open(paths, flags=os.O_WRONLY):
    said = {}
    for path in paths:
        refusal = try_open(path, flags)
        if refusal is None:
            raise Out(path)
        said[refusal] = said.get(refusal, 0) + 1
    if not said or set(said) == {'No such file or directory'}:
        raise Absent('not in this kernel')
    return ', '.join(f'{refusal} ({count})' for refusal, count in said.items())


def mount(source, target, kind, flags=0, data=None):
    """None when it is mounted, else why not."""
    encode = lambda text: text.encode() if text is not None else None
    if libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)) == 0:
        return None
    return os.strerror(ctypes.get_errno())


def in_user_namespace():
    with open('/proc/self/uid_map') as table:
        return table.read().split() != ['0', '0', '4294967295']


def processes():
    return [entry for entry in os.listdir('/proc') if entry.isdigit()]


def verdict(function):
    """Runs in the child. Mounts of an attempt end with it where it may have such a namespace."""
    libc.unshare(0x00020000)
    try:
        return 'kept', str(function() or '')
    except Out as out:
        return 'out', str(out)
    except Absent as absent:
        return 'absent', str(absent)
    except Exception as error:  # the attempt itself is wrong: the test must say so
        return 'broken', f'{type(error).__name__}: {error}'


def begin(name):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        os.write(writing, json.dumps(verdict(ATTEMPTS[name])).encode()[:4000])
        os._exit(0)
    os.close(writing)
    return child, reading


def finish(name, child, reading):
    text = b''
    while piece := os.read(reading, 4096):
        text += piece
    os.close(reading)
    status = os.waitpid(child, 0)[1]
    if text:
        how, said = json.loads(text)
    elif os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        how, said = 'kept', 'ended by the filter of system calls'
    else:
        how, said = 'broken', f'ended with status {status}'
    print(json.dumps({'name': name, 'how': how, 'said': said}), flush=True)


def main():
    names = [name for name in ATTEMPTS if name in FACTS.get('only', ATTEMPTS)]
    for first in range(0, len(names), AT_ONCE):
        begun = [(name, *begin(name)) for name in names[first : first + AT_ONCE]]
        for one in begun:
            finish(*one)
