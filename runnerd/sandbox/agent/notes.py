"""A note for each key, kept over a crash: the newest that was saved whole.

Each save has a name of its own: to rename over a file waits for a disk that all sandboxes share.
"""

import json
import os
import re

from objects import create, unlink

# An older agent's have no number.
NAME = re.compile(r'([A-Za-z0-9_-]{1,64})(?:\.(\d{1,18}))?\.json\Z')


class Notes:
    def __init__(self, directory):
        self._directory = directory
        os.makedirs(directory, exist_ok=True)
        # Key → the name that its note has now.
        self._names = {}
        self._number = 0

    def load(self, take):
        """`take(key, note)` says whether the note is any good; a damaged one is as good as none."""
        found = {}
        for name in os.listdir(self._directory):
            match = NAME.match(name)
            if match:
                found.setdefault(match[1], []).append((int(match[2] or 0), name))
            else:
                unlink(self._path(name))
        for key, names in found.items():
            for number, name in sorted(names, reverse=True):
                self._number = max(self._number, number)
                if key not in self._names and take(key, self._read(name)):
                    self._names[key] = name
                else:
                    unlink(self._path(name))

    def _read(self, name):
        try:
            with open(self._path(name), 'rb') as file:
                return json.loads(file.read())
        except (OSError, ValueError):
            return None

    def save(self, key, note):
        self._number += 1
        name = f'{key}.{self._number}.json'
        create(self._path(name), json.dumps(note, separators=(',', ':')).encode())
        self.drop(key)
        self._names[key] = name

    def drop(self, key):
        name = self._names.pop(key, None)
        if name:
            unlink(self._path(name))

    def _path(self, name):
        return os.path.join(self._directory, name)
