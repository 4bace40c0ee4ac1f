#!/bin/bash
# What the sandbox sees as the world: a second network namespace behind its default route, in which
# every address is local with nothing listening (a connection is reset at once, where an unreachable
# address would time out) and every name is unknown within milliseconds. Ports on the student's own
# side stay free.
set -u
here=10.255.255.1
there=10.255.255.2

ip netns add outside
ip link add outside0 type veth peer name outside1 netns outside
ip addr add $here/30 dev outside0
ip link set outside0 up

ip -n outside link set lo up
ip -n outside addr add $there/30 dev outside1
ip -n outside link set outside1 up
ip -n outside route add default via $here
# Any address at all is ours; pings stay unanswered, or the internet would seem to be there.
ip -n outside route add local default dev lo table local
ip netns exec outside sh -c 'echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all'
ip route add default via $there

# --address=/#/ without an address: NXDOMAIN for every name.
ip netns exec outside dnsmasq --conf-file=/dev/null --pid-file=/run/dnsmasq.pid --user=root --group=root \
	--no-resolv --no-hosts --cache-size=0 --listen-address=$there --bind-interfaces --address=/#/
