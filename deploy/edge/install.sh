#!/bin/sh
# Installs the agent on a box and enrols it. Served by the server, which fills in packages and their checksums:
#   curl -fsS ORIGIN/edge/install.sh | sudo sh -s -- ORIGIN HOST[:PORT] CODE
set -eu
if [ "$#" -ne 3 ]; then echo "install.sh: takes the site's address, HOST[:PORT] and CODE, as the page shows them" >&2; exit 2; fi
if [ "$(id -u)" != 0 ]; then echo "install.sh: needs root: put sudo before sh" >&2; exit 2; fi
case "$(dpkg --print-architecture)" in
  @CASES@
  *) echo "install.sh: no package for $(dpkg --print-architecture): a 64-bit Raspberry Pi OS or Debian is needed" >&2; exit 1 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
curl -fsS -o "$folder/vigie-edge.deb" "$1/edge/$file"
if ! echo "$sum  $folder/vigie-edge.deb" | sha256sum -c --status -; then
  echo "install.sh: the package came damaged: try again" >&2
  exit 1
fi
dpkg -i "$folder/vigie-edge.deb"
vigie-edge enrol --server "$2" --code "$3" --data /var/lib/vigie
if [ -d /run/systemd/system ]; then systemctl restart vigie-edge.service; fi
echo "Next: set the controller in /etc/vigie/edge.yaml, then: sudo systemctl restart vigie-edge; vigie-edge status --data /var/lib/vigie"
