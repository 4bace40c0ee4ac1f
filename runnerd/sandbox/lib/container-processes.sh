#!/bin/bash
# container-processes.sh ps|pause|resume <state.json>: what runc does for a container by its cgroup,
# done by its process namespace. `ps` prints the list that containerd expects; a paused container's
# processes are stopped one by one, until a look finds none that still runs.
set -u
[[ $(< "$2") =~ \"init_process_pid\":([0-9]+) ]] || exit 1
init=${BASH_REMATCH[1]}

# In the order of their numbers.
members() {
	local space
	space=$(stat -Lc %i "/proc/$init/ns/pid") || return
	if [ "$space" = "$(stat -Lc %i /proc/self/ns/pid)" ]; then
		# It shares the sandbox's (--pid host): its first process and what descends from that.
		ps -eo pid=,ppid= --sort=pid | awk -v init="$init" '$1 == init || ($2 in ours) { ours[$1]; print $1 }'
	else
		stat -Lc '%i %n' /proc/[0-9]*/ns/pid 2> /dev/null | awk -v space="$space" -F'[ /]' '$1 == space { print $4 }' | sort -n
	fi
}

# Of those, the ones that aren't stopped (T) or gone (Z, X). Who waits in the kernel (D), perhaps for a
# child that is stopped by now (vfork), stops before it leaves it, once that was asked of it.
running() {
	for pid in $(members); do
		awk '/^State:/ { state = $2 }
			/^S(ig|hd)Pnd:.*[4-7c-f]....$/ { asked = 1 }
			END { exit state == "" || state ~ /[TZX]/ || (state == "D" && asked) }' \
			"/proc/$pid/status" 2> /dev/null && echo "$pid"
	done
}

case $1 in
	ps)
		pids=$(members | paste -sd,)
		[ -n "$pids" ] || exit 1
		printf '[%s]\n' "$pids"
		;;
	pause)
		# What is forked during a look is found by the next: two in turn must find none.
		quiet=0
		for _ in {1..100}; do
			pids=$(running)
			if [ -n "$pids" ]; then
				quiet=0
				kill -STOP $pids 2> /dev/null
			else
				[ $((quiet += 1)) -lt 2 ] || exit 0
			fi
		done
		kill -CONT $(members) 2> /dev/null
		exit 1
		;;
	resume)
		# Children first: a shell isn't to find that its job was stopped.
		kill -CONT $(members | sort -rn) 2> /dev/null
		;;
esac
exit 0
