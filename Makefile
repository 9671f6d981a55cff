# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo test test-network test-device test-cross soak snapshots sim fuzz build lint bench
.NOTPARALLEL:

CARGO ?= cargo

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r verb text; do printf '%-18s %s\n' "$$verb" "$$text"; done

demo: ## a hub, an appliance, and a link into their call (LAN=1: for phones, with a QR code)
	@scripts/demo

test: rust ## install what is missing, then run all tests
	@scripts/install build run test
	@scripts/test

build: rust ## the release binary, target/release/callbox
	@scripts/install build
	$(CARGO) build --release --locked

lint: rust ## format, clippy, both halves alone, shell scripts
	@scripts/install build
	@scripts/lint

test-network: rust ## calls over networks that are narrow, lossy or cut (needs root)
	@scripts/install build run test
	@scripts/test-network

test-device: rust ## the appliance on a virtual board: camera, sound card, bad network (CASES="01 sound": only these)
	@scripts/install build
	@scripts/test-device $(CASES)

test-cross: rust ## the appliance for aarch64: its unit tests and real calls, under emulation
	@scripts/test-cross

soak: rust ## four in a call for ten minutes, two hundred calls in a row, and GStreamer's tracer of leaks (ROOM_SECONDS=600 SOAK_CALLS=200)
	@scripts/install build run test
	@ROOM_SECONDS=$(or $(ROOM_SECONDS),600) SOAK_CALLS=$(or $(SOAK_CALLS),200) scripts/soak

snapshots: rust ## what the screen shows in each state, as PNGs and on one sheet, in target/snapshots
	@scripts/install build run test
	@scripts/snapshots

sim: rust ## a fleet on virtual time, from many seeds (SEEDS=1000; FLEET_SEED=S: one again)
	@scripts/install build
	FLEET_SEEDS=$(or $(SEEDS),1000) $(CARGO) test --locked --release --lib fleet:: -- --nocapture

fuzz: rust ## hostile bytes for what strangers can send (TARGET=rpc, sdp, token, settings, config or gestures; FUZZ_SECONDS=60 each)
	@scripts/install build
	@scripts/fuzz $(TARGET)

bench: rust ## CPU, memory, latency and join time against Chromium; the hub against other servers
	@scripts/install build run demo test bench
	@scripts/bench

.PHONY: rust
rust:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: install it from https://rustup.rs" >&2; exit 1; }
