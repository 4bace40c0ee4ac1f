#!/bin/bash
# seed-images.sh <data root> <path>: lays out in <data root>/seed what a new daemon begins with: the
# small metadata of the images in that data root, and links to their layers' content as it will be
# found in every sandbox, at <path>. Run when a version of the shared images is published.
#
# Linked is the version (/tmpl/v7, not /tmpl/current), so that a newer one can be published meanwhile.
# Relies on overlay2's layout: overlay2/<layer>/{diff,link,lower} and overlay2/l of the Docker version
# in this image.
set -eu
images=$1 path=$2 seed=$1/seed
owner=$(stat -c %u:%g "$images/overlay2")

mkdir -m 710 "$seed" "$seed/overlay2"
cp -a "$images/image" "$seed/"
cp -a "$images/overlay2/l" "$seed/overlay2/"
# A lowest layer is handed out as the bare directory `diff`, and what a build adds to it is found
# by comparing with that: a link there counts as an empty base, and the new layer would hold the
# whole base again. With an empty layer beneath it, it is mounted like any other.
mkdir -m 710 "$seed/overlay2/beneath" "$seed/overlay2/beneath/diff"
printf BENEATH > "$seed/overlay2/beneath/link"
ln -s ../beneath/diff "$seed/overlay2/l/BENEATH"
for link in "$images"/overlay2/*/link; do
	[ -e "$link" ] || continue
	from=${link%/link}
	layer=${from##*/}
	to=$seed/overlay2/$layer
	mkdir -m 710 "$to"
	cp -a "$link" "$to/"
	ln -s "$path/overlay2/$layer/diff" "$to/diff"
	: > "$to/committed"
	if [ -f "$from/lower" ]; then cp -a "$from/lower" "$to/"; else printf l/BENEATH > "$to/lower"; fi
	mkdir -m 700 "$to/work"
done
chown -hR "$owner" "$seed"
