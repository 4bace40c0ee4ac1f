"""What was last flushed, per file, kept beside the workspace on its volume.

Each file has a record (runnerd's own words on what both sides agreed on) and a short ring of the
versions it had: those that runnerd wrote say what they build on (`on`: 'agreed', or runnerd's own
words for what may not be durable yet; null for those that it read). An editor may still hold what
somebody has read, however long ago: those versions are kept over the keystrokes between, and where
one had to go after all, the next newer one says so (`gap`).

A version that is about to be written is noted together with the intent to write it, in one step:
noted alone, it would pass for what is on disk after a crash, and the disk for a return to the past.
"""

import os
import re
import time

from history import forget, thin
from notes import Notes
from objects import Objects, replace

TEXT_MAX = 1024 * 1024
TOTAL_MAX = 64 * 1024 * 1024
KEYS_MAX = 5000
KEY = re.compile(r'[A-Za-z0-9_-]{1,64}\Z')


class Ring:
    def __init__(self, state):
        self._notes = Notes(os.path.join(state, 'ring'))
        self._objects = Objects(os.path.join(state, 'objects'))
        self.generation = self._generation(os.path.join(state, 'generation'))
        self._files = {}
        self._by_path = {}
        self._notes.load(self._load)
        self._objects.sweep_unknown()

    @staticmethod
    def _generation(path):
        """Names this volume: another one has other notes."""
        try:
            with open(path, encoding='ascii') as file:
                return file.read(64)
        except OSError:
            fresh = os.urandom(8).hex()
            replace(path, fresh.encode())
            return fresh

    def _load(self, key, note):
        """Whether the note is any good; without one its file is compared anew."""
        try:
            self._take_up(note)
            self._by_path[note['path']] = key
        except (OSError, KeyError, TypeError, AttributeError):
            return False
        self._files[key] = note
        return True

    def _take_up(self, note):
        note.setdefault('retired', 0)
        intent = note['intent']
        if intent and 'old' not in intent:
            # An older agent's, who kept less.
            intent = note['intent'] = None
        kept, lost = [], False
        for version in note['versions']:
            try:
                self._objects.use(version['sha'])
            except OSError:
                lost = True
                continue
            kept.append({'on': None, **version, 'gap': version['gap'] or lost})
            lost = False
        note['versions'] = kept
        for version in note['versions'][-1:]:
            # While nobody watched, anyone may have read it.
            version['read'] = True
        for sha in [intent['old'], intent['sha']] if intent else []:
            self._objects.use(sha)

    def records(self):
        """For each file: where it is, its record, its newest version, and how much is history."""
        return [
            {
                'key': key,
                'path': note['path'],
                'record': note['record'],
                'newest': self.newest(key),
                'retired': note['retired'],
            }
            for key, note in self._files.items()
            if note['record'] or note['versions']
        ]

    def intents(self):
        """[(key, path)] of what was about to be written."""
        return [(key, note['intent']['path']) for key, note in self._files.items() if note['intent']]

    def newest(self, key):
        note = self._files.get(key)
        return note['versions'][-1]['v'] if note and note['versions'] else 0

    def remember(self, key, path, data, since, partial=False):
        """Makes `data`, which somebody put on disk, the file's newest version; returns its number.

        `since`: when that was; `partial`: whoever writes it isn't through.
        """
        note = self._note(key, path)
        self._place(key, path)
        v = self._append(note, data, True, partial, None, since)
        self._save(key)
        return v

    def _append(self, note, data, read, partial, on, since=None):
        if len(data) > TEXT_MAX:
            return self._count(note)
        sha = self._objects.add(data)
        newest = note['versions'][-1] if note['versions'] else None
        if newest and newest['sha'] == sha:
            self._objects.release(sha)
            newest['read'] = newest['read'] or read
            newest['partial'] = partial
            return newest['v']
        v = self._count(note)
        at = time.time() if since is None else min(since, time.time())
        if newest:
            at = max(at, newest['at'])
        version = {'v': v, 'sha': sha, 'at': at, 'read': read, 'gap': False}
        note['versions'].append({**version, 'partial': partial, 'on': on})
        thin(note, self._objects)
        self._make_room(note)
        return v

    def _make_room(self, note):
        """All files together hold no more than so much: the oldest of the others make room."""
        for other in self._files.values():
            while other is not note and len(other['versions']) > 1 and self._full():
                forget(other, 0, self._objects)

    def _full(self):
        return self._objects.total > TOTAL_MAX

    def intend(self, key, path, change, record, read, on):
        """Before `change`, (old, new), is written in place, for whoever must end it after a crash.

        `on` is None for content whose versions aren't kept; `record`, if any, gets the number of the
        new version and becomes the file's once it is `written`. Returns that number.
        """
        old, new = change
        note = self._note(key, path)
        self._place(key, path)
        before = self.newest(key)
        v = self._count(note) if on is None else self._append(note, new, read, False, on)
        self._end_intent(note)
        try:
            note['intent'] = {
                'path': path,
                'record': record and {**record, 'v': v},
                'old': self._objects.add(old),
                'sha': self._objects.add(new),
                'v': v,
                'fresh': v != before,
            }
            self._save(key)
        except OSError:
            # Nothing of it is on disk, so it must not be in memory either.
            self._undo(note, self._end_intent(note) or {'v': v, 'fresh': v != before})
            raise
        return v

    def _undo(self, note, intent):
        versions = note['versions']
        if intent['fresh'] and versions and versions[-1]['v'] == intent['v']:
            self._objects.release(versions.pop()['sha'])

    def _end_intent(self, note):
        intent, note['intent'] = note['intent'], None
        if intent:
            self._objects.release(intent['old'])
            self._objects.release(intent['sha'])
        return intent

    def change(self, key):
        """What was to be written over what: (old, new)."""
        intent = self._files[key]['intent']
        return tuple(self._objects.read(intent[name], -1) for name in ('old', 'sha'))

    def written(self, key):
        """What was intended is on disk. No record: it builds on what may not be durable yet."""
        note = self._files[key]
        intent = note['intent']
        if intent['record']:
            self.commit(key, intent['path'], intent['record'])
            return
        self._end_intent(note)
        self._save(key)

    def abandon(self, key):
        """What was intended was never written: no version."""
        note = self._files[key]
        self._undo(note, self._end_intent(note))
        self._save(key)

    def commit(self, key, path, record):
        note = self._note(key, path)
        self._place(key, path)
        self._end_intent(note)
        note['record'] = record
        self._save(key)

    def amend(self, key, path, **change):
        """What was agreed on stays so, at `path` and with `change`."""
        note = self._note(key, path)
        record = note['record'] and {**note['record'], 'path': path, **change}
        self.commit(key, path, record)

    def _place(self, key, path):
        """The file is at `path` now: who opens that reads this file."""
        note = self._files[key]
        if self._by_path.get(note['path']) == key:
            del self._by_path[note['path']]
        if path != note['path'] and note['versions']:
            # Read at its new place before we knew that it is there.
            note['versions'][-1]['read'] = True
        note['path'] = path
        self._by_path[path] = key

    def retire(self, key):
        """The file is gone; its versions stay for a while, should it come back."""
        note = self._files.get(key)
        if note is None:
            return
        if self._by_path.get(note['path']) == key:
            del self._by_path[note['path']]
        # Should it come back, these are no news.
        self._end_intent(note)
        note.update(record=None, retired=note['next'])
        # The last retired are the last to be dropped.
        self._files[key] = self._files.pop(key)
        self._save(key)

    def _drop(self, key):
        note = self._files.pop(key, None)
        if note is None:
            return
        if self._by_path.get(note['path']) == key:
            del self._by_path[note['path']]
        self._end_intent(note)
        for version in note['versions']:
            self._objects.release(version['sha'])
        self._notes.drop(key)
        self._objects.sweep()

    def versions(self, key, most):
        """[(version, bytes)], the newest first, `most` bytes together."""
        found = []
        note = self._files.get(key)
        for version in reversed(note['versions'] if note else []):
            try:
                data = self._objects.read(version['sha'], TEXT_MAX + 1)
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

    @staticmethod
    def _count(note):
        note['next'] += 1
        return note['next'] - 1

    def _save(self, key):
        self._notes.save(key, self._files[key])
        self._objects.sweep()
