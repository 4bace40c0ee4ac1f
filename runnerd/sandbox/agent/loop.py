"""The agent's event loop: descriptors, timers and slices of long work, in one thread.

Not asyncio: importing that alone would double the agent's memory, and one runs per sandbox.
"""

import heapq
import itertools
import selectors
import sys
import time
from collections import deque


def log_exception(where):
    """Writes the current exception to standard error; never raises."""
    import traceback

    print(f'agent: {where}', file=sys.stderr)
    traceback.print_exc()


class Timer:
    __slots__ = ('callback',)

    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        self.callback = None


class Loop:
    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._timers = []
        self._order = itertools.count()
        self._tasks = deque()
        self._stopped = False

    def watch(self, fd, readable=None, writable=None):
        """Says what to call when `fd` can be read or written; neither ends the watch."""
        events = (selectors.EVENT_READ if readable else 0) | (
            selectors.EVENT_WRITE if writable else 0
        )
        known = fd in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(fd)
        elif known:
            self._selector.modify(fd, events, (readable, writable))
        else:
            self._selector.register(fd, events, (readable, writable))

    def call_later(self, seconds, callback):
        timer = Timer(callback)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), timer))
        return timer

    def spawn(self, generator, done=None):
        """Runs `generator` one step a turn, so that long work lets everything else go on.

        `done(value, error)` gets what it returned, or the exception that ended it.
        """
        self._tasks.append((generator, done))

    def stop(self):
        self._stopped = True

    def run(self):
        while not self._stopped:
            for key, mask in self._selector.select(self._timeout()):
                self._serve(key, mask)
            self._run_timers()
            for _ in range(len(self._tasks)):
                self._step(*self._tasks.popleft())

    def _timeout(self):
        if self._tasks:
            return 0
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return max(0, self._timers[0][0] - time.monotonic())

    def _serve(self, key, mask):
        readable, writable = key.data
        try:
            if mask & selectors.EVENT_READ and readable:
                readable()
            # What was read may have ended or changed the watch.
            if mask & selectors.EVENT_WRITE and writable and self._is(key):
                writable()
        except Exception:
            log_exception('a descriptor failed and is no longer watched')
            # It would fail again at once, for ever.
            self.watch(key.fd)

    def _is(self, key):
        now = self._selector.get_map().get(key.fd)
        return now is not None and now.data == key.data

    def _run_timers(self):
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            callback = heapq.heappop(self._timers)[2].callback
            if callback is None:
                continue
            try:
                callback()
            except Exception:
                log_exception('a timer failed')

    def _step(self, generator, done):
        value = error = None
        try:
            next(generator)
            self._tasks.append((generator, done))
            return
        except StopIteration as stop:
            value = stop.value
        except Exception as exception:
            error = exception
            if done is None:
                log_exception('a task failed')
        if done is not None:
            done(value, error)
