"""Disks for volumes: files with a file system, attached as loop devices."""

import errno
import fcntl
import glob
import os
import re
import struct
import subprocess
import time

from kernel import DEVICES, DISKS

LINKS = f'{DEVICES}/containrlab'
# Of a loop device, how often it is tried, and with what pause; what it answers while it comes or goes.
TRIES, PAUSE_SECONDS = 50, 0.02
PASSING = (errno.EBUSY, errno.ENXIO, errno.ENODEV)
NAME = re.compile(r'[a-z0-9][a-z0-9-]{0,120}')

LOOP_CONFIGURE, LOOP_CLR_FD, LOOP_GET_STATUS64, LOOP_CTL_GET_FREE = 0x4C0A, 0x4C01, 0x4C05, 0x4C82
LO_AUTOCLEAR, LO_DIRECT_IO = 4, 16
INFO = struct.Struct('=QQQQQIIII64s64s32sQQ')
CONFIG = struct.Struct('=II232s64x')


class Disks:
    """Sparse files with a file system each, attached as loop devices that end with their last user."""

    def __init__(self):
        self.held = {}

    def probe(self):
        """Whether disks can be had here: one is made, mounted and thrown away."""
        if not os.path.isdir(DISKS):
            return 'no place for disks'
        name = f'probe-{os.getpid()}-{time.monotonic_ns()}'
        target = '/tmp/probe'
        os.makedirs(target, exist_ok=True)
        try:
            device = self.attach(name, 16 << 20)
            run('mount', '-t', 'ext4', '-o', 'noinit_itable,discard', device, target)
            run('umount', target)
        except (OSError, RuntimeError) as error:
            return str(error)
        finally:
            self.release(name)
            self.remove(name)
        return None

    def attach(self, name, size):
        path = self.path(name)
        device = self.found(name, path)
        if device is None:
            self.release(name)
            make(path, size)
            device = self.hold(name, path)
        os.makedirs(LINKS, exist_ok=True)
        link = f'{LINKS}/{name}'
        os.symlink(device, f'{link}.new')
        os.rename(f'{link}.new', link)
        return device_here(device)

    def found(self, name, path):
        """The device that it still has, held; one that is just losing its last user is let go."""
        for _ in range(TRIES):
            device = attached(path)
            if device is None or name in self.held:
                return device
            try:
                held = os.open(device_here(device), os.O_RDONLY)
            except OSError as error:
                if error.errno not in PASSING:
                    raise
            else:
                # From here on it stays, if it was still there.
                if attached(path) == device:
                    self.held[name] = held
                    return device
                os.close(held)
            time.sleep(PAUSE_SECONDS)
        raise RuntimeError('a device is neither there nor gone')

    def hold(self, name, path):
        """Clears itself with its last user; until the engine has mounted it, that's us."""
        for _ in range(TRIES):
            with open(f'{DEVICES}/loop-control', 'rb') as control:
                index = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            node = f'{DEVICES}/loop{index}'
            try:
                held = os.open(node, os.O_RDWR)
            except OSError as error:
                # Someone else took it in between, and it is going again.
                if error.errno not in PASSING:
                    raise
                time.sleep(PAUSE_SECONDS)
                continue
            backing = os.open(path, os.O_RDWR)
            flags = LO_AUTOCLEAR | LO_DIRECT_IO
            info = INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, flags, name.encode()[:63], b'', b'', 0, 0)
            try:
                fcntl.ioctl(held, LOOP_CONFIGURE, CONFIG.pack(backing, 0, info))
                self.held[name] = held
                return f'/dev/loop{index}'
            except OSError as error:
                os.close(held)
                # Someone else took it in between.
                if error.errno not in PASSING:
                    raise
            finally:
                os.close(backing)
        raise RuntimeError('no loop device is free')

    def release(self, name):
        held = self.held.pop(name, None)
        if held is not None:
            os.close(held)

    def sweep(self, keep):
        removed = []
        for path in glob.glob(f'{DISKS}/*.img*'):
            name = os.path.basename(path).split('.')[0]
            if name in keep or name in self.held or attached(path):
                continue
            self.remove(name)
            removed.append(name)
        return removed

    def remove(self, name):
        for path in (self.path(name), f'{self.path(name)}.new', f'{LINKS}/{name}'):
            if os.path.lexists(path):
                os.unlink(path)

    @staticmethod
    def path(name):
        if not NAME.fullmatch(name):
            raise RuntimeError('not a name')
        return f'{DISKS}/{name}.img'


def device_here(device):
    return device.replace('/dev', DEVICES, 1)


def attached(path):
    """The loop device of a file, by its inode: paths differ from one mount namespace to another."""
    try:
        file = os.stat(path)
    except FileNotFoundError:
        return None
    for place in glob.glob('/sys/block/loop*/loop'):
        device = f'/dev/{place.split("/")[3]}'
        try:
            with open(device_here(device), 'rb') as node:
                answer = fcntl.ioctl(node, LOOP_GET_STATUS64, bytes(INFO.size))
        except OSError:
            continue
        device_number, inode = INFO.unpack(answer)[:2]
        # The kernel says the device in its own encoding of major and minor.
        major, minor = os.major(file.st_dev), os.minor(file.st_dev)
        encoded = (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
        if inode == file.st_ino and device_number == encoded:
            return device
    return None


def run(*command, fine=(0,)):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode not in fine:
        raise RuntimeError(f'{command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}')
    return done.returncode


def make(path, size):
    """A new disk appears complete; one that was in use when the machine died is repaired first."""
    if not os.path.exists(path):
        with open(f'{path}.new', 'wb') as file:
            os.fchmod(file.fileno(), 0o600)
            file.truncate(size)
        run(
            'mkfs.ext4', '-q', '-F', '-m', '0', '-O', '^has_journal,^resize_inode',
            '-E', 'root_owner=100000:100000,lazy_itable_init=1,nodiscard', f'{path}.new',
        )
        os.rename(f'{path}.new', path)
        return
    grows = os.path.getsize(path) < size
    if run('e2fsck', *(['-f'] if grows else []), '-p', path, fine=(0, 1, 2, 4)) == 4:
        run('e2fsck', '-f', '-y', path, fine=(0, 1, 2))
    if grows:
        os.truncate(path, size)
        run('resize2fs', path)


def allocated(path):
    try:
        return os.stat(path).st_blocks * 512
    except OSError:
        return None
