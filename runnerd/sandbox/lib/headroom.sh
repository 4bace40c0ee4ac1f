# To be sourced by sh (bash has another letter for it): what is started from here may fill the sandbox
# with processes and threads only up to a rest, for its daemon, its agent and who comes to end them
# (bounds.sh has the whole of it).
rest=192
for limit in /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max; do
	[ -f $limit ] || continue
	read -r most < $limit
	[ "$most" = max ] || ulimit -p $((most - rest))
done
