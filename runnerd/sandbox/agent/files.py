"""The workspace's files for runnerd: look, read, compare and swap, and hear what changes.

Every change names what it expects to find (`expect`: a file's hash, 'dir', 'link:<target>', or null
for nothing) and is answered with what is there instead when that isn't so.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time

from opens import Opens
from ring import TEXT_MAX, Ring
from tree import Tree, content_of, refusal, rename_new
from watch import Watcher
from wire import Refused

VERSIONS_BYTES = 12 * 1024 * 1024
PATHS_MAX = 4000
# Between two looks at a file that somebody is just writing, in seconds.
PAUSE = 0.002


def install(agent):
    files = Files(agent)
    for op in ('watch', 'scan', 'read', 'write', 'ring', 'versions'):
        agent.register(f'files.{op}', getattr(files, op))
    for op in ('note', 'retire', 'remove', 'move', 'mkdir', 'symlink', 'chmod'):
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
        self._watcher = None
        # The connection of the flush that works here now.
        self._holder = None
        self._mend()

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
        if self._watcher:
            self._watcher.drain()
        return self._opens.unfinished(path)

    def read(self, request):
        """A file's bytes; with `key` they become a version in its ring."""
        path = request.header['path']
        while True:
            if not self._is_unfinished(path):
                data = self._read(path)
                if data or not self._opens.emptied(path):
                    break
            time.sleep(PAUSE)
            yield
        if len(data) > self._tree.hash_max:
            raise Refused('too-large', path)
        if 'key' in request.header:
            self._check_holder(request)
        return self._answer(request, path, data)

    def _read(self, path):
        try:
            with self._tree.parent(path) as (fd, name):
                file = self._tree.open(fd, name, path, os.O_RDONLY)
                try:
                    return self._tree.read_all(file)
                finally:
                    self._tree.close(file, path)
        except OSError as error:
            raise refusal(error) from error

    def _answer(self, request, path, data):
        entry = self._tree.entry(path) or {'path': path, 'kind': 'gone'}
        header = {'entry': entry, 'sha': hashlib.sha256(data).hexdigest()}
        if 'key' in request.header:
            # Whoever wrote it has it still.
            partial = self._opens.partial(path)
            header['v'] = self._ring.remember(self._key(request), path, data, True, partial)
        return header, data

    def write(self, request):
        """In place, so that descriptors, bind mounts and `tail -f` go on; or a new file."""
        path = request.header['path']
        while self._is_unfinished(path):
            time.sleep(PAUSE)
            yield
        self._check_holder(request)
        try:
            return self._write(request, path)
        except OSError as error:
            raise refusal(error) from error

    def _write(self, request, path):
        expect = request.header['expect']
        with self._tree.parent(path, create=True) as (fd, name):
            flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if expect is None else 0)
            try:
                file = self._tree.open(fd, name, path, flags)
            except (FileNotFoundError, FileExistsError, IsADirectoryError):
                return self._mismatch(path)
            try:
                return self._swap(request, file, path)
            except OSError:
                if expect is None and os.fstat(file).st_size == 0:
                    # Made, but not filled: nobody's empty file must stand where this one belongs.
                    os.unlink(name, dir_fd=fd)
                raise
            finally:
                self._tree.close(file, path)

    def _mismatch(self, path):
        """What is there instead is read when it is taken, by then finished."""
        return {'written': False, 'entry': self._tree.entry(path) or {'path': path, 'kind': 'gone'}}

    def _swap(self, request, file, path):
        # Whoever opens it meanwhile waits; where a program has it open already, none is granted.
        with leased(file):
            v = self._swap_leased(request, file, path)
        if v is None:
            return self._mismatch(path)
        return {'written': True, 'v': v, **_entry_of(self._tree, path)}

    def _swap_leased(self, request, file, path):
        """The number of the version that is in the file now, or None if it held something else."""
        header, new = request.header, request.body
        key, expect = self._key(request), header['expect']
        if self._watcher:
            # Whoever opened the file until now has the version that is there now.
            self._watcher.drain()
        old = self._tree.read_all(file)
        if expect is not None and _sha(old) != expect:
            return None
        v, record = self._intend(request, path)
        if self._is_unfinished(path) or os.fstat(file).st_size != len(old):
            # Someone wrote between our look and now.
            self._ring.abandon(key)
            return None
        self._tree.writing(path)
        try:
            overwrite(file, old, new)
        except OSError:
            self._ring.abandon(key)
            raise
        if self._watcher:
            self._watcher.drain()
            self._ring.blur(key)
        if expect is None:
            os.fchmod(file, header['mode'] & 0o777)
        self._ring.written(key, path, record)
        return v

    def _intend(self, request, path):
        """Notes what is about to be written, for whoever must end it after a crash."""
        header, new = request.header, request.body
        key = self._key(request)
        before = self._ring.newest(key)
        if header['binary']:
            v = self._ring.count(key, path)
        else:
            # Where nobody sees who reads, everybody may have.
            unseen = not self._watcher or self._watcher.blind
            v = self._ring.remember(key, path, new, unseen, on=header['on'])
        # Or it waits for a note: what it builds on isn't durable yet.
        record = {**header['record'], 'v': v} if header['on'] == 'agreed' else None
        intent = {'record': record, 'sha': _sha(new), 'v': v, 'fresh': v != before}
        self._ring.intend(key, path, intent)
        return v, record

    def _mend(self):
        """Ends what a crash interrupted: a write in place that is neither the old nor the new."""
        for key, intent, record in self._ring.intents():
            versions = self._ring.versions(key, VERSIONS_BYTES)
            try:
                path = intent['path']
                with self._tree.parent(path) as (fd, name):
                    file = self._tree.open(fd, name, path, os.O_RDWR)
                    try:
                        ended = self._mend_file(file, intent, versions, record)
                    finally:
                        self._tree.close(file, path)
            except (OSError, Refused, KeyError, TypeError):
                ended = False
            if ended:
                self._ring.written(key, path, intent['record'])
            else:
                self._ring.abandon(key)

    def _mend_file(self, file, intent, versions, record):
        """Whether what was intended is in the file now."""
        now = self._tree.read_all(file)
        if _sha(now) == intent['sha']:
            return True
        new = next((d for _, d in versions if _sha(d) == intent['sha']), None)
        # It was written over what had been agreed on, or over the version before.
        olds = [d for at, d in versions if at['v'] < intent['v']][:1]
        olds += [d for at, d in versions if record and at['v'] == record.get('v')] or [b'']
        if new is None or now in olds or not any(is_torn(now, old, new) for old in olds):
            return False
        overwrite(file, now, new)
        return True

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
        told = ('v', 'read', 'gap', 'partial', 'on')
        sizes = [{'size': len(d), **{name: at[name] for name in told}} for at, d in found]
        return {'versions': sizes}, b''.join(data for _, data in found)

    def _expected(self, request, path):
        entry = self._tree.entry(path)
        return content_of(entry) == request.header['expect'] and entry is not None

    def remove(self, request):
        path = request.header['path']
        if not self._expected(request, path):
            return {'done': False, **_entry_of(self._tree, path)}
        with self._tree.parent(path) as (fd, name):
            if request.header['expect'] == 'dir':
                os.rmdir(name, dir_fd=fd)
            else:
                os.unlink(name, dir_fd=fd)
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
        self._ring.commit(self._key(request), to, request.header['record'])
        return {'done': True, **_entry_of(self._tree, to)}

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

    def _made(self, request, path):
        self._ring.commit(self._key(request), path, request.header['record'])
        return {'done': True, **_entry_of(self._tree, path)}

    def chmod(self, request):
        path = request.header['path']
        with self._tree.parent(path) as (fd, name):
            file = self._tree.open(fd, name, path, os.O_RDONLY)
            try:
                os.fchmod(file, request.header['mode'] & 0o777)
            finally:
                self._tree.close(file, path)
        return self._made(request, path)


@contextlib.contextmanager
def leased(file):
    """Holds off whoever opens the file; see fcntl(2), F_SETLEASE. Not everywhere, not always."""
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def overwrite(file, old, new):
    """`new` in the place of `old`; a full disk leaves `old`."""
    try:
        _write_all(file, new)
        if len(new) < len(old):
            os.ftruncate(file, len(new))
    except OSError:
        _write_all(file, old)
        os.ftruncate(file, len(old))
        raise


def _write_all(file, data):
    view = memoryview(data)
    at = 0
    while at < len(view):
        at += os.pwrite(file, view[at:], at)


def is_torn(now, old, new):
    """Whether `now` is what an interrupted overwrite leaves: new up to somewhere, then old."""
    same = 0
    for a, b in zip(now, new):
        if a != b:
            break
        same += 1
    return now[same:] == old[same:]


def _entry_of(tree, path):
    return {'entry': tree.entry(path) or {'path': path, 'kind': 'gone'}}


def _sha(data):
    return hashlib.sha256(data).hexdigest()


def _json(value):
    return json.dumps(value, separators=(',', ':')).encode()
