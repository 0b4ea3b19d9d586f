# A thin face over Meson and the tools; see README.md. `make help` lists the targets.
PYTHON = /usr/bin/python3
MESON_DEBUG = -Dfailpoints=true
MESON_ASAN = -Dfailpoints=true -Db_sanitize=address,undefined
MESON_RELEASE = --buildtype=release -Db_ndebug=false -Dbench=true

.DEFAULT_GOAL := build
.PHONY: help build packages run check fuzz bench install clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

packages: ## install the Debian packages that building needs
	@tools/install-packages build

build/%/build.ninja:
	@meson setup build/$* $(MESON_$(shell echo $* | tr a-z A-Z)) --prefix=/usr

build: packages ## build/release
	@$(MAKE) --no-print-directory build/release/build.ninja
	@ninja -C build/release

clean: ## remove everything that was built
	rm -rf build
