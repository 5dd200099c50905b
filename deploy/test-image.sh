#!/bin/sh
# Carries out the Dockerfile in a clean Debian root (debootstrap, from the mirrors that /etc/apt names), and starts the result as its user
# with a read-only root. Where Podman is installed (apt-get install podman crun), it then builds and runs the same Dockerfile as well,
# and where podman-compose is, too, docker-compose.yml is brought up, with monitoring from Debian's packages and without Grafana.
# Where systemd-nspawn is (systemd-container), a systemd is booted, and the service installed, upgraded while packets are counted, and removed.
# Needs root, debootstrap and iproute2. Not a part of `npm test`: it takes three minutes on two idle cores, and as long again with Podman
# (measured: 178 s with the Debian root to make; 294 s in all on a busy machine that had it). Run it after a change of the Dockerfile or of the packages, and each week.
#   deploy/test-image.sh [WORK_DIRECTORY]      default build/image
set -eu
cd "$(dirname "$0")/.."
for program in debootstrap ip unshare nsenter setpriv npm; do
  command -v "$program" > /dev/null || { echo "test-image: $program is missing: apt-get install debootstrap iproute2 util-linux npm" >&2; exit 1; }
done
[ -x node_modules/.bin/bun ] || { echo "test-image: run npm install first" >&2; exit 1; }
exec node_modules/.bin/bun deploy/image/main.ts "$@"
