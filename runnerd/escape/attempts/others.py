"""What belongs to others: processes, namespaces, users, files and memory."""


@attempt('tracing a process outside')
def trace():
    result = call(101, 117, 0x4206, 1, 0, 0)  # PTRACE_SEIZE, which stops nothing
    refusal = kept_by(result, (errno.EPERM, errno.ESRCH), 'ptrace')
    # Outside the student's namespaces, process 1 is the sandbox's own.
    if in_user_namespace():
        must_not_open(['/proc/1/mem'], os.O_RDONLY)
    return refusal


@attempt("reading another process's memory")
def read_memory():
    here = ctypes.create_string_buffer(8)
    vector = struct.pack('QQ', ctypes.addressof(here), 8)
    local, remote = (ctypes.create_string_buffer(vector) for _ in range(2))
    return kept_by(call(310, 270, os.getppid(), local, 1, remote, 1, 0), (errno.EPERM,))


@attempt("the host's files through a process")
def roots():
    said = set()
    for pid in processes():
        try:
            os.stat(f'/proc/{pid}/root{FACTS["engineRoot"]}')
        except OSError as error:
            said.add(error.strerror)
        else:
            raise Out(f'/proc/{pid}/root')
    return ', '.join(sorted(said))


@attempt('the namespaces of the processes around it')
def namespaces():
    said = set()
    for pid in (1, 2):
        for kind in ('mnt', 'net', 'uts', 'ipc', 'cgroup'):
            try:
                there = os.open(f'/proc/{pid}/ns/{kind}', os.O_RDONLY)
            except OSError as error:
                said.add(error.strerror)
                continue
            result = -ctypes.get_errno() if libc.setns(there, 0) else 0
            said.add(kept_by(result, (errno.EPERM,), kind))
    return ', '.join(sorted(said))


@attempt('a capability on the host')
def capability():
    if in_user_namespace():
        return 'its capabilities end at its user namespace'
    with open('/proc/self/status') as status:
        held = [line for line in status if line.startswith(('CapEff', 'CapPrm', 'CapAmb'))]
    if any(int(line.split()[1], 16) for line in held):
        raise Out(' '.join(held))
    return 'none is held'


@attempt('another user of the host')
def other_user():
    # Up to 65,535 the ids of the student's own namespace are theirs.
    for uid in [70_000] if in_user_namespace() else [0, FACTS['otherUid'], 70_000]:
        try:
            os.setresuid(uid, uid, uid)
        except OSError:
            continue
        raise Out(f'uid {uid}')
    return 'refused'


@attempt("mapping another sandbox's user into a namespace")
def map_user():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        libc.unshare(0x10000000)
        os.write(writing, b'x')
        time.sleep(SECONDS)
        os._exit(0)
    os.read(reading, 1)
    # Inside, id 0 is the student's own.
    refused = []
    try:
        for uid in [FACTS['otherUid']] if in_user_namespace() else [FACTS['otherUid'], 0]:
            done = subprocess.run(['newuidmap', str(child), '0', str(uid), '1'], capture_output=True)
            if done.returncode == 0:
                raise Out(f'uid {uid}')
            refused.append(done.stderr.decode().strip())
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return ', '.join(refused)


def programs():
    for folder in ('/usr', '/etc', '/opt', '/srv', '/var', '/root'):
        for below, _, names in os.walk(folder):
            for name in names:
                path = f'{below}/{name}'
                if stat.S_ISREG(os.lstat(path).st_mode):
                    yield path


@attempt('a setuid program')
def setuid():
    for path in programs():
        if os.lstat(path).st_mode & 0o6000:
            raise Out(path)
    return 'none'


@attempt('a program with capabilities')
def file_capabilities():
    for path in programs():
        try:
            os.getxattr(path, 'security.capability')
        except OSError:
            continue
        if path not in ('/usr/bin/newuidmap', '/usr/bin/newgidmap'):
            raise Out(path)
    return 'none but the two that map ids'


@attempt('a better place in the queue for the processor')
def priority():
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -1)
        raise Out('nice')
    except OSError:
        pass
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        raise Out('real time')
    except OSError as error:
        return error.strerror


@attempt('to be ended after the services when memory runs out')
def oom():
    try:
        with open('/proc/self/oom_score_adj', 'w') as file:
            file.write('-1')
    except OSError as error:
        return error.strerror
    raise Out('-1')


@attempt('more open files than its limit')
def more_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))
    except (OSError, ValueError) as error:
        return str(error)
    raise Out(str(hard + 1))


def must_not_write(folders):
    said = set()
    for folder in folders:
        path = f'{folder}/escape-{os.getpid()}'
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
        except OSError as error:
            said.add(error.strerror)
        else:
            os.unlink(path)
            raise Out(path)
    return ', '.join(sorted(said))


@attempt('the root file system')
def root_file_system():
    mount('none', '/', None, 0x20)
    mount('none', '/', None, 0x20 | 0x1000)
    return must_not_write(('/', '/etc', '/usr/local/bin', '/usr/local/lib/sandbox'))


def image_folders():
    yield '/tmpl'
    yield '/tmpl/current'
    # The second is how the sandbox's own daemon reaches them: by links.
    for layers in ('/tmpl/current/overlay2', '/volume/docker/overlay2'):
        if os.access(layers, os.R_OK):
            for name in sorted(os.listdir(layers)):
                if os.path.realpath(f'{layers}/{name}/diff').startswith('/tmpl/'):
                    yield f'{layers}/{name}/diff'


@attempt('the shared images')
def images():
    return must_not_write(image_folders())


@attempt('the shared images, mounted anew')
def images_mounted():
    said = [mount('none', '/tmpl', None, flags) for flags in (0x20, 0x20 | 0x1000)]
    place = tempfile.mkdtemp()
    refusal = mount('/tmpl', place, None, 0x1000)
    said += [refusal, mount('none', place, None, 0x20 | 0x1000)]
    places = [] if refusal else [place, f'{place}/current']
    return f'{said}: {must_not_write([*image_folders(), *places])}'


@attempt('the files of another sandbox')
def files():
    token = FACTS['token']
    tops = [f'/{name}' for name in os.listdir('/')] + [f'/proc/{pid}/root/volume' for pid in processes()]
    for top in (*tops, '/volume/..', '/workspace/..', f'{FACTS["engineRoot"]}/volumes'):
        for below in ('', 'workspace/'):
            if os.path.exists(f'{top}/{below}{token}'):
                raise Out(f'{top}/{below}{token}')
    return 'nowhere to be seen'


def marked():
    for pid in processes():
        try:
            with open(f'/proc/{pid}/cmdline') as line:
                if FACTS['token'] in line.read().split('\0'):
                    yield int(pid)
        except OSError:
            continue


@attempt('the processes of another sandbox')
def seen():
    for pid in marked():
        raise Out(f'process {pid}')
    return 'none is seen'


@attempt('a signal to another sandbox')
def signals():
    for pid in marked():
        try:
            os.kill(pid, 0)
        except OSError as error:
            return error.strerror
        raise Out(f'process {pid}')
    return 'nobody to send it to'


@attempt('the shared memory of another sandbox')
def shared_memory():
    result = libc.shmget(FACTS['memoryKey'], 0, 0)
    if result >= 0:
        raise Out(f'segment {result}')
    return os.strerror(ctypes.get_errno())
