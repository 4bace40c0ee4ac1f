#!/bin/bash
# Waits inside for the daemon and the agent, `$1` seconds at most.
. /usr/local/lib/sandbox/nap.sh

# A daemon listens long before it serves: this one request lies there until then.
answers() {
	local answer
	answer=$(socat -t "$1" - UNIX-CONNECT:/run/docker.sock <<< $'GET /_ping HTTP/1.0\r\n\r' 2> /dev/null)
	[[ $answer == HTTP/1.?\ 200* ]]
}

until [ -S /run/docker.sock ] && answers "$1" && [ -S "$XDG_RUNTIME_DIR/agent.sock" ]; do
	[ $SECONDS -lt "$1" ] || exit 1
	nap
done
