# A thin face over Meson and the tools; see README.md. `make help` lists the targets.
PYTHON = /usr/bin/python3
MESON_DEBUG = -Dfailpoints=true
MESON_ASAN = -Dfailpoints=true -Db_sanitize=address,undefined -Db_lundef=false
# What is installed differs from what is tested by the tests alone.
MESON_RELEASE = -Dtests=false

MESON_FUZZ = -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false

# The sanitizer build is also the one that proves that clang takes the code.
CC_ASAN = CC=clang
CC_FUZZ = CC=clang

.DEFAULT_GOAL := build
.PHONY: help build packages run check oracle mimediff fuzz bench contract install clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

packages: ## install the Debian packages that building needs
	@tools/install-packages build

build/%/build.ninja:
	@$(CC_$(shell echo $* | tr a-z A-Z)) meson setup build/$* $(MESON_$(shell echo $* | tr a-z A-Z)) --prefix=/usr

build: packages ## build/release
	@$(MAKE) --no-print-directory build/release/build.ninja
	@ninja -C build/release

run: ## the gateway in a private lab with sample mails; ONCE=1 ends after the table
	@tools/install-packages build run
	@$(MAKE) --no-print-directory build/release/build.ninja
	@ninja -C build/release
	@tools/lab --build build/release run $(if $(ONCE),--once)

check: ## all tests: unit, golden, fuzz corpora, system; also with sanitizers
	@tools/install-packages build run check
	@$(MAKE) --no-print-directory build/release/build.ninja build/debug/build.ninja \
		build/asan/build.ninja
	@ninja -C build/release
	@ninja -C build/debug
	@ninja -C build/asan
	@tools/check build/debug build/asan

oracle: ## ask SpamAssassin about all mails of ../shared/data anew (an hour)
	@tools/install-packages run check
	@tests/spam/oracle.py

contract: ## the real Postfix judges pairwise settings, every value of every key of mail
	@tools/install-packages build run check
	@$(MAKE) --no-print-directory build/debug/build.ninja
	@ninja -C build/debug src/prog/pmgconfig
	@$(PYTHON) tests/contract/postfix.py build/debug/src/prog/pmgconfig templates --all

mimediff: ## all mails of ../shared/data, read by us, Python's email and MIME-tools
	@tools/install-packages build run check
	@$(MAKE) --no-print-directory build/debug/build.ninja
	@ninja -C build/debug tests/mime/mime_facts
	@tests/mime/compare.py build/debug/tests/mime/mime_facts

fuzz: ## all fuzz targets for SECONDS=60 each, or FUZZ=name; crashes go to build/fuzz/crashes
	@tools/install-packages build run check
	@$(MAKE) --no-print-directory build/fuzz/build.ninja
	@tools/fuzz build/fuzz $(FUZZ) --seconds $(or $(SECONDS),60)

bench: ## all benchmarks, or BENCH=name; figures go to build/bench.json
	@tools/install-packages build run bench
	@$(MAKE) --no-print-directory build/release/build.ninja
	@meson configure build/release -Dbench=true
	@ninja -C build/release
	@tools/bench $(BENCH)

install: build ## install into DESTDIR
	@meson install -C build/release --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

clean: ## remove everything that was built
	rm -rf build
