#!/bin/bash
# What the sandbox sees as the world: a second network namespace behind its default route, in which
# every address is local with nothing listening (a connection is reset at once, where an unreachable
# address would time out) and every name is unknown within milliseconds; but for the mirror's, if there
# is one, which lead to its sockets in /mirror. Ports on the student's own side stay free.
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

# --address=/#/ without an address: NXDOMAIN for every name.
names=(--address=/#/)
if [ -f /mirror/names ]; then
	while read -r name; do names+=("--address=/$name/$there"); done < /mirror/names
	# -lf: what it has to say of a mirror that is away isn't for who asked.
	for service in 80:http 443:https; do
		socket=/mirror/${service#*:}.sock
		echo "$there:${service%:*} stream tcp nowait root /usr/bin/socat socat -lf /dev/null -t 10 STDIO UNIX-CONNECT:$socket"
	done > /run/inetd.conf
	# One small process that waits for all of them; what it is asked for isn't its to bound.
	nsenter --net=/run/netns/outside inetd -i -R 0 /run/inetd.conf &
fi

# Pings stay unanswered, or the internet would seem to be there.
exec nsenter --net=/run/netns/outside sh -c '
	echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all
	exec dnsmasq "$@"' sh \
	--conf-file=/dev/null --pid-file=/run/dnsmasq.pid --user=root --group=root \
	--no-resolv --no-hosts --cache-size=0 --local-ttl=60 --listen-address=$there --bind-interfaces "${names[@]}"
