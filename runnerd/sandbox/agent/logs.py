"""Containers that print without end, by their logs: Docker keeps two files of each, and turns them over.

  event logs.flood {container}: it filled a file within SECONDS; short id, as `docker ps` shows it
"""

import os
import time

CONTAINERS = '/volume/docker/containers'
# How often to look (seconds).
LOOK = 3
# At 8 MB a file (lib/child.sh) nothing that is meant to be read prints as fast as this.
SECONDS = 60


class Logs:
    def __init__(self, agent):
        self._agent = agent
        # By container: when its older file became that, by its clock and by ours.
        self._turned = {}
        self._look()

    def _look(self):
        turned = dict(self._all())
        now = time.monotonic()
        for container, stamp in turned.items():
            before, when = self._turned.get(container, (None, 0))
            if before is None:
                # Perhaps long ago.
                when = now - SECONDS
            elif stamp != before:
                if now - when < SECONDS:
                    self._agent.emit('logs.flood', {'container': container[:12]})
                when = now
            turned[container] = stamp, when
        self._turned = turned
        self._agent.loop.call_later(LOOK, self._look)

    @staticmethod
    def _all():
        """Each container with the time at which its log was last turned over, 0 for never."""
        try:
            names = os.listdir(CONTAINERS)
        except OSError:
            return
        for name in names:
            try:
                yield name, os.stat(f'{CONTAINERS}/{name}/{name}-json.log.1').st_ctime_ns
            except OSError:
                yield name, 0


def install(agent):
    Logs(agent)
