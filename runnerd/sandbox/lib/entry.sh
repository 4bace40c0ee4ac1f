#!/bin/bash
# The container's process, under the sandbox's own host uid and without capabilities: makes the
# student's namespaces, runs child.sh in them, and passes a request to stop on to it.
#
# --map-users/--map-groups  the student's root is subordinate id 100000, which is nobody on the host;
#                           newuidmap and newgidmap are the only privileged steps
# --setuid/--setgid 0       be that root from here on
# bounds.sh                 how many namespaces there may be inside; the second user namespace, with the
#                           same ids, is the student's
# --mount --propagation     mounts made inside stay inside
# --net                     a network stack that the student's daemon may shape; it leads nowhere
# --fork --kill-child       when this process goes, everything inside goes
set -u
cd /

# /run/sbx is a tmpfs of the host uid: what is written here can't be changed from inside.
# child.sh announces its pid through descriptor 3 and closes it before it starts anything else.
unshare --user --map-users 0:100000:65536 --map-groups 0:100000:65536 --setuid 0 --setgid 0 \
	/usr/local/lib/sandbox/bounds.sh \
	unshare --user --map-users 0:0:65536 --map-groups 0:0:65536 \
	--mount --propagation private --net --fork --kill-child \
	/usr/local/lib/sandbox/child.sh 3> /run/sbx/child &
unshare=$!

stop() {
	kill -TERM "$(< /run/sbx/child)" 2> /dev/null || kill -KILL "$unshare"
}
trap stop TERM INT

# A trapped signal interrupts `wait`, hence the loop.
while kill -0 "$unshare" 2> /dev/null; do wait "$unshare"; done
