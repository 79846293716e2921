# Every verb does its own set-up from a bare Python 3.11 or newer; nothing needs root.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do $$p -c "" 2>/dev/null && command -v $$p && break; done)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help english demo test test-long lint types imports assets bench docs lock clean

help: ## this list
	@echo "Quanheng 权衡 — make VERB [ARGS=…]"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

demo: ## the product with a demo region; prints its address and one login for each role
test: ## the whole test suite, on SQLite and, where a server answers, on PostgreSQL
test-long: ## the long forms of soak, kill, fuzz, growth and cluster tests
lint: ## ruff: rules and layout
types: ## mypy, strict
imports: ## import-linter: a floor imports only from floors below it
assets: ## scripts, styles, icons and fonts for pages and documents
bench: ## the benchmarks; ARGS=word runs those whose name holds it
english: ## strings of the screens that lack an English translation
docs: ## runs the commands and the Python in docs/ and the README
lock: ## resolves the dependencies anew into requirements/

demo test test-long lint types imports assets bench docs lock english:
	@if [ -z "$(PYTHON)" ]; then echo "No Python found. Remedy: install Python 3.11 or newer." >&2; exit 2; fi
	@"$(PYTHON)" -m scripts $@ $(ARGS)

clean: ## removes environments, tools and built assets; data/ stays
	rm -rf .venv .tools node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf quanheng/platform/web/static/vendor quanheng/evidence/fonts test-results
	find quanheng scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
