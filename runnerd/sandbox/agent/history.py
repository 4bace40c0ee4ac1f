"""Which of a file's versions are kept: what somebody may still hold, spread over time."""

import time

VERSIONS = 48
NEWEST = 3
# Of the last two such whiles, what was there at the end of each, in seconds: see choose-base.ts.
MOMENT = 1.0


def thin(note, objects):
    """Before the newest, only what somebody has read or had time to; and not too many of those."""
    versions = note['versions']
    needed = _needed(note)
    now = time.time()
    for n in range(len(versions) - NEWEST - 1, -1, -1):
        version, newer = versions[n], versions[n + 1]
        lasted = int(version['at'] / MOMENT) != int(newer['at'] / MOMENT)
        if lasted and now - newer['at'] < 2 * MOMENT:
            continue
        if not version['read'] and version['v'] not in needed:
            objects.release(versions.pop(n)['sha'])
    while len(versions) > VERSIONS:
        forget(note, _crowded(note), objects)


def forget(note, n, objects):
    """Drops one; the next newer says so, if it matters."""
    dropped = note['versions'].pop(n)
    newer = note['versions'][n]
    newer['gap'] = newer['gap'] or dropped['gap'] or dropped['read']
    objects.release(dropped['sha'])


def _needed(note):
    """Numbers of versions that the records name."""
    return {kept.get('v') for kept in (note['record'], note['intent']) if kept}


def _crowded(note):
    """Which version is nearest to its neighbours for its age: neither an end nor a needed one."""
    versions, now, needed = note['versions'], time.time(), _needed(note)

    def room(n):
        around = versions[n + 1]['at'] - versions[n - 1]['at']
        return versions[n]['v'] in needed, around / (now - versions[n]['at'] + 0.001)

    return min(range(1, len(versions) - NEWEST), key=room)
