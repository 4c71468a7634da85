# shellcheck shell=bash
# Builds the programs from Go modules whose versions and digests go.mod and go.sum pin. A program is
# built anew when its module, its flags or the Go release has changed.

CONTROL_PLANE=(etcd kube-apiserver kubectl)
NODE_PROGRAMS=("${CONTROL_PLANE[@]}" kube-controller-manager kube-scheduler kubelet kube-proxy
  coredns local-path-provisioner pause)
ALL_PROGRAMS=("${NODE_PROGRAMS[@]}" helm)

build() { # build control-plane|node|all|PROGRAM...
  local program programs=("$@")
  case $1 in
    control-plane) programs=("${CONTROL_PLANE[@]}") ;;
    node) programs=("${NODE_PROGRAMS[@]}") ;;
    all) programs=("${ALL_PROGRAMS[@]}") ;;
  esac
  for program in "${programs[@]}"; do
    refuse_unknown "$program"
  done
  find_go
  mkdir -p "$BIN"
  for program in "${programs[@]}"; do
    build_program "$program"
  done
}

refuse_unknown() { # refuse_unknown PROGRAM
  [[ " ${ALL_PROGRAMS[*]} " == *" $1 "* ]] ||
    fail "there is no program '$1'; there are: ${ALL_PROGRAMS[*]}"
}

GO_FOLDER=/usr/local/go/bin # where Go's own archive is unpacked to

find_go() {
  if ! command -v go >/dev/null && [ -x "$GO_FOLDER/go" ]; then
    PATH=$PATH:$GO_FOLDER
  fi
  command -v go >/dev/null || fail "there is no Go to build the programs with: install Go" \
    "$(sed -n 's/^go //p' "$MODULES/etcd/go.mod") or later and put it on PATH"
}

module_of() { # module_of PROGRAM: folder and package
  case $1 in
    etcd) echo etcd go.etcd.io/etcd/server/v3 ;;
    kube*) echo kubernetes "k8s.io/kubernetes/cmd/$1" ;;
    coredns) echo coredns . ;;
    helm) echo helm helm.sh/helm/v3/cmd/helm ;;
    local-path-provisioner) echo storage github.com/rancher/local-path-provisioner ;;
    pause) echo pause . ;;
  esac
}

linker_flags() { # linker_flags MODULE: the programs of Kubernetes must know their version
  local package=k8s.io/component-base/version major minor
  printf '%s' '-s -w'
  if [ "$1" = kubernetes ]; then
    IFS=. read -r major minor _ <<<"${KUBERNETES_VERSION#v}"
    printf ' -X %s' "$package.gitVersion=$KUBERNETES_VERSION" "$package.gitMajor=$major" \
      "$package.gitMinor=$minor"
  fi
}

build_program() { # build_program PROGRAM
  local program=$1 where module package key
  where=$(module_of "$program")
  read -r module package <<<"$where"
  key=$(build_key "$module")
  is_built "$program" "$key" && return
  exec 8>"$BIN/.$program.lock"
  flock 8 # another build of the same program may have just finished
  is_built "$program" "$key" || compile "$program" "$module" "$package" "$key"
  exec 8>&-
}

build_key() { # build_key MODULE: changes with whatever makes another program
  (
    shopt -s nullglob
    cd "$MODULES/$1"
    go version
    linker_flags "$1"
    cat go.* ./*.go
  ) | sha256sum | cut -c1-64
}

is_built() { # is_built PROGRAM KEY
  [ -x "$BIN/$1" ] && [ "$(cat "$BIN/.$1.key" 2>/dev/null)" = "$2" ]
}

compile() { # compile PROGRAM MODULE PACKAGE KEY: whole or not at all
  local unfinished=$BIN/.$1.unfinished
  say "building $1"
  (cd "$MODULES/$2" && CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false \
    -ldflags "$(linker_flags "$2")" -o "$unfinished" "$3") ||
    fail "$1 could not be built from $MODULES/$2: see above"
  rm -f "$BIN/.$1.key"
  mv "$unfinished" "$BIN/$1"
  printf '%s' "$4" >"$BIN/.$1.key"
}
