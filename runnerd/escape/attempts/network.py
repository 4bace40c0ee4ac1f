"""Ways over a socket: ports, addresses, names and the engine of the host."""


def greets(family, address):
    """Whether somebody there answers with the token."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(4)
        try:
            client.connect(address)
            answer = client.recv(200)
        except OSError as error:
            return str(error)
    if FACTS['token'].encode() in answer:
        raise Out(str(address))
    return f'{len(answer)} other bytes'


@attempt('a port of the host')
def host_port():
    return {greets(socket.AF_INET, (to, FACTS['hostPort'])) for to in FACTS['hostAddresses']}


@attempt('a port of another sandbox')
def other_port():
    return greets(socket.AF_INET, (FACTS['neighbour'], 9000))


@attempt('the metadata address of a cloud')
def metadata():
    return greets(socket.AF_INET, ('169.254.169.254', 80))


@attempt('an abstract socket of the host')
def abstract():
    return greets(socket.AF_UNIX, '\0' + FACTS['token'])


@attempt('a network interface that leads outside')
def interfaces():
    own = ('lo', 'outside', 'docker', 'br-', 'veth', 'eth') if in_user_namespace() else ('lo',)
    with open('/proc/self/net/dev') as table:
        names = [line.split(':')[0].strip() for line in table.read().splitlines()[2:]]
    for name in names:
        if not name.startswith(own):
            raise Out(name)
    return ' '.join(names)


@attempt("the socket of the host's engine")
def engine():
    said = set()
    for path in (FACTS['engineSocket'], f'/proc/1/root{FACTS["engineSocket"]}', '/run/docker.sock'):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(4)
            try:
                client.connect(path)
                client.sendall(b'GET /info HTTP/1.0\r\n\r\n')
                answer = b''
                while piece := client.recv(65536):
                    answer += piece
            except OSError as error:
                said.add(error.strerror)
                continue
        if FACTS['engineId'].encode() in answer:
            raise Out(path)
        said.add("the sandbox's own")
    return ', '.join(sorted(said))
