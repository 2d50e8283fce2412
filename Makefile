# VIVIM: build, checks and benchmarks. `./run` and `./test` install what this needs and call it.
#
#   make            build/debug/vivim    (ASan + UBSan; the default build is the checked build)
#   make release    build/release/vivim  (-O2, LTO, hardened)
#   make check      unit tests, store tests on SQLite, API and protocol tests, fuzz corpus replay
#   make help       the other targets
#
# Each room becomes one library, and a folder of one that has a rank of its own too; a room's tests link only rooms of lower rank (layers.txt), so a
# call upward does not link.

MODE  ?= debug
BUILD ?= build/$(MODE)
GEN   := $(BUILD)/gen

ROOMS := $(shell awk '/^[0-9]/ {print $$1, $$2}' layers.txt | sort -k1,1nr -k2,2 | cut -d' ' -f2)
rank   = $(shell awk '$$2 == "$(1)" {print $$1}' layers.txt)
# the room itself and every room of lower rank, highest first (link order)
below  = $(1) $(shell awk -v r="$(call rank,$(1))" '/^[0-9]/ && $$1 < r {print $$1, $$2}' layers.txt | sort -k1,1nr | cut -d' ' -f2)

# src/realtime/topics -> librealtime-topics.a
lib    = $(BUILD)/lib$(subst /,-,$(1)).a
libs_below = $(foreach r,$(call below,$(1)),$(call lib,$(r)))

WARN   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror
CXXWARN := -Wall -Wextra -Wshadow -Werror
CPPFLAGS += -D_GNU_SOURCE -Isrc -I$(GEN) -isystem /usr/share/include/llhttp -isystem /usr/include/postgresql -DLLHTTP_STRICT_MODE=1
COMMON := -g -pthread -fno-strict-aliasing -fno-omit-frame-pointer -MMD -MP
# libpq and libcurl are loaded when they are needed: src/os/library.h
LDLIBS := -luv -lsqlite3 -lsodium -lssl -lcrypto -lutf8proc -lstemmer -lzstd -lz -lzip -ldeflate -lmd4c -lsimdjson -lstdc++ -lm

SANITIZE_debug := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANITIZE_tsan  := -fsanitize=thread
SANITIZE_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
OPT_debug   := -O1
# gcc does not see that a function which gives OK has set its ret_ parameters, and guesses more the more it inlines.
GUESSES := $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)
OPT_tsan    := -O1 $(GUESSES)
OPT_fuzz    := -O1
OPT_release := -O2 -flto=auto -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE $(GUESSES)
# Of binutils, and twice as fast where 120 programs are linked.
LINK_debug := $(if $(shell command -v ld.gold),-fuse-ld=gold)
LINK_release := -pie -Wl,-z,relro,-z,now -flto=auto

ifeq ($(MODE),fuzz)
CC := clang
CXX := clang++
endif
ifeq ($(MODE),release)
AR := gcc-ar
endif

CFLAGS   += -std=gnu17 $(WARN) $(COMMON) $(OPT_$(MODE)) $(SANITIZE_$(MODE))
CXXFLAGS += -std=c++17 -fno-exceptions -fno-rtti $(CXXWARN) $(COMMON) $(OPT_$(MODE)) $(SANITIZE_$(MODE))
LDFLAGS  += -Wl,--as-needed $(SANITIZE_$(MODE)) $(LINK_$(MODE))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all release

# --- never skip a source -------------------------------------------------------------------
# What was made from files that are gone, renamed or replaced goes first (tools/forget.sh) …
FORGOT := $(shell tools/forget.sh $(BUILD) || echo failed)
$(if $(FORGOT),$(error tools/forget.sh: $(FORGOT)))
# … and what was made with other flags is made anew: this file is written only when they have changed.
FLAGS := $(BUILD)/flags
FLAGS_NOW := $(strip $(CC) $(CXX) $(AR) $(CPPFLAGS) $(CFLAGS) $(CXXFLAGS) $(LDFLAGS) $(LDLIBS))
ifneq ($(file <$(FLAGS)),$(FLAGS_NOW))
$(file >$(FLAGS),$(FLAGS_NOW))
endif

all: $(BUILD)/vivim
release:
	@$(MAKE) --no-print-directory MODE=release build/release/vivim

# --- generated sources -------------------------------------------------------------------
# Named by the room, or by the last part of its name: presence of realtime/presence.
SQL_ROOMS := $(foreach r,$(ROOMS),$(if $(wildcard src/$(r)/$(notdir $(r)).sql),$(r)))
SQL_GEN   := $(foreach r,$(SQL_ROOMS),$(GEN)/$(notdir $(r))_sql.h)
SQLEMBED  := $(BUILD)/tools/sqlembed

$(BUILD)/tools/%: tools/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -g -o $@ $<

define sql_rule
$(GEN)/$(2)_sql.h $(GEN)/$(2)_sql.c &: src/$(1)/$(2).sql $(SQLEMBED)
	@mkdir -p $(GEN)
	$(SQLEMBED) queries $(2) src/$(1)/$(2).sql $(GEN)/$(2)_sql.h $(GEN)/$(2)_sql.c
endef
$(foreach r,$(SQL_ROOMS),$(eval $(call sql_rule,$(r),$(notdir $(r)))))

# For the test that prepares every query of every room: X(room) for each, so that a new room is in it.
$(GEN)/all_sql.h: Makefile $(SQL_GEN)
	@{ for r in $(notdir $(SQL_ROOMS)); do echo "#include \"$${r}_sql.h\""; done; printf '#define SQL_ROOMS(X)'; \
	  for r in $(notdir $(SQL_ROOMS)); do printf ' X(%s, %s)' $$r $$(echo $$r | tr a-z A-Z); done; echo; } > $@

$(GEN)/migrations.c: $(wildcard src/db/migrations/*.sql src/db/migrations/*/*.sql) $(SQLEMBED)
	@mkdir -p $(GEN)
	$(SQLEMBED) migrations src/db/migrations $@

# --- rooms -------------------------------------------------------------------------------
include tools/rooms.mk

define room_rule
SRC_$(1)  := $$(filter-out $(foreach r,$(filter $(1)/%,$(ROOMS)),src/$(r)/%),$$(wildcard src/$(1)/*.c src/$(1)/*/*.c))
OBJ_$(1)  := $$(SRC_$(1):%.c=$(BUILD)/%.o) $$(patsubst %.cc,$(BUILD)/%.o,$$(wildcard src/$(1)/*.cc)) \
             $$(patsubst %,$(BUILD)/gen/%.o,$$(if $$(filter $(1),$(SQL_ROOMS)),$(notdir $(1))_sql) $$(EXTRA_GEN_$(1))) $$(EXTRA_OBJ_$(1))
$(if $(filter $(1),$(SQL_ROOMS)),$$(OBJ_$(1)): | $(GEN)/$(notdir $(1))_sql.h)
$(call lib,$(1)): $$(OBJ_$(1))
	@mkdir -p $$(@D); rm -f $$@
	@$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

LIBS := $(foreach r,$(ROOMS),$(call lib,$(r)))

$(BUILD)/src/%.o: src/%.c Makefile tools/rooms.mk $(FLAGS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(BUILD)/src/%.o: src/%.cc Makefile $(FLAGS)
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c -o $@ $<
$(BUILD)/gen/%.o: $(GEN)/%.c Makefile $(FLAGS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/vivim: $(BUILD)/src/main.o $(BUILD)/src/app.o $(LIBS) $(FLAGS)
	@echo "  LINK $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(BUILD)/src/main.o $(BUILD)/src/app.o $(LIBS) $(LDLIBS)

# --- unit tests: tests/unit/<room>/test_x.c -> build/<mode>/tests/<room>/test_x ------------
# A test_fault* is linked so that our own calls of these can be made to fail (tests/unit/fault/fault.h).
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/%)
FAULT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/fault/*.c))
WRAPPED := malloc calloc realloc write fsync rename mkdir sqlite3_step sqlite3_prepare_v3 PQsendQuery PQsendQueryParams PQsendPrepare PQsendQueryPrepared
WRAPS := $(WRAPPED:%=-Wl,--wrap=%) -Wl,--undefined=__wrap_malloc

$(BUILD)/tests/unit/fault/%.o: tests/unit/fault/%.c Makefile $(FLAGS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -c -o $@ $<
$(BUILD)/libfault.a: $(FAULT_OBJ)
	@rm -f $@; $(AR) rcs $@ $^

define unit_rule
$(BUILD)/tests/$(1)/%: tests/unit/$(1)/%.c $(BUILD)/libfault.a $(call libs_below,$(1)) $(FLAGS)
	@mkdir -p $$(@D)
	@echo "  TEST $$<"
	@$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(LDFLAGS) $$(if $$(filter test_fault%,$$*),$$(WRAPS)) -o $$@ $$< $(BUILD)/libfault.a \
	    $(call libs_below,$(1)) -lcmocka $(LDLIBS) -lpq
endef
$(foreach r,$(ROOMS),$(eval $(call unit_rule,$(r))))

$(BUILD)/tests/realtime/test_queries: | $(GEN)/all_sql.h

unit: $(UNIT_BIN)

include tools/targets.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
