# Tamga. `make help` lists the targets; CONTRIBUTING.md explains them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export PATH := $(PATH):/usr/local/go/bin
# Go, npm and Chromium keep caches below HOME; a CI's HOME may not exist.
ifneq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/var/home
$(shell mkdir -p '$(CURDIR)/var/home')
endif
# A checkout owned by somebody else makes git, and so the version stamp, fail.
ifneq ($(shell git rev-parse HEAD >/dev/null 2>&1 && echo yes),yes)
export GOFLAGS := $(GOFLAGS) -buildvcs=false
endif

AUTHORITY ?= dostek
LISTEN    ?= 127.0.0.1:8080
# Packages to test; empty: all.
PKG       ?=
# Seconds of fuzzing in all, shared by the targets.
FUZZ_SECONDS ?= 70
ROUNDS    ?= 20

help: ## Show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: bin/tamga bin/tamga-token ## Build bin/tamga and bin/tamga-token

# PKCS #11 libraries are loaded through cgo: this one needs a C compiler.
bin/tamga-token: FORCE
	@mkdir -p bin
	@command -v "$${CC:-gcc}" >/dev/null || { echo "bin/tamga-token needs a C compiler (Debian: apt install gcc libc6-dev)" >&2; exit 1; }
	CGO_ENABLED=1 go build -trimpath -o bin/ ./cmd/tamga-token

bin/tamga: assets FORCE
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/tamga

run: bin/tamga ## Run the demo on http://127.0.0.1:8080 (AUTHORITY=dostek|ubr, LISTEN=host:port)
	exec bin/tamga demo --authority $(AUTHORITY) --listen $(LISTEN)

test: ## Everything a change must pass; installs what it needs
	scripts/install-test-tools
	$(MAKE) lint
	$(MAKE) unit
	$(MAKE) e2e
	$(MAKE) fuzz
	@echo "make test: everything passed"

lint: assets ## gofmt, go vet, golangci-lint (with the table of imports), staticcheck
	scripts/lint

unit: assets bin/pgrun ## Tests with the race detector, on SQLite and PostgreSQL (PKG=./internal/store/...)
	PKG='$(PKG)' bin/pgrun scripts/unit
	bin/pgrun go test -run OfATamperedJournal ./workflow

pg: assets bin/pgrun ## Only the packages that meet a database, without the race detector
	bin/pgrun go test -count=1 $$(go list -f '{{$$p := .ImportPath}}{{range .TestImports}}{{if eq . "github.com/tamga-ca/tamga/internal/pgtest"}}{{$$p}} {{end}}{{end}}{{range .XTestImports}}{{if eq . "github.com/tamga-ca/tamga/internal/pgtest"}}{{$$p}} {{end}}{{end}}' ./... | sort -u)

e2e: assets bin/pgrun ## The whole program in Chromium (RUN=MainJob)
	RUN='$(RUN)' bin/pgrun scripts/e2e

fuzz: assets ## Each fuzz target for a few seconds (FUZZ_SECONDS=70 in all)
	FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz

bench: assets ## Measure, and write bench/RESULTS.md; fails when a promise is missed
	scripts/install-test-tools bench
	go run -tags bench ./bench -out bench/RESULTS.md

soak: assets bin/pgrun ## Repeat the tests of races, crashes, kills and clocks set back (ROUNDS=20), and write how many kills into bench/RESULTS.md
	mkdir -p var && rm -f var/kills.txt
	TAMGA_KILLS=$(CURDIR)/var/kills.txt bin/pgrun go test -count=$(ROUNDS) -timeout 0 -run 'Race|Crash|Kill|ClockSetBack' $(or $(PKG),./...)
	if [ -f var/kills.txt ]; then go run -tags bench ./bench -kills var/kills.txt -out bench/RESULTS.md; fi

fmt: ## Format the code
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

# What the pages need from npm, copied into templates/assets/vendor.
assets: node_modules/.copied ## Fetch what the pages are made of

node_modules/.copied: package-lock.json scripts/vendor-assets.sh
	npm ci --ignore-scripts --no-audit --no-fund </dev/null
	scripts/vendor-assets.sh
	touch $@

bin/pgrun: $(wildcard internal/pgtest/*.go internal/pgtest/pgrun/*.go)
	go build -o $@ ./internal/pgtest/pgrun

clean: ## Remove what was built and the demo's data
	rm -rf bin var node_modules
	find templates/assets/vendor -mindepth 1 ! -name .gitkeep -delete

FORCE:

.PHONY: help build run test lint unit pg e2e fuzz bench soak fmt assets clean
