"""What was last flushed, per file, kept beside the workspace on its volume.

Each file has a record (runnerd's own words on what both sides agreed on) and a short ring of the
versions it had: those that runnerd wrote say what they build on (`on`: 'agreed', or runnerd's own
words for what may not be durable yet; null for those that it read). An editor may still hold what somebody has read, however long ago: those versions
are kept over the keystrokes between, and where one had to go after all, the next newer one says so
(`gap`).
"""

import json
import os
import re
import time
import hashlib

from loop import log_exception

VERSIONS = 48
NEWEST = 3
TEXT_MAX = 1024 * 1024
TOTAL_MAX = 64 * 1024 * 1024
KEYS_MAX = 5000
KEY = re.compile(r'[A-Za-z0-9_-]{1,64}\Z')


class Ring:
    def __init__(self, state):
        self._notes = os.path.join(state, 'ring')
        self._objects = os.path.join(state, 'objects')
        os.makedirs(self._notes, exist_ok=True)
        os.makedirs(self._objects, exist_ok=True)
        self.generation = self._generation(os.path.join(state, 'generation'))
        self._files = {}
        self._uses = {}
        self._sizes = {}
        self._total = 0
        self._by_path = {}
        self._load()

    @staticmethod
    def _generation(path):
        """Names this volume: another one has other notes."""
        try:
            with open(path, encoding='ascii') as file:
                return file.read(64)
        except OSError:
            fresh = os.urandom(8).hex()
            _replace(path, fresh.encode())
            return fresh

    def _load(self):
        for name in os.listdir(self._notes):
            key, dot, suffix = name.partition('.')
            try:
                if suffix != 'json':
                    raise ValueError(name)
                with open(os.path.join(self._notes, name), 'rb') as file:
                    note = json.loads(file.read())
                note.setdefault('retired', 0)
                for version in note['versions']:
                    version.setdefault('on', None)
                    size = os.stat(self._object(version['sha'])).st_size
                    self._use(version['sha'], size)
                for version in note['versions'][-1:]:
                    # While nobody watched, anyone may have read it.
                    version['read'] = True
                self._files[key] = note
                self._by_path[note['path']] = key
            except (OSError, ValueError, KeyError, TypeError):
                # A damaged note is as good as none: its file is compared anew.
                self._files.pop(key, None)
                _unlink(os.path.join(self._notes, name))
        for sha in os.listdir(self._objects):
            if sha not in self._uses:
                _unlink(self._object(sha))

    def records(self):
        """For each file: its record, its newest version, and how much of the ring is history."""
        return [
            {
                'key': key,
                'record': note['record'],
                'newest': self.newest(key),
                'retired': note['retired'],
            }
            for key, note in self._files.items()
            if note['record'] or note['versions']
        ]

    def intents(self):
        return [
            (key, note['intent'], note['record'])
            for key, note in self._files.items()
            if note['intent']
        ]

    def newest(self, key):
        note = self._files.get(key)
        return note['versions'][-1]['v'] if note and note['versions'] else 0

    def remember(self, key, path, data, read=False, partial=False, on=None):
        """Makes `data` the file's newest version; returns its number.

        `read`: somebody out there has it; `partial`: whoever writes it isn't through.
        """
        note = self._note(key, path)
        if len(data) > TEXT_MAX:
            return self._count(note)
        sha = hashlib.sha256(data).hexdigest()
        newest = note['versions'][-1] if note['versions'] else None
        if newest and newest['sha'] == sha:
            newest['read'] = newest['read'] or read
            newest['partial'] = partial
            return newest['v']
        if sha not in self._uses:
            _replace(self._object(sha), data)
        self._use(sha, len(data))
        v = self._count(note)
        version = {'v': v, 'sha': sha, 'at': time.time(), 'read': read, 'gap': False}
        note['versions'].append({**version, 'partial': partial, 'on': on})
        self._thin(note)
        self._save(key)
        return v

    def intend(self, key, path, intent):
        """Before a write in place: {sha, v, path, record or null, fresh}, for whoever must end it."""
        note = self._note(key, path)
        note['intent'] = {**intent, 'path': path}
        self._save(key)

    def written(self, key, path, record):
        """What was intended is on disk. No record: it builds on what may not be durable yet."""
        if record:
            self.commit(key, path, record)
            return
        self._files[key]['intent'] = None
        self._save(key)

    def abandon(self, key):
        """What was intended was never written: no version."""
        note = self._files[key]
        intent, note['intent'] = note['intent'], None
        versions = note['versions']
        if intent and intent.get('fresh') and versions and versions[-1]['v'] == intent['v']:
            self._release(versions.pop()['sha'])
        self._save(key)

    def commit(self, key, path, record):
        note = self._note(key, path)
        if self._by_path.get(note['path']) == key:
            del self._by_path[note['path']]
        if path != note['path'] and note['versions']:
            # Read at its new place before we knew that it is there.
            note['versions'][-1]['read'] = True
        note.update(path=path, record=record, intent=None)
        self._by_path[path] = key
        self._save(key)

    def retire(self, key):
        """The file is gone; its versions stay for a while, should it come back."""
        note = self._files.get(key)
        if note is None:
            return
        if self._by_path.get(note['path']) == key:
            del self._by_path[note['path']]
        # Should it come back, these are no news.
        note.update(record=None, intent=None, retired=note['next'])
        # The last retired are the last to be dropped.
        self._files[key] = self._files.pop(key)
        self._save(key)

    def _drop(self, key):
        note = self._files.pop(key, None)
        if note is None:
            return
        if self._by_path.get(note['path']) == key:
            del self._by_path[note['path']]
        for version in note['versions']:
            self._release(version['sha'])
        _unlink(os.path.join(self._notes, key + '.json'))

    def versions(self, key, most):
        """[(version, bytes)], the newest first, `most` bytes together."""
        found = []
        note = self._files.get(key)
        for version in reversed(note['versions'] if note else []):
            try:
                with open(self._object(version['sha']), 'rb') as file:
                    data = file.read(TEXT_MAX + 1)
            except OSError:
                continue
            most -= len(data)
            if most < 0:
                break
            found.append((version, data))
        return found

    def mark_read(self, path):
        """Somebody reads the file: what is there may come back changed.

        Returns a version that wasn't marked before.
        """
        note = self._files.get(self._by_path.get(path))
        if not note or not note['versions'] or note['versions'][-1]['read']:
            return None
        note['versions'][-1]['read'] = True
        return note['versions'][-1]

    def blur(self, key):
        """Who has opened the newest version by now may have met the one before."""
        before, newest = ([None, None] + self._files[key]['versions'])[-2:]
        if before and newest['read']:
            before['read'] = True

    def mark_all(self):
        """Nobody saw who read what."""
        for note in self._files.values():
            for version in note['versions']:
                version['read'] = True

    def _note(self, key, path):
        if not isinstance(key, str) or not KEY.match(key):
            raise ValueError('key')
        note = self._files.get(key)
        if note is None:
            if len(self._files) >= KEYS_MAX:
                retired = (k for k, other in self._files.items() if not other['record'])
                self._drop(next(retired, None) or next(iter(self._files)))
            # Numbers never come twice, not even after a note was dropped.
            first = int(time.time() * 1000)
            note = {'path': path, 'next': first, 'record': None, 'intent': None, 'versions': []}
            note['retired'] = 0
            self._files[key] = note
            self._by_path[path] = key
        return note

    def count(self, key, path):
        """The next version's number, for content that isn't kept here."""
        return self._count(self._note(key, path))

    @staticmethod
    def _count(note):
        note['next'] += 1
        return note['next'] - 1

    def _thin(self, note):
        versions = note['versions']
        for version in versions[:-NEWEST]:
            if not version['read'] and version['v'] not in self._needed(note):
                versions.remove(version)
                self._release(version['sha'])
        while len(versions) > VERSIONS:
            self._forget(note, self._crowded(note))
        if self._total <= TOTAL_MAX:
            return
        for other in list(self._files.values()):
            while other is not note and len(other['versions']) > 1 and self._total > TOTAL_MAX:
                self._forget(other, 0)

    @staticmethod
    def _needed(note):
        """Numbers of versions that the records name."""
        return {kept.get('v') for kept in (note['record'], note['intent']) if kept}

    def _crowded(self, note):
        """Which version is nearest to its neighbours for its age: neither an end nor a needed one."""
        versions, now, needed = note['versions'], time.time(), self._needed(note)

        def room(n):
            around = versions[n + 1]['at'] - versions[n - 1]['at']
            return versions[n]['v'] in needed, around / (now - versions[n]['at'] + 0.001)

        return min(range(1, len(versions) - NEWEST), key=room)

    def _forget(self, note, n):
        dropped = note['versions'].pop(n)
        newer = note['versions'][n]
        newer['gap'] = newer['gap'] or dropped['gap'] or dropped['read']
        self._release(dropped['sha'])

    def _use(self, sha, size):
        self._uses[sha] = self._uses.get(sha, 0) + 1
        if self._uses[sha] == 1:
            self._sizes[sha] = size
            self._total += size

    def _release(self, sha):
        self._uses[sha] -= 1
        if self._uses[sha] == 0:
            del self._uses[sha]
            self._total -= self._sizes.pop(sha)
            _unlink(self._object(sha))

    def _object(self, sha):
        return os.path.join(self._objects, str(sha).replace('/', '_'))

    def _save(self, key):
        _replace(
            os.path.join(self._notes, key + '.json'),
            json.dumps(self._files[key], separators=(',', ':')).encode(),
        )


def _replace(path, data):
    new = path + '.new'
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)
    os.rename(new, path)


def _unlink(path):
    try:
        os.unlink(path)
    except OSError:
        log_exception('an old version stays')
