# `make help` lists what there is. CONFIGURATION=release builds and tests optimised code.
SHELL := /bin/sh
CONFIGURATION ?= debug
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: prerequisites
prerequisites: ## what a build needs beside this folder: Swift, SQLite's headers, jq
	@Scripts/prerequisites

.PHONY: build
build: prerequisites ## the command and everything else
	swift build -c $(CONFIGURATION)

.PHONY: demo
demo: prerequisites ## builds the command, runs a real pipeline, shows its history
	@Scripts/demo

.PHONY: test
test: prerequisites ## all tests, on real components; with CI=true a skipped one is a failure
	@Scripts/test

.PHONY: bench
bench: prerequisites ## speed and size against what they should be
	@Scripts/bench

.PHONY: format
format: ## brings the sources into form
	swift format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks Examples

.PHONY: lint
lint: ## whether the sources are in form
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks Examples

.PHONY: docs
docs: prerequisites ## the documentation, as web pages in .build/docs
	@Scripts/docs
