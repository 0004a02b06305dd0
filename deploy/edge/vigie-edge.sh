#!/bin/sh
# Starts the version of the agent that is whole: the one put in place last, else the one before, which an upgrade that was
# cut off leaves behind. As root it becomes the agent's own user, so that files it makes stay the agent's.
base=/usr/lib/vigie-edge
for dir in "$base/current" "$base/previous" "$base"/[0-9]*; do
  [ -x "$dir/node" ] && [ -f "$dir/dist/main.mjs" ] && [ -f "$dir/whole" ] && break
  dir=
done
if [ -z "$dir" ]; then
  echo "vigie-edge: no whole version is installed: sudo dpkg --configure -a, or install the package again" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ] && id vigie >/dev/null 2>&1; then
  exec setpriv --reuid=vigie --regid=vigie --init-groups "$dir/node" "$dir/bin/vigie-edge.mjs" "$@"
fi
exec "$dir/node" "$dir/bin/vigie-edge.mjs" "$@"
