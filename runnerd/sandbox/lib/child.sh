#!/bin/bash
# Root of the sandbox's own namespaces: puts the file system and the network together, then keeps
# containerd, dockerd and the agent running until it is told to stop.
set -u
lib=/usr/local/lib/sandbox
runtime=$XDG_RUNTIME_DIR

# A /run of our own, under our own root, for sockets and pids.
mount -t tmpfs -o mode=755,size=64m sandbox-run /run
mkdir -p /run/docker /run/lock
mkdir -p -m 700 "$runtime"

# The volume: the daemon's data, the student's files and home, and the agent's notes on them.
mkdir -p /volume/workspace /volume/home /volume/agent
mount --bind /volume/workspace /workspace
mount --bind /volume/home /home/student

# Names and addresses that don't exist must fail at once, never hang: outside.sh answers for them.
printf 'nameserver 10.255.255.2\noptions timeout:1 attempts:1\n' > /run/resolv.conf
mount --bind /run/resolv.conf /etc/resolv.conf
printf '127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback\n' "$HOSTNAME" > /run/hosts
mount --bind /run/hosts /etc/hosts

cd /workspace

# Keeps `$@` running. A crash, or a student's kill, costs a second, not the sandbox.
keep() {
	while :; do
		"$@"
		echo "sandbox: $1 ended with status $?, starting it again" >&2
		sleep 1
	done
}

# Nothing that runs on gets descriptor 3 (see below). All of this begins at once: much of a start is
# waiting, and the daemons' own work is the rest.
"$lib/outside.sh" 3>&- &
outside=$!

# A daemon of ours: the wrapper of runc in lib/wrap comes first on its PATH, and only on a daemon's. It
# thinks of the machine's cores, of which a sandbox has about one: with a bound it doesn't collect its
# garbage on all of them at once, and starts a fifth faster.
daemon() {
	PATH=$lib/wrap:$PATH GOMAXPROCS=2 keep "$@"
}

# dockerd would start a containerd of its own, but then waits a second for it.
daemon containerd --config "$lib/containerd.toml" 3>&- &
containerd=$!

# The agent is the student's own process as far as the kernel knows.
keep "$lib/prompt.sh" python3 -I -S "$lib/agent" \
	--root /workspace --state /volume/agent --socket "$runtime/agent.sock" 3>&- &

run_dockerd() {
	. "$lib/nap.sh"
	for _ in {1..1000}; do [ -S /run/docker/containerd.sock ] && break; nap; done
	exec {silence}>&-
	rm -f /run/docker.pid
	# The mirror answers in the name of registries, with a certificate that nobody but daemons trust.
	if [ -f /mirror/trust.crt ]; then export SSL_CERT_FILE=/mirror/trust.crt; fi
	# --rootless: don't touch what only the host's root may (oom scores, cgroups, devices)
	# --storage-driver: what the shared images are laid out for is overlay2, so never guess another
	# --log-opt: one chatty container must not fill the volume
	dockerd --rootless --host=unix:///run/docker.sock --containerd=/run/docker/containerd.sock \
		--data-root=/volume/docker --exec-root=/run/docker/exec --pidfile=/run/docker.pid \
		--storage-driver=overlay2 --userland-proxy-path=/usr/sbin/docker-proxy \
		--log-level=warn --shutdown-timeout=3 \
		--log-opt max-size=8m --log-opt max-file=2
}
"$lib/import-images.sh"
daemon run_dockerd 3>&- &
dockerd=$!

# From here on commands may enter (sbx-enter): the namespaces are complete.
wait $outside
echo $$ >&3
exec 3>&-

# Stop: end the loops, then let dockerd stop its containers; this shell's end takes the rest along.
stop() {
	kill -KILL "$dockerd" "$containerd" 2> /dev/null
	kill -TERM "$(< /run/docker.pid)" 2> /dev/null
	for _ in {1..400}; do [ -e /run/docker.pid ] || break; sleep 0.01; done
	exit 0
}
trap stop TERM INT
while :; do wait; done
