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

import json
import os
import re
import select
import sys
import time

from disks import Disks, allocated
from kernel import CGROUPS, number, put, read
from watch import Watch, say

TICK_SECONDS = 1


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
