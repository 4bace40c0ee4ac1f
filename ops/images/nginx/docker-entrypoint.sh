#!/bin/sh
# Before nginx starts: its templates are filled in from the environment, and scripts of one's own are run.
set -e
if [ "${1-}" = nginx ]; then
	templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
	to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
	# Only what the environment has: nginx's own variables look the same.
	names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z_0-9]*\)=.*/${\1}/p' | tr '\n' ' ')
	for template in "$templates"/*.template; do
		[ -f "$template" ] || continue
		file=${template##*/}
		envsubst "$names" < "$template" > "$to/${file%.template}"
	done
	for script in /docker-entrypoint.d/*.sh; do
		if [ -x "$script" ]; then "$script"; elif [ -f "$script" ]; then . "$script"; fi
	done
fi
exec "$@"
