#!/bin/sh
# Between the host and the student's namespaces: a user namespace whose bounds the student can't
# change, since nobody is left in it. What a namespace costs the kernel is charged to no sandbox in
# full: 8,000 of the network took 1.1 GB beyond the limit on memory. A container takes one of each.
for kind in cgroup ipc net pid time user uts; do
	echo 512 > /proc/sys/user/max_${kind}_namespaces
done
# Daemons make some of these for a moment.
echo 2048 > /proc/sys/user/max_mnt_namespaces
# Processes are bounded three times. The container's own limit is the last. 64 below it is that of all
# in the student's namespaces together, by the limit that a user namespace takes from its maker: so
# that sbx-relieve always finds room. (Set here: one level up the kernel counts by the sandbox's host
# uid, which another installation on this engine may use too.) 128 below that is what each user has in
# containers (headroom.sh) and terminals (agent/shell.py): so that commands enter, and daemon and agent
# go on.
for limit in /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max; do
	[ -f $limit ] || continue
	read -r most < $limit
	[ "$most" = max ] || ulimit -p $((most - 64))
done
exec "$@"
