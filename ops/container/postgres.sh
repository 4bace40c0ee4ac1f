#!/bin/sh
# The database's container: makes the cluster and our role in it at the first start, complete or not
# at all, and becomes PostgreSQL. Its superuser can only be had inside this container.
set -eu
data=$PGDATA
if [ ! -e "$data/PG_VERSION" ]; then
	older=$(ls "$(dirname "$data")")
	if [ -n "$older" ] && [ "$older" != new ]; then
		echo "This volume holds a database of PostgreSQL $older; see docs/compose.md, Upgrade." >&2
		exit 1
	fi
	new=$(dirname "$data")/new
	rm -rf "$new"
	initdb --pgdata="$new" --username=postgres --auth-local=peer --auth-host=scram-sha-256 \
		--encoding=UTF8 --locale=C.UTF-8 --data-checksums > /dev/null
	echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"
	# A statement a line; the password is letters, digits, - and _.
	postgres --single -D "$new" postgres > /dev/null <<-SQL
		create role containrlab login password '$(cat /run/secrets/postgres-password)'
		create database containrlab owner containrlab
	SQL
	mv "$new" "$data"
fi
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off
