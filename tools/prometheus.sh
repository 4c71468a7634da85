#!/bin/sh
# Print the folder with prometheus and promtool; get Debian's package of them first if need be.
# Nothing is installed and no service is started: the package is unpacked below
# $SLUICE_PROMETHEUS_HOME (~/.cache/sluice/prometheus), one folder per version.
set -eu
home=${SLUICE_PROMETHEUS_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice/prometheus}
package=prometheus

fail() {
    echo "tools/prometheus.sh: $1" >&2
    exit 1
}

unpacked() {
    for folder in "$home"/*/usr/bin; do
        if [ -x "$folder/prometheus" ] && [ -x "$folder/promtool" ]; then
            echo "$folder"
            return 0
        fi
    done
    return 1
}

download() {
    apt-get download "$package" >apt.log 2>&1 && return 0
    apt-get update >>apt.log 2>&1 || true
    apt-get download "$package" >>apt.log 2>&1
}

unpacked && exit 0
for program in apt-get dpkg-deb flock; do
    command -v "$program" >/dev/null || fail "$program is missing: on a system other than Debian, \
put prometheus and promtool into $home/any/usr/bin"
done
mkdir -p "$home"
exec 9>"$home/lock"
flock 9
unpacked && exit 0
work=$(mktemp -d "$home/.unpacking.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
download || fail "Debian's package $package cannot be had, see below; check the network and the
sources of apt, or put prometheus and promtool into $home/any/usr/bin
$(tail -5 apt.log)"
deb=$(find . -maxdepth 1 -name '*.deb')
version=$(dpkg-deb --field "$deb" Version)
dpkg-deb --extract "$deb" tree
rm -rf "${home:?}/${version:?}"
mkdir -p "$home/$version"
mkdir -p kept/bin
mv tree/usr/bin/prometheus tree/usr/bin/promtool kept/bin/
mv kept "$home/$version/usr"
unpacked || fail "the package $package holds no program that can be run; look into $home/$version"
