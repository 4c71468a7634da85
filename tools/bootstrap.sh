#!/bin/sh
# Put uv into .uv/ with nothing but Python at hand; on Debian without python3-venv, install that first.
set -eu
uv_version=0.13.9
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 13))'; then
    echo "bootstrap: Sluice needs Python 3.11 or 3.12; set PYTHON to one" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "bootstrap: run 'apt-get install python3-venv' as root, then try again" >&2
        exit 1
    fi
    apt-get update -qq
    apt-get install -y -qq python3-venv
fi
rm -rf .uv
"$python" -m venv .uv
.uv/bin/pip install --quiet --disable-pip-version-check "uv==$uv_version"
