#!/bin/bash
# Gives a new daemon the shared images: copies the small metadata of the prepared data root in
# /tmpl/current (a read-only volume) and links each layer's content to it, which costs megabytes
# instead of hundreds. A daemon that already has data keeps it.
#
# Linked is the resolved version (/tmpl/v7, not /tmpl/current), so that a newer one can be
# published meanwhile. Relies on overlay2's layout: overlay2/<layer>/{diff,link,lower} and
# overlay2/l of the Docker version in this image.
set -eu
data=/volume/docker
[ -d $data ] && exit 0

# Everything happens beside its final name: an import that was cut short starts anew.
rm -rf $data.new
mkdir -m 710 $data.new
images=$(readlink -f /tmpl/current || true)
if [ -d "$images/overlay2" ]; then
	mkdir -m 710 $data.new/overlay2
	cp -a "$images/image" $data.new/
	cp -a "$images/overlay2/l" $data.new/overlay2/
	# A lowest layer is handed out as the bare directory `diff`, and what a build adds to it is found
	# by comparing with that: a link there counts as an empty base, and the new layer would hold the
	# whole base again. With an empty layer beneath it, it is mounted like any other.
	mkdir -m 710 $data.new/overlay2/beneath $data.new/overlay2/beneath/diff
	printf BENEATH > $data.new/overlay2/beneath/link
	ln -s ../beneath/diff $data.new/overlay2/l/BENEATH
	for link in "$images"/overlay2/*/link; do
		[ -e "$link" ] || continue
		from=${link%/link}
		to=$data.new/overlay2/${from##*/}
		mkdir -m 710 "$to"
		cp -a "$link" "$to/"
		ln -s "$from/diff" "$to/diff"
		: > "$to/committed"
		if [ -f "$from/lower" ]; then cp -a "$from/lower" "$to/"; else printf l/BENEATH > "$to/lower"; fi
		mkdir -m 700 "$to/work"
	done
fi
mv $data.new $data
