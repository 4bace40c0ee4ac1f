"""The kernel's small files, and where the machine's are in here."""

import os
import re

CGROUPS = '/host/cgroup'
DEVICES = '/host/dev'
DISKS = '/host/disks'
VOLUMES = '/host/volumes'
CONTAINER = re.compile(r'[0-9a-f]{64}')


def read(path):
    try:
        with open(path, encoding='ascii', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def listed(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def counted(text, key):
    """The number behind `key` in a file of `key number` lines."""
    found = re.search(rf'^{key} (\d+)$', text, re.M)
    return int(found[1]) if found else 0


def number(text):
    return int(text) if text.strip().isdigit() else None


def put(value, path):
    """A value that the kernel refuses (less memory than is in use, say) must not cost the others."""
    try:
        with open(path, 'w', encoding='ascii') as file:
            file.write(str(value))
    except OSError as error:
        return f'{path}: {error.strerror}'
