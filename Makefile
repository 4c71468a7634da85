# Everything that people and CI run. `make help` lists it.
export PYTHONSAFEPATH := 1
UV := .uv/bin/uv
RUN := $(UV) run --frozen --no-sync
SOURCES := package/src ledger/src operator/src components/src pipelines/src cli/src

.DEFAULT_GOAL := help
.PHONY: help init fmt lint type test generate verify demo bench e2e clean control-plane helm kind-up kind-down \
	node-up node-down images oracles parts stack

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

init: .venv/.synced serving/.venv/.synced serving-v1/.venv/.synced ## Install everything, from the lock files

$(UV): tools/bootstrap.sh
	sh tools/bootstrap.sh

.venv/.synced: $(UV) uv.lock pyproject.toml $(wildcard */pyproject.toml)
	$(UV) sync --frozen --all-packages --all-extras --compile-bytecode --quiet
	@touch $@

serving/.venv/.synced: $(UV) serving/uv.lock serving/pyproject.toml
	cd serving && ../$(UV) sync --frozen --compile-bytecode --quiet
	@touch $@

serving-v1/.venv/.synced: $(UV) serving-v1/uv.lock serving-v1/pyproject.toml
	cd serving-v1 && ../$(UV) sync --frozen --compile-bytecode --quiet
	@touch $@

fmt: init ## Format the code
	$(RUN) ruff format .
	$(RUN) ruff check --fix-only .

lint: init type ## Style, types, imports, budgets
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) lint-imports
	$(RUN) python tools/budget.py
	$(RUN) shellcheck --external-sources --check-sourced tools/node/node tools/bootstrap.sh .ci/run \
	  tools/images/build tools/images/lock tools/images/install.sh tests/images/stand-ins/build helm/kind/up.sh \
		helm/postgresql/files/prepare.sh helm/object-store/files/users.sh helm/kfp/files/databases.sh

type: init ## Check the types
	$(RUN) mypy $(SOURCES) tools bench/*.py
	@# modules of one bench import each other by name, so each folder is checked by itself
	@for bench in bench/*/; do MYPYPATH=$$bench $(RUN) mypy $$bench || exit 1; done
	cd serving && ../$(UV) run --frozen --no-sync mypy src
	cd serving-v1 && ../$(UV) run --frozen --no-sync mypy src

test: lint verify control-plane helm ## All tests but the end-to-end ones
	$(RUN) pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/e2e --ignore tests/images
	serving/.venv/bin/pytest tests/serving
	serving-v1/.venv/bin/pytest tests/serving_v1

generate: init ## Write every generated file anew
	$(RUN) python tools/generate.py

verify: init ## Fail when a generated file is not up to date
	$(RUN) python tools/generate.py --check

demo: .venv/.synced serving/.venv/.synced ## The main job: train, serve, and let three candidates earn their traffic; DEMO="--port 9100" passes options
	$(RUN) sluice demo $(DEMO)

bench: init ## Every benchmark; tables on screen, JSON in build/bench
	$(RUN) python bench/run.py

oracles: $(UV) ## The judge beside confseq, savvi, scipy, statsmodels; needs a C++ compiler and libboost-dev
	@# confseq is built with what the first call installs
	cd tests/oracles && ../../$(UV) sync --frozen --quiet --no-install-package confseq && ../../$(UV) sync --frozen --quiet
	cd tests/oracles && PYTHONPATH=../../operator/src .venv/bin/pytest -q -c pyproject.toml --rootdir .

e2e: stack ## All end-to-end tests: the stack on the node, then the demo as a user runs it
	$(RUN) pytest tests/e2e/test_demo.py tests/e2e/test_demo_broken_off.py --timeout 900

stack: init node-up parts ## The images and the whole stack on the node of this machine (needs root and Debian)
	$(RUN) pytest tests/images --timeout 900
	$(RUN) pytest tests/e2e/test_node.py tests/e2e/test_stack.py --timeout 900

parts: ## Programs of the node and images of the stack, which `make stack` runs
	nice tools/node/node build all
	nice tools/images/build
	nice tests/images/stand-ins/build

control-plane: ## Build the API server that tests start, unless KUBEBUILDER_ASSETS names one
	$(if $(KUBEBUILDER_ASSETS),,nice tools/node/node build control-plane)

helm: ## Build helm, with which tests render and install the charts
	nice tools/node/node build helm

kind-up: ## A kind cluster with Seldon Core 2 and the whole stack; needs Docker, kind, kubectl, helm
	sh helm/kind/up.sh

kind-down: ## Delete that cluster and all it holds
	kind delete cluster --name sluice

node-up: ## A real Kubernetes of one node on this machine; docs/node.md (needs root and Debian)
	tools/node/node up

node-down: ## Stop it; `tools/node/node down --wipe` also forgets what it held
	tools/node/node down

images: ## Build the container images, with docker, podman, or on the node; docs/images.md
	tools/images/build

clean: ## Remove what builds and tests leave behind
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
