"""System calls that the filter leaves no way to, and ways around the filter itself."""

NOT_THERE = (errno.ENOSYS,)


def filtered(name, calls):
    @attempt(name)
    def every():
        for numbers in calls:
            kept_by(call(*numbers), NOT_THERE, str(numbers[0]))
        return 'refused as if the kernel had no such call'


some = ctypes.create_string_buffer(512)
filtered('io_uring', [(425, 425, 1, some), (426, 426, -1), (427, 427, -1)])
filtered('userfaultfd', [(323, 282, 1)])
filtered('bpf', [(321, 280, 0, some, 0)])
filtered('performance counters', [(298, 241, some, 0, -1, -1, 0)])
filtered('the keyring', [(250, 219, 0, -3, 0), (248, 217, 0, 0, 0, 0, -3), (249, 218, 0, 0, 0, 0)])
filtered("the kernel's own asynchronous I/O", [(206, 0, 1, some)])
filtered(
    'the newer calls to mount',
    [(number, number, -1, 0, 0, 0, 0) for number in (428, 429, 430, 431, 432, 433, 442)],
)
filtered('clone3', [(435, 435, some, 0)])


def socket_of(family):
    return call(41, 198, family, 1, 0)


@attempt('a socket to the machine below')
def vsock():
    return kept_by(socket_of(40), (errno.EPERM,), 'AF_VSOCK')


@attempt('a socket to the machine below, by a number that the kernel shortens')
def vsock_long():
    return kept_by(socket_of((1 << 32) + 40), (errno.EPERM,), 'AF_VSOCK')


@attempt('a socket of a family that nobody needs')
def families():
    for family in range(64):
        if family not in (1, 2, 10, 16, 17):
            kept_by(socket_of(family), (errno.EPERM,), f'family {family}')
    return 'refused'


@attempt('a 32-bit system call')
def compat():
    import mmap

    if ARM:
        raise Absent('only of this architecture')
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex('b814000000cd80c3'))  # mov eax, 20 (getpid); int 0x80; ret
    here = ctypes.addressof(ctypes.c_char.from_buffer(code))
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CFUNCTYPE(ctypes.c_int)(here)() > 0 else 1)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        raise Out('getpid')
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        return 'ended by the filter'
    raise Absent('not in this kernel')


@attempt('an x32 system call')
def x32():
    result = call(0x40000000 | 39, None)
    if result == -errno.ENOSYS:
        raise Absent('not in this kernel')
    return kept_by(result, (errno.EPERM,))


@attempt('a file by its handle')
def handle():
    name = ctypes.create_string_buffer(struct.pack('Ii', 128, 0), 256)
    where = ctypes.c_int()
    result = call(303, 264, -100, b'/etc/hostname', name, ctypes.byref(where), 0)
    if result < 0:
        # Without the call that gives one, a handle can still be guessed: inode 2 is a root's.
        name = ctypes.create_string_buffer(struct.pack('IiII', 8, 1, 2, 0), 256)
    below = os.open('/etc/hostname', os.O_RDONLY)
    return kept_by(call(304, 265, below, name, 0), (errno.EPERM, errno.ENOSYS))
