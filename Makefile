# Everything a contributor runs, and everything CI runs: `.ci/run` calls these targets.

# A rustup that is installed but not on PATH (a fresh shell, a cron job) is used all the same.
ifeq ($(shell command -v rustup 2>/dev/null),)
ifneq ($(wildcard $(HOME)/.cargo/bin/cargo),)
export PATH := $(HOME)/.cargo/bin:$(PATH)
endif
endif

.DEFAULT_GOAL := help
.PHONY: help run fake test contract reference check gen bench bench-large fault fault-sends

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start a server to try things on (make run ARGS="--help")
	@scripts/reference --try
	cargo run --release -- dev $(ARGS)

fake: ## stand in for a service on this machine (make fake ARGS="whatsapp --help"; twilio, smtp, issuer)
	cargo run --features fakes -- fake $(ARGS)

test: ## run every test; installs what is missing, brings its own PostgreSQL (make test ARGS="api::users")
	scripts/test $(ARGS)

contract: ## call every operation of the OpenAPI documents with schemathesis, on both engines (make contract ARGS="…")
	scripts/contract $(ARGS)

reference: ## fetch the reader of /docs, which the next build embeds
	scripts/reference

check: ## format, lints, generated files, licences: what a change must pass besides the tests
	scripts/check

gen: ## write the generated files again: config.schema.json, docs/reference/errors.md, openapi/
	cargo run --quiet -- gen

bench: ## measure throughput and latency on this machine
	bench/run $(ARGS)

bench-large: ## the same on a large database (takes long, wants disk space)
	bench/run --large $(ARGS)

fault: ## kill the server and its database mid-flight and check that nothing answered was lost
	bench/fault $(ARGS)

fault-sends: ## kill the server while wallets send, and check that nothing was sent twice or lost
	bench/fault-sends $(ARGS)
