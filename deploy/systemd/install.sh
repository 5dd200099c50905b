#!/bin/sh
# Installs the service with systemd, or brings an installed one up to this checkout. Run it again at any time.
#   sudo deploy/systemd/install.sh              install or upgrade; streams that run are not cut
#   sudo deploy/systemd/install.sh --uninstall  remove it; settings and data stay (--purge removes them too)
#   --root DIR                                  into the file system below DIR, without touching this machine
set -eu
cd "$(dirname "$0")/../.."

name=stream-distributor
root=
action=install
purge=no
while [ $# -gt 0 ]; do
  case $1 in
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    --root)
      [ $# -gt 1 ] || { echo "install: --root needs a directory" >&2; exit 2; }
      root=${2%/}
      shift
      ;;
    *)
      echo "usage: $0 [--uninstall [--purge]] [--root DIR]" >&2
      exit 2
      ;;
  esac
  shift
done

app=$root/opt/$name
etc=$root/etc/$name
data=$root/var/lib/$name
unit=$root/etc/systemd/system/$name.service
sysusers=$root/etc/sysusers.d/$name.conf
sysctl=$root/etc/sysctl.d/60-$name.conf
command=$root/usr/local/bin/distributor

[ -n "$root" ] || [ "$(id -u)" = 0 ] || { echo "install: must be run as root (sudo $0)" >&2; exit 1; }
here() { [ -z "$root" ]; }

if [ "$action" = uninstall ]; then
  if here; then systemctl disable --now "$name" 2> /dev/null || true; else rm -f "$root/etc/systemd/system/multi-user.target.wants/$name.service"; fi
  rm -rf "$app" "$app.new" "$app.old" "$unit" "$sysusers" "$sysctl" "$command"
  if [ "$purge" = yes ]; then rm -rf "$etc" "$data"; else echo "kept: $etc and $data (--purge removes them)"; fi
  if here; then systemctl daemon-reload; fi
  exit 0
fi

runtime=node
command -v node > /dev/null || runtime=node_modules/.bin/bun
if here; then "$runtime" -e 'import("./scripts/setup.mjs").then(({ setup }) => setup("run"))'; fi

# Beside the old one, then in its place: an upgrade that is broken off leaves what is there.
rm -rf "$app.new" "$app.old"
mkdir -p "$app.new"
"$runtime" deploy/assemble.mjs "$app.new"
mkdir -p "$app.new/docs"
cp docs/*.md "$app.new/docs/"
if [ -e "$app" ]; then mv "$app" "$app.old"; fi
mv "$app.new" "$app"
rm -rf "$app.old"

install -D -m 644 deploy/systemd/$name.service "$unit"
install -D -m 644 deploy/systemd/sysusers.conf "$sysusers"
install -D -m 644 deploy/sysctl/60-$name.conf "$sysctl"
mkdir -p "$(dirname "$command")"
printf '#!/bin/sh\nexec /opt/%s/bin/bun /opt/%s/scripts/distributor.mjs "$@"\n' "$name" "$name" > "$command"
chmod 755 "$command"
mkdir -p "$etc"
chmod 755 "$etc"
# It may hold the API key: for root, who hands it to the service.
[ -e "$etc/environment" ] || install -m 600 deploy/examples/environment "$etc/environment"

if ! here; then
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf "../$name.service" "$root/etc/systemd/system/multi-user.target.wants/$name.service"
  echo "installed below $root"
  exit 0
fi

systemd-sysusers "$sysusers"
sysctl -q -p "$sysctl" || echo "install: some kernel settings were not taken; see the lines above" >&2
systemctl daemon-reload
if systemctl is-active --quiet "$name"; then
  # The control plane alone: the engine streams on and is found by the next one (docs/upgrade.md).
  systemctl kill --kill-whom=main --signal=KILL "$name"
  systemctl enable --quiet "$name"
  echo "upgraded; the engine goes on with its code of before, until you replace it between two events: distributor replace-engine"
else
  systemctl enable --quiet --now "$name"
  echo "installed and started: systemctl status $name; settings are in $etc/environment"
fi
