#!/bin/sh
# npm-package.sh NAME VERSION SHA512 DIRECTORY: unpacks one package of the npm registry where no npm is
# yet, from the registry and with the token that the npmrc of this build's secrets names.
set -eu
name=$1 version=$2 sum=$3 directory=$4
npmrc=/run/secrets/npmrc
setting() { if [ -f "$npmrc" ]; then sed -n "s|^$1=||p" "$npmrc" | tail -n 1; fi; }

registry=$(setting registry)
registry=${registry:-https://registry.npmjs.org/}
registry=${registry%/}
place=${registry#*:}
token=$(setting "$place/:_authToken")
basic=$(setting "$place/:_auth")
proxy=$(setting https-proxy)
if [ -f /run/secrets/ca ]; then export CURL_CA_BUNDLE=/run/secrets/ca; fi

archive=$(mktemp)
# By standard input: the arguments of a process are for everyone to see.
{
	if [ -n "$token" ]; then echo "header = \"Authorization: Bearer $token\""; fi
	if [ -n "$basic" ]; then echo "header = \"Authorization: Basic $basic\""; fi
	if [ -n "$proxy" ]; then echo "proxy = \"$proxy\""; fi
} | curl -fsSL --retry 3 -K - -o "$archive" "$registry/$name/-/$name-$version.tgz"
echo "$sum  $archive" | sha512sum --check --quiet
mkdir -p "$directory"
tar -xzf "$archive" -C "$directory" --strip-components=1 --no-same-owner
rm "$archive"
