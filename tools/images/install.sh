#!/bin/sh
# What stages of Dockerfiles run to fill $UV_PROJECT_ENVIRONMENT; docs/images.md tells why so.
#
#   install.sh tools                      uv itself
#   install.sh libraries FOLDER OPTION... what FOLDER/uv.lock names for these options of uv
#   install.sh units FOLDER OPTION...     our own packages among them, from their sources
#
# Nothing is installed whose digest is not written down: in a lock, uv.txt or backend.txt.
set -eu
tools=$(dirname "$(realpath "$0")")
python=${UV_PROJECT_ENVIRONMENT:-}/bin/python # the steps after "tools" need it

tools() {
    python3 -m pip install --quiet --no-cache-dir --root-user-action ignore \
        --require-hashes --only-binary :all: --requirement "$tools/uv.txt"
}

libraries() { # libraries FOLDER OPTION...
    folder=$1
    shift
    uv venv --quiet --allow-existing "$UV_PROJECT_ENVIRONMENT"
    # some libraries come as sources only: they are built by these, which the second sync removes
    uv pip install --quiet --python "$python" --require-hashes --requirement "$tools/backend.txt"
    for exactness in --inexact ""; do
        uv sync --quiet --project "$folder" --frozen --no-dev --no-install-local --no-compile-bytecode \
            --no-build-isolation $exactness "$@"
    done
    python3 "$tools/trim.py" "$UV_PROJECT_ENVIRONMENT"
    mkdir -p /image/locks # for sbom.py
    uv export --quiet --preview --project "$folder" --frozen --no-dev "$@" --format cyclonedx1.5 \
        --output-file "/image/locks/$(basename "$UV_PROJECT_ENVIRONMENT").json"
}

units() { # units FOLDER OPTION...: into the environment, and apart from it into /image/units
    folder=$1
    shift
    for unit in $(own "$folder" "$@"); do
        uv build --quiet --wheel --out-dir /image/wheels --require-hashes \
            --build-constraints "$tools/backend.txt" "$folder/$unit"
    done
    uv pip install --quiet --python "$python" --no-deps --no-index /image/wheels/*.whl
    rm -r /image/wheels
    apart "$UV_PROJECT_ENVIRONMENT"
}

apart() { # apart ENVIRONMENT: what is ours moves to the same place below /image/units
    packages=$(echo "$1"/lib/python3.*/site-packages)
    mkdir -p "/image/units$packages" "/image/units$1/bin"
    python3 -m compileall -q --invalidation-mode unchecked-hash "$packages"/sluice_*
    mv "$packages"/sluice_* "/image/units$packages"
    find "$1/bin" -name 'sluice*' -exec mv {} "/image/units$1/bin" \;
}

own() { # own FOLDER OPTION...: folders of our own packages, relative to FOLDER
    folder=$1
    shift
    uv export --quiet --project "$folder" --frozen --no-dev --no-hashes --no-header --no-annotate "$@" |
        sed -n 's/^\(-e \)\{0,1\}\(\..*\)$/\2/p'
}

"$@"
