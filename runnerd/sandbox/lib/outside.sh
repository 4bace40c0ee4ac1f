#!/bin/bash
# What the sandbox sees as the world: a second network namespace behind its default route, in which
# every address is local with nothing listening (a connection is reset at once, where an unreachable
# address would time out) and every name is unknown within milliseconds. Ports on the student's own
# side stay free.
set -u
here=10.255.255.1
there=10.255.255.2

ip -batch - << END
netns add outside
link add outside0 type veth peer name outside1 netns outside
link set lo up
addr add $here/30 dev outside0
link set outside0 up
route add default via $there
END

# Any address at all is ours.
ip -netns outside -batch - << END
link set lo up
addr add $there/30 dev outside1
link set outside1 up
route add default via $here
route add local default dev lo table local
END

# Pings stay unanswered, or the internet would seem to be there.
# --address=/#/ without an address: NXDOMAIN for every name.
exec nsenter --net=/run/netns/outside sh -c '
	echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all
	exec dnsmasq "$@"' sh \
	--conf-file=/dev/null --pid-file=/run/dnsmasq.pid --user=root --group=root \
	--no-resolv --no-hosts --cache-size=0 --listen-address=$there --bind-interfaces --address=/#/
