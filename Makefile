# Parley: `make run` builds and starts it, `make test` proves it. Both need Go 1.26 and Node 20 or later.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
LISTEN  ?= 127.0.0.1:8080
DATA    ?= data

CONSOLE := internal/web/console
WEBCHAT := gateway/webchat/client
BROWSER := internal/browsertest
DEMO    := cmd/demo-xmpp/page
SAMPLE  := docs/sample/help-centre

.PHONY: help build run test bench demo-xmpp cross clean go-check go-test web-test browser-test tools

help: ## list what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: $(CONSOLE)/dist/index.html $(WEBCHAT)/dist/index.html ## build the web pages and bin/parley
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/parley ./cmd/parley

run: build ## build and start with the sample help centre; no account, key or server needed
	bin/parley import --data $(DATA) --collection help --label sample $(SAMPLE)/*
	bin/parley serve --config config.yaml --data $(DATA) --listen $(LISTEN)

test: tools build go-check go-test web-test browser-test ## everything, on real servers; installs what it needs (Debian)

tools: ## what the tests need beside Go and Node
	.ci/tools
	.ci/services

go-check: ## formatting and vet
	@unformatted=$$(gofmt -l cmd bot gateway internal knowledge prompts); \
	  if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi
	go vet ./...

go-test: ## Go tests with the race detector
	CGO_ENABLED=1 go test -race -timeout 20m ./...

web-test: $(CONSOLE)/node_modules/.package-lock.json $(WEBCHAT)/node_modules/.package-lock.json ## types, style and unit tests of the pages
	cd $(CONSOLE) && npm run --silent check && npm run --silent lint && npm run --silent test
	cd $(WEBCHAT) && npm run --silent check && npm run --silent test

browser-test: build bin/demo-xmpp $(BROWSER)/node_modules/.package-lock.json ## a person in a real browser, against the real binary
	cd $(BROWSER) && npm run --silent test

demo-xmpp: build bin/demo-xmpp ## a chat with a real XMPP client and server (Prosody; .ci/tools installs it)
	bin/demo-xmpp

.PHONY: bin/demo-xmpp
bin/demo-xmpp: $(DEMO)/node_modules/.package-lock.json
	CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/demo-xmpp

bench: build ## the figures of docs/performance.md
	bin/parley bench first-text
	bin/parley bench delivery --kill 2s --messages 2000

cross: $(CONSOLE)/dist/index.html $(WEBCHAT)/dist/index.html ## binaries for the four platforms, in bin/
	for target in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
	  out=bin/parley-$${target/\//-}; case $$target in windows/*) out=$$out.exe;; esac; \
	  CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -ldflags '$(LDFLAGS)' -o $$out ./cmd/parley; ls -l $$out; \
	done

clean: ## remove what was built; data/ stays
	rm -rf bin $(CONSOLE)/node_modules $(WEBCHAT)/node_modules $(BROWSER)/node_modules $(DEMO)/node_modules
	find $(CONSOLE)/dist $(WEBCHAT)/dist -mindepth 1 ! -name .gitkeep -delete

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(CONSOLE)/dist/index.html: $(CONSOLE)/node_modules/.package-lock.json $(shell find $(CONSOLE)/src $(CONSOLE)/index.html -type f 2>/dev/null)
	cd $(CONSOLE) && npm run --silent build
	@touch $@

$(WEBCHAT)/dist/index.html: $(WEBCHAT)/node_modules/.package-lock.json $(shell find $(WEBCHAT)/src -type f 2>/dev/null)
	cd $(WEBCHAT) && npm run --silent build
	@touch $@
