"""Takes all there is of something that the kernel counts for each user: `<what> take`, which then holds
it until it is ended, or `<what> probe`, which takes one and says whether there was one."""

import ctypes
import errno
import os
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def inotify_instances():
    while (one := libc.inotify_init1(0)) >= 0:
        yield one


def inotify_watches():
    # A file counts again in each instance.
    files = [entry.path for folder in ('/usr/bin', '/usr/sbin') for entry in os.scandir(folder)]
    folders = [folder for folder, _, _ in os.walk('/usr')]
    for instance in inotify_instances():
        for path in files + folders:
            if libc.inotify_add_watch(instance, path.encode(), 0x2) >= 0:
                yield path
            elif ctypes.get_errno() == errno.ENOSPC:
                return


def message_queues():
    librt = ctypes.CDLL('librt.so.1', use_errno=True)
    name = f'/escape-{os.getpid()}-'
    for number in range(10_000):
        queue = f'{name}{number}'.encode()
        if librt.mq_open(queue, os.O_RDWR | os.O_CREAT, 0o600, None) < 0:
            return
        yield queue


def network_namespaces():
    # More than bounds.sh allows, and few enough to do no harm where nothing does.
    for _ in range(600):
        try:
            os.unshare(os.CLONE_NEWNET)
        except OSError:
            return
        yield os.open('/proc/self/ns/net', os.O_RDONLY)


what = {
    'inotify instances': inotify_instances,
    'inotify watches': inotify_watches,
    'message queues': message_queues,
    'network namespaces': network_namespaces,
}[sys.argv[1]]()

if sys.argv[2] == 'probe':
    print('none' if next(what, None) is None else 'one', flush=True)
else:
    print('all', sum(1 for _ in what), flush=True)
    time.sleep(600)
