"""Agents of sandboxes, beside all builds."""

import contextlib
import os
import sys
import time

from kernel import CGROUPS, CONTAINER, counted, listed, put, read

# How an agent's process begins. What it has of a core beside its sandbox's share, in which period (µs);
# if it uses that up in so many periods between two looks, it is sent back for so long. All agents
# together have half of the cores, and on each the shares of one process of the services.
AGENT = ['python3', '-I', '-S', '/usr/local/lib/sandbox/agent']
AGENT_QUOTA, AGENT_PERIOD = 30_000, 100_000
BUSY_PERIODS, BACK_SECONDS, AGAIN_SECONDS = 4, 15, 2
AGENTS_SHARES, AGENTS_PERIOD = 1024, 10_000


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
