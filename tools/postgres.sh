#!/bin/sh
# Print the folder with postgres and initdb of PostgreSQL 15; get Debian's packages if need be.
# Nothing is installed and no service is started: what is missing is unpacked below
# $SLUICE_POSTGRES_HOME, one folder per version, with the libraries that this system lacks.
# A server refuses to run as root, and the home of root is closed to others: hence /var/cache there.
set -eu
system=${SLUICE_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
package=postgresql-15
if [ "$(id -u)" = 0 ]; then cache=/var/cache; else cache=${XDG_CACHE_HOME:-$HOME/.cache}; fi
home=${SLUICE_POSTGRES_HOME:-$cache/sluice/postgresql}

fail() {
    echo "tools/postgres.sh: $1" >&2
    exit 1
}

found() {
    for folder in "$system" "$home"/*/usr/lib/postgresql/15/bin; do
        if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then
            echo "$folder"
            return 0
        fi
    done
    return 1
}

missing() {
    apt-get install --simulate --no-install-recommends "$package" 2>>apt.log |
        sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

download() {
    packages=$(missing)
    [ -n "$packages" ] || packages=$package
    # shellcheck disable=SC2086 # a list of names
    apt-get download $packages >>apt.log 2>&1
}

found && exit 0
for program in apt-get dpkg-deb flock; do
    command -v "$program" >/dev/null || fail "$program is missing: on a system other than Debian, \
set SLUICE_POSTGRES_BIN to the folder with postgres and initdb of PostgreSQL 15"
done
mkdir -p "$home"
exec 9>"$home/lock"
flock 9
found && exit 0
work=$(mktemp -d "$home/.unpacking.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
download || { apt-get update >>apt.log 2>&1 || true; download; } ||
    fail "Debian's package $package cannot be had, see below; check the network and the
sources of apt, or set SLUICE_POSTGRES_BIN to the folder with postgres and initdb
$(tail -5 apt.log)"
for deb in ./*.deb; do dpkg-deb --extract "$deb" tree; done
version=$(dpkg-deb --field ./"$package"_*.deb Version)
chmod 755 tree
rm -rf "${home:?}/${version:?}"
mv tree "$home/$version"
found || fail "the package $package holds no server that can be run; look into $home/$version"
