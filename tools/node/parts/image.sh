# shellcheck shell=bash
# Images for a machine without a registry: of one static binary, of Debian packages, of a Dockerfile.

scratch_images() { # what every node needs
  scratch_image "$PAUSE_IMAGE" "$BIN/pause"
  scratch_image "$DNS_IMAGE" "$BIN/coredns"
  scratch_image "$STORAGE_IMAGE" "$BIN/local-path-provisioner"
  scratch_image "$BUSYBOX_IMAGE" /bin/busybox
}

scratch_image() { # scratch_image REFERENCE BINARY: loaded into the node unless it holds just that
  local digest folder
  digest=$(sha256sum <"$2" | cut -c1-64)
  [ "$(cat "$STATE/loaded/${1//[:\/]/-}" 2>/dev/null)" = "$digest" ] &&
    containers images ls -q | grep -qxF "$1" && return
  folder=$(new_folder)
  scratch_layer "$2" "$folder/layer"
  scratch_archive "$1" "$(basename "$2")" "$folder"
  containers images import "$folder/image.tar" >/dev/null
  mkdir -p "$STATE/loaded"
  echo "$digest" >"$STATE/loaded/${1//[:\/]/-}"
}

scratch_layer() { # scratch_layer BINARY FOLDER: its files; a busybox goes under all of its names
  mkdir -p "$2/bin" "$2/tmp"
  chmod 1777 "$2/tmp"
  cp "$1" "$2/$(basename "$1")"
  [ "$(basename "$1")" = busybox ] || return 0
  local applet
  for applet in $("$1" --list); do
    ln -s /busybox "$2/bin/$applet"
  done
}

scratch_archive() { # scratch_archive REFERENCE PROGRAM FOLDER: FOLDER/layer as FOLDER/image.tar
  local layer image=$3/archive
  mkdir "$image"
  tar -C "$3/layer" --owner 0 --group 0 --numeric-owner -cf "$image/layer.tar" .
  layer=$(sha256sum <"$image/layer.tar" | cut -c1-64)
  cat >"$image/config.json" <<JSON
{"architecture": "$(go_architecture)", "os": "linux", "config": {"Entrypoint": ["/$2"], "WorkingDir": "/"},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
JSON
  cat >"$image/manifest.json" <<JSON
[{"Config": "config.json", "RepoTags": ["$1"], "Layers": ["layer.tar"]}]
JSON
  tar -C "$image" -cf "$3/image.tar" .
}

go_architecture() {
  dpkg --print-architecture # Debian and Go agree on the names amd64 and arm64
}

build_store() { # build_store ARGUMENT...: buildah with a store of its own
  buildah --root "$IMAGES" --runroot "$RUN/buildah" "$@"
}

base_image() { # what Dockerfiles name $BASE_IMAGE, made of Debian's packages
  need_packages "${IMAGE_PACKAGES[@]}"
  build_store images -q "$BASE_IMAGE" >/dev/null 2>&1 || make_base_image
  to_node "$BASE_IMAGE"
}

make_base_image() {
  local root container
  root=$(new_folder)/root
  mkdir -p "$LOG"
  say "making $BASE_IMAGE"
  debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates,libgomp1 \
    bookworm "$root" >"$LOG/base.log" 2>&1 ||
    fail "debootstrap ended: see $LOG/base.log"
  ln -s python3 "$root/usr/bin/python"
  if [ -f /etc/apt/sources.list.d/debian.sources ]; then # Dockerfiles install from where this machine does
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
    : >"$root/etc/apt/sources.list"
  fi
  rm -rf "$root/usr/lib/python3.11/EXTERNALLY-MANAGED" "$root"/var/cache/apt/archives/*.deb
  container=$(build_store from scratch)
  build_store add -q "$container" "$root" / >/dev/null
  build_store config --cmd python3 "$container"
  build_store commit -q "$container" "$BASE_IMAGE" >/dev/null
  build_store rm "$container" >/dev/null
}

build_image() { # build_image FOLDER REFERENCE [ARGUMENT...]: FOLDER's Dockerfile, with this machine's network
  local folder=$1 reference=$2
  shift 2
  need_packages "${IMAGE_PACKAGES[@]}"
  # steps of the Dockerfile trust the authorities that this machine trusts
  build_store build -q --isolation chroot --network host --layers \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro -t "$reference" "$@" "$folder"
  to_node "$reference"
}

to_node() { # to_node REFERENCE: from buildah's store into the node's, if it is up and holds another
  runs containerd || {
    say "the node is down, so it did not get $1; once it is up, ask again"
    return
  }
  local folder mark=$STATE/loaded/${1//[:\/]/-} id
  id=$(build_store images -q --no-trunc "$1")
  [ "$(cat "$mark" 2>/dev/null)" = "$id $(held "$1")" ] && return
  folder=$(new_folder)
  build_store push -q "$1" "docker-archive:$folder/image.tar:$1"
  containers images import "$folder/image.tar"
  mkdir -p "$STATE/loaded"
  echo "$id $(held "$1")" >"$mark"
}

held() { # held REFERENCE: digest of what the node has under this name
  containers images ls "name==localhost/$1" | awk 'NR == 2 {print $3}'
}

load_images() { # load_images ARCHIVE...: OCI or docker archives
  runs containerd || fail "the node is down: 'node up' first"
  local archive
  for archive in "$@"; do
    containers images import "$archive"
  done
}
