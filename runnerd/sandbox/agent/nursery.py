"""Where the agent's children come from: a thread that does nothing else.

What the kernel grants the agent's loop, it grants to what is started there, too. Outside, that may be
more than a sandbox's share of the cores (host/helper/agents.py): shells must not inherit it.
"""

import _thread
import os


class Nursery:
    """Begun before anything is granted."""

    def __init__(self):
        self._asked = _thread.allocate_lock()
        self._born = _thread.allocate_lock()
        self._asked.acquire()
        self._born.acquire()
        self._child = None
        self._pid = self._error = None
        try:
            # Not of the module threading: that alone costs each sandbox more memory than this.
            _thread.start_new_thread(self._run, ())
            self._alone = False
        except RuntimeError:
            # No process is left for it; who has no such thread is granted nothing.
            self._alone = True

    def fork(self, child):
        """The pid of a process in which `child()` runs and never returns, or the OSError of os.fork()."""
        self._child = child
        if self._alone:
            self._bear()
        else:
            self._asked.release()
            self._born.acquire()
        self._child = None
        if self._error:
            raise self._error
        return self._pid

    def _run(self):
        while True:
            self._asked.acquire()
            self._bear()
            self._born.release()

    def _bear(self):
        self._pid = self._error = None
        try:
            self._pid = os.fork()
            if self._pid == 0:
                self._child()
        except OSError as error:
            self._error = error
