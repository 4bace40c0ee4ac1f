#!/usr/bin/python3
"""repack.py OUT: makes wheels of all Python packages that Debian has installed here, and an index of
them as pip reads it (PEP 503).

A wheel holds a package's modules, compiled ones too, its metadata and its commands. What Debian keeps
elsewhere, as libraries in /usr/lib, isn't in it."""

import base64
import csv
import hashlib
import html
import importlib.metadata as metadata
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

SITE = Path('/usr/lib/python3/dist-packages')
# Wheels that Debian has as such.
READY = Path('/usr/share/python-wheels')
PYTHON = f'cp{sys.version_info.major}{sys.version_info.minor}'
PLATFORM = sysconfig.get_platform().replace('-', '_').replace('.', '_')
# Zip files begin with 1980; the same packages make the same wheels.
TIME = (1980, 1, 1, 0, 0, 0)


def normal(name):
    """As index pages are named."""
    return re.sub(r'[-_.]+', '-', name).lower()


def files_of(package):
    listed = subprocess.check_output(['dpkg', '-L', package], text=True).splitlines()
    return [Path(line) for line in listed if line.startswith(f'{SITE}/') and os.path.isfile(line)]


def owner(path):
    """The package that installed a path; several may share a directory, and none has made some."""
    found = subprocess.run(['dpkg', '-S', path], text=True, capture_output=True).stdout
    return found.split(':')[0].split(',')[0] or None


def tag(modules):
    compiled = [path.name for path in modules if path.suffix == '.so']
    if not compiled:
        return 'py3-none-any'
    stable = all('.abi3.' in name for name in compiled)
    return f'{PYTHON}-{"abi3" if stable else PYTHON}-{PLATFORM}'


def description(distribution):
    """Its metadata, with its requirements where the older form keeps them in a file of their own."""
    text = distribution.read_text('METADATA')
    if text:
        return text
    head, _, body = distribution.read_text('PKG-INFO').partition('\n\n')
    if 'Requires-Dist:' not in head:
        head += ''.join(f'\nRequires-Dist: {one}' for one in distribution.requires or [])
    return f'{head}\n\n{body}'


def write_wheel(out, distribution, modules):
    name = re.sub(r'[-_.]+', '_', distribution.metadata['Name'])
    kind = tag(modules)
    stem = f'{name}-{distribution.version}'
    info = f'{stem}.dist-info'
    pure = 'true' if kind.endswith('any') else 'false'
    contents = {str(path.relative_to(SITE)): path.read_bytes() for path in sorted(modules)}
    contents[f'{info}/METADATA'] = description(distribution).encode()
    contents[f'{info}/WHEEL'] = (
        f'Wheel-Version: 1.0\nGenerator: containrlab\nRoot-Is-Purelib: {pure}\nTag: {kind}\n'.encode()
    )
    commands = distribution.read_text('entry_points.txt')
    if commands:
        contents[f'{info}/entry_points.txt'] = commands.encode()
    record = io.StringIO()
    rows = csv.writer(record, lineterminator='\n')
    folder = out / normal(name)
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f'{stem}-{kind}.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
        for path, data in contents.items():
            add(wheel, path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
            rows.writerow([path, f'sha256={digest}', len(data)])
        rows.writerow([f'{info}/RECORD', '', ''])
        add(wheel, f'{info}/RECORD', record.getvalue().encode())


def add(wheel, path, data):
    entry = zipfile.ZipInfo(path, TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    wheel.writestr(entry, data)


def write_index(folder):
    links = []
    for wheel in sorted(folder.glob('*.whl')):
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        name = html.escape(wheel.name)
        links.append(f'<a href="{name}#sha256={digest}">{name}</a><br>\n')
    page = '<!DOCTYPE html>\n<title>Wheels</title>\n' + ''.join(links)
    (folder / 'index.html').write_text(page)


def main():
    out = Path(sys.argv[1])
    found = list(metadata.distributions(path=[str(SITE)]))
    infos = [str(one._path) for one in found]
    for one in found:
        package = owner(str(one._path))
        if package is None:
            continue
        # Of a package with several distributions, each has the modules; the metadata is its own.
        modules = [
            path
            for path in files_of(package)
            if '__pycache__' not in path.parts
            and not any(str(path) == info or str(path).startswith(f'{info}/') for info in infos)
        ]
        write_wheel(out, one, modules)
    for wheel in READY.glob('*.whl'):
        folder = out / normal(wheel.name.split('-')[0])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, folder)
    for folder in out.iterdir():
        write_index(folder)
    versions = sorted({'=='.join(path.name.split('-')[:2]) for path in out.glob('*/*.whl')}, key=str.lower)
    (out.parent / 'versions.txt').write_text(''.join(f'{one}\n' for one in versions))


main()
