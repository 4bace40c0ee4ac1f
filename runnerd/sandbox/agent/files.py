"""The workspace's files for runnerd: look, read, compare and swap, and hear what changes.

Every change names what it expects to find (`expect`: a file's hash, 'dir', 'link:<target>', or null
for nothing) and is answered with what is there instead when that isn't so.
"""

import hashlib
import json
import os
import stat
import time

from opens import Opens
from ring import Ring
from swap import Swaps
from tree import Tree, content_of, refusal, rename_new
from watch import Watcher
from wire import Refused

VERSIONS_BYTES = 12 * 1024 * 1024
PATHS_MAX = 4000
# Between two looks at a file that somebody is just writing, in seconds.
PAUSE = 0.002
# For this long a program that has a file open is given time to close it before we write there, in
# seconds; one that keeps its log open goes on beside us.
PATIENCE = 0.25
# A file that somebody rewrites without a pause is never finished: for this long we wait for it, in
# seconds. All others wait meanwhile.
PATIENCE_MOST = 0.5


def install(agent):
    files = Files(agent)
    for op in ('watch', 'scan', 'read', 'write', 'remove', 'ring', 'versions'):
        agent.register(f'files.{op}', getattr(files, op))
    for op in ('note', 'retire', 'move', 'mkdir', 'symlink', 'chmod'):
        agent.register(f'files.{op}', files.fenced(refusing(getattr(files, op))))


def refusing(handler):
    """The file system's errors as refusals."""

    def handle(request):
        try:
            return handler(request)
        except OSError as error:
            raise refusal(error) from error

    return handle


class Files:
    def __init__(self, agent):
        self._agent = agent
        self._tree = Tree(agent.root)
        self._ring = Ring(agent.state)
        self._opens = Opens(self._ring)
        self._swaps = Swaps(self._tree, self._ring, self._opens)
        self._watcher = None
        # The connection of the flush that works here now.
        self._holder = None
        self._swaps.mend()

    def watch(self, request):
        """Begins to watch; the names that are never synced come from runnerd.

        From here on this connection alone changes anything: what a flush that was killed had still
        asked for would be news to the one that has taken up its records meanwhile.
        """
        self._holder = request.connection
        never = frozenset(str(name) for name in request.header.get('never', []))
        if self._watcher is None:
            self._tree.never = never
            self._watcher = Watcher(self._agent.loop, self._tree, self._dirty, self._opens)
            self._swaps.watcher = self._watcher
        elif never != self._tree.never:
            self._tree.never = never
            self._watcher.renew()
        return {'generation': self._ring.generation, 'blind': self._watcher.blind}

    def fenced(self, handler):
        """Only for the flush that works here now."""

        def handle(request):
            self._check_holder(request)
            return handler(request)

        return handle

    def _check_holder(self, request):
        if self._holder not in (None, request.connection):
            raise Refused('superseded')

    def _dirty(self, paths, moves, rescan, blind):
        self._agent.emit(
            'files.dirty', {'paths': paths, 'moves': moves, 'rescan': rescan, 'blind': blind}
        )

    def scan(self, request):
        """All entries, or those at `paths`, as JSON in the body."""
        paths = request.header.get('paths')
        if paths is None:
            try:
                entries, complete = yield from self._tree.scan()
            except OSError as error:
                raise refusal(error) from error
        else:
            entries, complete = [], True
            for path in paths[:PATHS_MAX]:
                entries.append(self._tree.entry(path) or {'path': path, 'kind': 'gone'})
                yield
        return {'complete': complete}, _json(entries)

    @staticmethod
    def _key(request):
        return request.header['key']

    def _is_unfinished(self, path):
        self._tree.look()
        return self._opens.unfinished(path)

    def read(self, request):
        """A file's bytes; with `key` they become a version in its ring."""
        path = request.header['path']
        patience = time.monotonic() + PATIENCE_MOST
        while True:
            is_late = time.monotonic() >= patience
            if is_late or not self._is_unfinished(path):
                data, status = self._read(path)
                # Somebody may have begun meanwhile.
                is_whole = not self._is_unfinished(path)
                if is_late or (is_whole and (data or not self._opens.emptied(path))):
                    break
            time.sleep(PAUSE)
            yield
        # Whoever wrote it has it still.
        partial = self._opens.partial(path)
        if len(data) > self._tree.hash_max:
            raise Refused('too-large', path)
        if 'key' in request.header:
            self._check_holder(request)
        return self._answer(request, path, data, status, partial)

    def _read(self, path):
        try:
            with self._tree.parent(path) as (fd, name):
                file = self._tree.open(fd, name, path, os.O_RDONLY)
                try:
                    return self._tree.read_all(file), os.fstat(file)
                finally:
                    self._tree.close(file, path)
        except OSError as error:
            raise refusal(error) from error

    def _answer(self, request, path, data, status, partial):
        """What was read, whatever is there by now."""
        entry = {'path': path, 'kind': 'file', 'size': len(data), 'sha': _sha(data)}
        entry.update(mode=stat.S_IMODE(status.st_mode), ino=status.st_ino)
        header = {'entry': entry}
        if 'key' in request.header:
            since = status.st_ctime
            header['v'] = self._ring.remember(self._key(request), path, data, since, partial)
        return header, data

    def write(self, request):
        """In place, so that descriptors, bind mounts and `tail -f` go on; or a new file."""
        path = request.header['path']
        since = time.monotonic()
        while self._is_held(path, time.monotonic() - since):
            time.sleep(PAUSE)
            yield
        self._check_holder(request)
        try:
            v = self._swaps.swap(path, request.header, request.body)
        except OSError as error:
            raise refusal(error) from error
        # What is there instead is read when it is taken, by then finished.
        found = {'written': False} if v is None else {'written': True, 'v': v}
        return {**found, **_entry_of(self._tree, path)}

    def _is_held(self, path, waited, patience=PATIENCE):
        """Whether somebody is to write there first; who isn't through by the end is noticed then."""
        if waited >= PATIENCE_MOST:
            return False
        if self._is_unfinished(path):
            return True
        return waited < patience and self._swaps.is_open_for_writing(path)

    def note(self, request):
        """Takes runnerd's record of what both sides agree on."""
        self._ring.commit(self._key(request), request.header['path'], request.header['record'])

    def retire(self, request):
        self._ring.retire(self._key(request))

    def ring(self, request):
        """All records, as JSON in the body."""
        return {'generation': self._ring.generation}, _json(self._ring.records())

    def versions(self, request):
        """The versions of a file, newest first: their numbers and sizes, and their bytes in a row."""
        found = self._ring.versions(self._key(request), VERSIONS_BYTES)
        told = ('v', 'at', 'read', 'gap', 'partial', 'on')
        sizes = [{'size': len(d), **{name: at[name] for name in told}} for at, d in found]
        return {'versions': sizes}, b''.join(data for _, data in found)

    def _expected(self, request, path):
        entry = self._tree.entry(path)
        return content_of(entry) == request.header['expect'] and entry is not None

    def remove(self, request):
        """Waits for who is writing: what they wrote would be gone with the file."""
        path = request.header['path']
        since = time.monotonic()
        while self._is_held(path, time.monotonic() - since, PATIENCE_MOST):
            time.sleep(PAUSE)
            yield
        self._check_holder(request)
        try:
            return self._remove(request, path, request.header['expect'])
        except OSError as error:
            raise refusal(error) from error

    def _remove(self, request, path, expect):
        done = self._expected(request, path)
        if done and (expect == 'dir' or expect.startswith('link:')):
            with self._tree.parent(path) as (fd, name):
                (os.rmdir if expect == 'dir' else os.unlink)(name, dir_fd=fd)
        elif done:
            done = self._swaps.unlink(path, expect)
        if not done:
            return {'done': False, **_entry_of(self._tree, path)}
        self._tree.prune(path, request.header.get('keep', ''))
        self._ring.retire(self._key(request))
        return {'done': True, **_entry_of(self._tree, path)}

    def move(self, request):
        path, to = request.header['path'], request.header['to']
        if not self._expected(request, path):
            return {'done': False, **_entry_of(self._tree, path)}
        with self._tree.parent(path) as (fd, name), self._tree.parent(to, True) as (to_fd, new):
            rename_new(fd, name, to_fd, new)
        self._tree.prune(path, request.header.get('keep', ''))
        return self._made(request, to)

    def mkdir(self, request):
        path = request.header['path']
        with self._tree.parent(path, True) as (fd, name):
            os.mkdir(name, 0o755, dir_fd=fd)
        return self._made(request, path)

    def symlink(self, request):
        path = request.header['path']
        with self._tree.parent(path, True) as (fd, name):
            if request.header['expect'] is not None:
                if not self._expected(request, path):
                    return {'done': False, **_entry_of(self._tree, path)}
                os.unlink(name, dir_fd=fd)
            os.symlink(request.header['target'], name, dir_fd=fd)
        return self._made(request, path)

    def _made(self, request, path, **change):
        """Without a record: its content isn't agreed on yet, only where and what it is."""
        record = request.header['record']
        if record is None:
            self._ring.amend(self._key(request), path, **change)
        else:
            self._ring.commit(self._key(request), path, record)
        return {'done': True, **_entry_of(self._tree, path)}

    def chmod(self, request):
        path = request.header['path']
        with self._tree.parent(path) as (fd, name):
            file = self._tree.open(fd, name, path, os.O_RDONLY)
            try:
                os.fchmod(file, request.header['mode'] & 0o777)
            finally:
                self._tree.close(file, path)
        return self._made(request, path, mode=request.header['mode'])


def _entry_of(tree, path):
    return {'entry': tree.entry(path) or {'path': path, 'kind': 'gone'}}


def _sha(data):
    return hashlib.sha256(data).hexdigest()


def _json(value):
    return json.dumps(value, separators=(',', ':')).encode()
