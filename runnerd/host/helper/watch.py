"""What happens to sandboxes, and how much room their volumes take."""

import json
import os
import subprocess
import sys
import time

from agents import Agents
from disks import Disks
from kernel import CGROUPS, CONTAINER, DISKS, VOLUMES, counted, listed, number, read

# Walking a volume costs; one that can't have grown much since isn't walked again.
WALK_SECONDS = 15
ROOM_STEP = 64 << 20


def say(line):
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


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
