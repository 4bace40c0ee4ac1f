"""What must be done and seen on the engine's own machine, which may be another than runnerd's.

Runs in a container of runnerd's for as long as runnerd holds its standard input, without a network
and with no capability but those of its work. Requests and answers are lines of JSON:

  {"n": 1, "do": "bound", "group", "shares", "weight", "memory"}   bounds the group of all sandboxes
  {"n": 2, "do": "disk", "name", "bytes", "empty"}   makes or grows a disk, or makes it anew, and
                                             attaches it; held until
  {"n": 3, "do": "release", "name"}          … the engine has mounted it: then it goes with its mount
  {"n": 4, "do": "sweep", "keep": [names]}   removes the disks of volumes that are no more
  {"n": 5, "do": "use", "names"}            what disks hold
  {"n": 6, "do": "watch", "disks": {name: bytes}}   whose use is told; bytes: of a volume without disk

are answered with {"n", "ok": …} or {"n", "error"}. Unasked it says {"oom": container},
{"pids": container, "used", "most"}, {"disk": name, "used", "most"}, {"free": bytes, "of": bytes}.
"""

import contextlib
import errno
import fcntl
import glob
import json
import os
import re
import select
import struct
import subprocess
import sys
import time

CGROUPS = '/host/cgroup'
DEVICES = '/host/dev'
DISKS = '/host/disks'
VOLUMES = '/host/volumes'
LINKS = f'{DEVICES}/containrlab'
TICK_SECONDS = 1
# Walking a volume costs; one that can't have grown much since isn't walked again.
WALK_SECONDS = 15
ROOM_STEP = 64 << 20
# Of a loop device, how often it is tried, and with what pause; what it answers while it comes or goes.
TRIES, PAUSE_SECONDS = 50, 0.02
PASSING = (errno.EBUSY, errno.ENXIO, errno.ENODEV)
# How an agent's process begins. What it has of a core beside its sandbox's share, in which period (µs);
# if it uses that up in so many periods between two looks, it is sent back for so long. All agents
# together have half of the cores, and on each the shares of one process of the services.
AGENT = ['python3', '-I', '-S', '/usr/local/lib/sandbox/agent']
AGENT_QUOTA, AGENT_PERIOD = 30_000, 100_000
BUSY_PERIODS, BACK_SECONDS, AGAIN_SECONDS = 4, 15, 2
AGENTS_SHARES, AGENTS_PERIOD = 1024, 10_000
NAME = re.compile(r'[a-z0-9][a-z0-9-]{0,120}')
CONTAINER = re.compile(r'[0-9a-f]{64}')

LOOP_CONFIGURE, LOOP_CLR_FD, LOOP_GET_STATUS64, LOOP_CTL_GET_FREE = 0x4C0A, 0x4C01, 0x4C05, 0x4C82
LO_AUTOCLEAR, LO_DIRECT_IO = 4, 16
INFO = struct.Struct('=QQQQQIIII64s64s32sQQ')
CONFIG = struct.Struct('=II232s64x')


def say(line):
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


def read(path):
    try:
        with open(path, encoding='ascii', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def counted(text, key):
    """The number behind `key` in a file of `key number` lines."""
    found = re.search(rf'^{key} (\d+)$', text, re.M)
    return int(found[1]) if found else 0


def put(value, path):
    """A value that the kernel refuses (less memory than is in use, say) must not cost the others."""
    try:
        with open(path, 'w', encoding='ascii') as file:
            file.write(str(value))
    except OSError as error:
        return f'{path}: {error.strerror}'


def allocated(path):
    try:
        return os.stat(path).st_blocks * 512
    except OSError:
        return None


def listed(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def number(text):
    return int(text) if text.strip().isdigit() else None


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


def bound(request):
    """The group above all sandboxes; `changed` says what the kernel refused."""
    group = request['group']
    if not re.fullmatch(r'[a-z]+(\.slice)?', group):
        raise RuntimeError('not a group')
    shares, weight, memory = (int(request[key]) for key in ('shares', 'weight', 'memory'))
    if os.path.isdir('/host/units'):
        # What systemd makes is systemd's: it takes the bounds from a unit, when it makes the slice.
        unit = f'/host/units/{group}'
        with open(f'{unit}.new', 'w', encoding='ascii') as file:
            file.write(f'[Slice]\nCPUWeight={weight}\nMemoryMax={memory}\n')
        os.rename(f'{unit}.new', unit)
    if os.path.exists(f'{CGROUPS}/cgroup.controllers'):
        values = {f'{group}/cpu.weight': weight, f'{group}/memory.max': memory}
    else:
        values = {f'cpu/{group}/cpu.shares': shares, f'memory/{group}/memory.limit_in_bytes': memory}
    refused = []
    for name, value in values.items():
        path = f'{CGROUPS}/{name}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        was = number(read(path))
        # The kernel rounds memory down to whole pages.
        if was is None or abs(was - value) >= 65536 or (value < 65536 and was != value):
            refused.append(put(value, path))
    return {'refused': [what for what in refused if what]}


class Agents:
    """Agents beside the group of all sandboxes, each in a group of its own: no build is before them.

    Only the thread that answers is moved: what an agent starts comes from another one (nursery.py) and
    stays where the sandbox is. What works there for longer goes back for a while, for that group is for
    answers: a sandbox gains next to nothing with it, whoever its agent is. Only with cgroup v1 can a
    process be bounded in one place and have its turns in another.
    """

    def __init__(self, group):
        self.homes = f'{CGROUPS}/cpu/{group}'
        self.root = f'{CGROUPS}/cpu/{group}-agents'
        # Containers: how often they had used up their share, and when they are looked at again.
        self.throttled = {}
        self.next = {}
        self.refused = None

    def look(self, places):
        """`places`: containers, and the names of their groups."""
        for known in (self.throttled, self.next):
            for container in known.keys() - places.keys():
                del known[container]
        for name in listed(self.root):
            if CONTAINER.fullmatch(name) and name not in places:
                remove(f'{self.root}/{name}')
        for container, place in places.items():
            group, home = f'{self.root}/{container}', f'{self.homes}/{place}'
            tasks = read(f'{group}/tasks').split()
            if tasks:
                self.judge(container, group, home)
            elif time.monotonic() >= self.next.get(container, 0) and os.path.isdir(home):
                self.next[container] = time.monotonic() + AGAIN_SECONDS
                self.take(group, home)

    def take(self, group, home):
        # Sent back by another who looks after this machine, perhaps.
        if os.path.isdir(group) and os.stat(group).st_mtime > time.time():
            return
        pid = next(filter(is_agent, read(f'{home}/cgroup.procs').split()), None)
        refused = pid and (self.make(group) or put(pid, f'{group}/tasks'))
        if refused and refused != self.refused:
            self.refused = refused
            print(f'agents stay among the builds: {refused}', file=sys.stderr, flush=True)

    def make(self, group):
        """What the kernel refused of it: without its bounds nothing is moved there."""
        try:
            os.makedirs(group, exist_ok=True)
        except OSError as error:
            return f'{group}: {error.strerror}'
        cores = os.cpu_count() or 1
        values = {
            f'{self.root}/cpu.shares': AGENTS_SHARES * cores,
            f'{self.root}/cpu.cfs_period_us': AGENTS_PERIOD,
            f'{self.root}/cpu.cfs_quota_us': AGENTS_PERIOD * cores // 2,
            f'{group}/cpu.cfs_period_us': AGENT_PERIOD,
            f'{group}/cpu.cfs_quota_us': AGENT_QUOTA,
        }
        return next(filter(None, (put(value, path) for path, value in values.items())), None)

    def judge(self, container, group, home):
        """Who used up its share in many of the last second's periods doesn't only answer."""
        throttled = counted(read(f'{group}/cpu.stat'), 'nr_throttled')
        before, self.throttled[container] = self.throttled.get(container, throttled), throttled
        if throttled - before >= BUSY_PERIODS:
            send_back(group, home)
            with contextlib.suppress(OSError):
                os.utime(group, (time.time() + BACK_SECONDS,) * 2)

    def close(self, places):
        """Without anybody to look at them none stays there."""
        for container, place in places.items():
            group = f'{self.root}/{container}'
            send_back(group, f'{self.homes}/{place}')
            remove(group)


def send_back(group, home):
    for task in read(f'{group}/tasks').split():
        put(task, f'{home}/tasks')


def remove(group):
    """Unless somebody is in it."""
    with contextlib.suppress(OSError):
        os.rmdir(group)


def is_agent(pid):
    """Whether it is an agent whose main thread starts nothing: it has another for that."""
    words = read(f'/proc/{pid}/cmdline').split('\0')
    return words[: len(AGENT)] == AGENT and len(listed(f'/proc/{pid}/task')) > 1


class Watch:
    """Tells what happens to sandboxes; says a thing when it changes, and at most once a tick."""

    def __init__(self, group):
        self.group = group
        self.kills = {}
        # What happened before we looked was told by another, or long ago.
        self.first = True
        self.disks = {}
        self.walked = {}
        self.used = {}
        self.free = 0
        self.agents = Agents(group)

    def look(self):
        containers = dict(self.containers())
        for container, place in containers.items():
            self.look_at(container, place)
        self.first = False
        self.agents.look(containers)
        for name in [name for name in self.used if name not in self.disks]:
            del self.used[name]
        for name, most in self.disks.items():
            self.weigh(name, most)
        free, of = self.room()
        if abs(free - self.free) >= ROOM_STEP:
            self.free = free
            say({'free': free, 'of': of})

    @staticmethod
    def room():
        place = DISKS if os.path.isdir(DISKS) else VOLUMES
        fs = os.statvfs(place)
        return fs.f_bavail * fs.f_frsize, fs.f_blocks * fs.f_frsize

    def containers(self):
        one = os.path.exists(f'{CGROUPS}/cgroup.controllers')
        root = f'{CGROUPS}/{self.group}' if one else f'{CGROUPS}/pids/{self.group}'
        found = [(CONTAINER.search(name), name) for name in listed(root)]
        now = {match[0] for match, _ in found if match}
        self.kills = {id: kills for id, kills in self.kills.items() if id in now}
        for match, name in found:
            if match:
                yield match[0], name

    def look_at(self, container, place):
        if os.path.exists(f'{CGROUPS}/cgroup.controllers'):
            kills = counted(read(f'{CGROUPS}/{self.group}/{place}/memory.events'), 'oom_kill')
            pids = f'{CGROUPS}/{self.group}/{place}'
        else:
            events = read(f'{CGROUPS}/memory/{self.group}/{place}/memory.oom_control')
            kills = counted(events, 'oom_kill')
            pids = f'{CGROUPS}/pids/{self.group}/{place}'
        if kills > self.kills.get(container, kills if self.first else 0):
            say({'oom': container})
        self.kills[container] = kills
        used, most = number(read(f'{pids}/pids.current')), number(read(f'{pids}/pids.max'))
        if used is not None and most and used > most // 2:
            say({'pids': container, 'used': used, 'most': most})

    def weigh(self, name, most):
        try:
            image = os.stat(Disks.path(name))
            used, most = image.st_blocks * 512, image.st_size
        except OSError:
            used = self.walk(name)
        if used is None or used == self.used.get(name):
            return
        self.used[name] = used
        say({'disk': name, 'used': used, 'most': most})

    def walk(self, name):
        """The size of a volume without a disk of its own; not more often than it is worth."""
        then, free_then = self.walked.get(name, (-WALK_SECONDS, 2**63))
        free, _ = self.room()
        if time.monotonic() - then < WALK_SECONDS or free_then - free < ROOM_STEP:
            return None
        self.walked[name] = (time.monotonic(), free)
        done = subprocess.run(
            ['du', '-skx', f'{VOLUMES}/{name}/_data'],
            capture_output=True, text=True, timeout=120, check=False,
        )
        kilobytes = number(done.stdout.split('\t')[0])
        return None if kilobytes is None else kilobytes * 1024


def answer(request, disks, watch):
    match request['do']:
        case 'bound':
            return bound(request)
        case 'disk':
            if request['empty']:
                disks.release(request['name'])
                # One that is still attached goes with its last user.
                disks.remove(request['name'])
            disks.attach(request['name'], int(request['bytes']))
            return {'device': f'/dev/containrlab/{request["name"]}'}
        case 'release':
            return disks.release(request['name'])
        case 'sweep':
            return disks.sweep(set(request['keep']))
        case 'use':
            free, size = watch.room()
            used = {name: allocated(Disks.path(name)) for name in request['names']}
            used = {name: held for name, held in used.items() if held is not None}
            return {'disk': {'size': size, 'free': free}, 'volumes': used}
        case 'watch':
            watch.disks = {name: int(most) for name, most in request['disks'].items()}
            return None
    raise RuntimeError('no such request')


def main():
    disks = Disks()
    watch = Watch(sys.argv[1])
    say({'disks': disks.probe()})
    rest = b''
    next_look = 0
    while True:
        # However much there is to answer meanwhile; the first time before anything is begun.
        if time.monotonic() >= next_look:
            watch.look()
            next_look = time.monotonic() + TICK_SECONDS
        ready, _, _ = select.select([0], [], [], TICK_SECONDS)
        if not ready:
            continue
        data = os.read(0, 65536)
        if not data:
            watch.agents.close(dict(watch.containers()))
            return
        *lines, rest = (rest + data).split(b'\n')
        for line in lines:
            request = json.loads(line)
            try:
                say({'n': request['n'], 'ok': answer(request, disks, watch)})
            except (OSError, RuntimeError, KeyError, ValueError) as error:
                say({'n': request['n'], 'error': str(error)[:1000]})


main()
