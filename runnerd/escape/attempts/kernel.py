"""What the kernel would do for its own root: devices, settings, control groups, clock, memory."""

BROAD = ('/', '/dev', '/tmp', '/run', '/volume')


def node(kind, major, minor):
    """Makes a device node wherever it can; whether it opens is then up to the control group alone."""
    said = set()
    for folder in BROAD:
        path = f'{folder}/escape-{os.getpid()}'
        try:
            os.mknod(path, kind | 0o600, os.makedev(major, minor))
        except OSError as error:
            said.add(error.strerror)
        else:
            os.unlink(path)
            raise Out(path)
    return ', '.join(sorted(said))


@attempt("the host's disk as a device node")
def disk():
    with open('/proc/partitions') as table:
        rows = [line.split() for line in table.read().splitlines()[2:]]
    if not rows:
        raise Absent('the host shows no disk')
    return node(stat.S_IFBLK, int(rows[0][0]), int(rows[0][1]))


@attempt("the kernel's log as a device node")
def kmsg():
    return node(stat.S_IFCHR, 1, 11)


@attempt('a device that was handed in')
def devices():
    usual = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx'}
    for folder, folders, files in os.walk('/dev'):
        folders[:] = [name for name in folders if name not in ('pts', 'shm', 'mqueue')]
        for name in files:
            mode = os.lstat(f'{folder}/{name}').st_mode
            if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in usual:
                raise Out(f'{folder}/{name}')
    return 'only the usual ones'


@attempt('the memory of the kernel')
def memory():
    return must_not_open(('/dev/mem', '/dev/kmem', '/dev/port', '/proc/kcore'), os.O_RDONLY)


@attempt('the core pattern')
def core_pattern():
    return must_not_open(['/proc/sys/kernel/core_pattern'])


@attempt('magic sysrq')
def sysrq():
    return must_not_open(['/proc/sysrq-trigger'])


@attempt("any setting of the host's kernel")
def settings():
    # Of a namespace, not of the host: what its owner sets there is its own.
    own = ('/proc/sys/net', '/proc/sys/user', '/proc/sys/fs/mqueue')
    named = ('sem', 'msg', 'shm', 'auto_msgmni', 'hostname', 'domainname', 'ns_last_pid', 'pid_max')
    paths = []
    for folder, folders, files in os.walk('/proc/sys'):
        if folder.startswith(own):
            folders.clear()
            continue
        for name in files:
            if not (folder == '/proc/sys/kernel' and name.startswith(named)):
                paths.append(f'{folder}/{name}')
    return must_not_open(paths)


SWITCHES = ('kernel', 'power', 'module', 'firmware', 'block')


def switches(root):
    for top in SWITCHES:
        for folder, folders, files in os.walk(f'{root}/{top}'):
            folders[:] = [name for name in folders if name not in ('debug', 'tracing', 'slab')]
            for name in files:
                yield f'{folder}/{name}'


@attempt('the switches under /sys')
def sys_switches():
    mount('none', '/sys', None, 0x20)
    return must_not_open(switches('/sys'))


@attempt('the switches in a /sys of its own')
def sys_mounted():
    place = tempfile.mkdtemp()
    refusal = mount('sysfs', place, 'sysfs')
    mount('none', place, None, 0x20)
    return refusal or must_not_open(switches(place))


def hierarchies():
    """Mounts every hierarchy of control groups that it can; places, or what refused."""
    with open('/proc/self/cgroup') as table:
        rows = [line.split(':', 2) for line in table.read().splitlines()]
    for _, controllers, own in rows:
        if controllers.startswith('name='):
            continue
        place = tempfile.mkdtemp()
        if controllers:
            refusal = mount('cgroup', place, 'cgroup', 0, controllers)
        else:
            refusal = mount('cgroup2', place, 'cgroup2')
        yield place, own, refusal


@attempt('a release agent of control groups')
def release_agent():
    said = set()
    for place, _, refusal in hierarchies():
        said.add(refusal or must_not_open([f'{place}/release_agent', f'{place}/cgroup.procs']))
    return ', '.join(sorted(said))


LIMITS = ('memory.limit_in_bytes', 'memory.max', 'pids.max', 'cpu.cfs_quota_us', 'cpu.max')


@attempt('its own limits')
def own_limits():
    said = set()
    for controller in ('', 'memory', 'pids', 'cpu'):
        for name in LIMITS:
            path = os.path.join('/sys/fs/cgroup', controller, name)
            if os.path.exists(path):
                said.add(must_not_open([path]))
    for place, own, refusal in hierarchies():
        there = [f'{place}{own}/{name}' for name in LIMITS]
        said.add(refusal or must_not_open([path for path in there if os.path.exists(path)]))
    return ', '.join(sorted(said))


@attempt('the control groups of others')
def other_groups():
    said = set()
    for controller in ('memory', 'pids', 'cpu', 'devices', ''):
        top = os.path.join('/sys/fs/cgroup', controller)
        mount('none', top, None, 0x20 | 0x1000)  # MS_REMOUNT | MS_BIND: without MS_RDONLY
        for up in ('.', '..', '../..'):
            path = f'{top}/{up}/cgroup.procs'
            if os.path.exists(path):
                said.add(must_not_open([path]))
    for place, own, refusal in hierarchies():
        above = f'{place}{os.path.dirname(own.rstrip("/"))}/cgroup.procs'
        said.add(refusal or must_not_open([above]))
    return ', '.join(sorted(said))


@attempt('the messages of the kernel')
def messages():
    return kept_by(call(103, 116, 3, ctypes.create_string_buffer(64), 64), (errno.EPERM,))


def root_call(*number_and_arguments):
    """A call of which nothing but the right to make it is asked: its arguments can't do anything."""
    result = call(*number_and_arguments)
    if result == -errno.ENOSYS:
        raise Absent('not in this kernel')
    return kept_by(result, (errno.EPERM,))


@attempt('a kernel module')
def module():
    root_call(175, 105, 0, 0, 0)
    return root_call(313, 273, -1, 0, 0)


@attempt('another kernel')
def kexec():
    return root_call(246, 104, 0, -1, 0, 0)


@attempt('a reboot')
def reboot():
    return root_call(169, 142, 0xFEE1DEAD, 0, 0, 0)


@attempt('swap')
def swap():
    return root_call(167, 224, 0, 0)


@attempt('accounting of processes')
def accounting():
    return root_call(163, 89, b'/nowhere/at/all')


@attempt('input and output ports')
def ports():
    root_call(172, None, 3)
    return root_call(173, None, 0x80, 1, 1)


@attempt('the clock')
def clock():
    # Neither sets anything: the first names no time, the second no valid one.
    root_call(170, 170, 0, 0)
    timex = ctypes.create_string_buffer(struct.pack('i', 0x4000), 256)
    return root_call(159, 171, timex)


@attempt("a file system that the kernel keeps for its root")
def file_systems():
    said = set()
    place = tempfile.mkdtemp()
    for kind in ('debugfs', 'tracefs', 'securityfs', 'configfs', 'efivarfs', 'pstore'):
        refusal = mount('none', place, kind)
        if refusal is None:
            raise Out(kind)
        said.add(refusal)
    return ', '.join(sorted(said))


@attempt('where its memory lies in the machine')
def pagemap():
    page = ctypes.create_string_buffer(b'x' * 8192)
    number = ctypes.addressof(page) // os.sysconf('SC_PAGESIZE')
    try:
        with open('/proc/self/pagemap', 'rb') as table:
            table.seek(number * 8)
            (entry,) = struct.unpack('Q', table.read(8))
    except OSError as error:
        return error.strerror
    if entry & ((1 << 55) - 1):
        raise Out('a page frame')
    return 'page frames read as zero'


@attempt('where the kernel lies')
def kallsyms():
    if not os.path.exists('/proc/kallsyms'):
        raise Absent('not in this kernel')
    with open('/proc/kallsyms') as table:
        for _, line in zip(range(200), table):
            if int(line.split()[0], 16):
                raise Out(line.strip())
    return 'addresses read as zero'


@attempt('what Docker would have masked')
def masked():
    names = ('timer_list', 'sched_debug', 'latency_stats', 'kcore', 'timer_stats')
    return must_not_open([f'/proc/{name}' for name in names], os.O_RDONLY)
