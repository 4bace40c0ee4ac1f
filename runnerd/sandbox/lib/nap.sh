# To be sourced: `nap` sleeps a hundredth of a second without a process of its own. What waits for the
# daemons shares one core with them, and a loop of `sleep` and `curl` would take half of it.
exec {silence}<> <(:)
nap() { read -rt 0.01 -u "$silence" || true; }
