# What a room's library holds besides src/<room>/**/*.c: generated sources (by name in build/gen)
# and sources that a Debian package ships instead of a library.
EXTRA_GEN_db := migrations

# Files that are part of the program (tools/embed.c): a made-up archive to look around in.
EXTRA_GEN_archive := sample_files
$(GEN)/sample_files.c: $(wildcard src/archive/sample/*.json) $(BUILD)/tools/embed
	@mkdir -p $(@D)
	@$(BUILD)/tools/embed SAMPLE_FILES $@ $(sort $(wildcard src/archive/sample/*.json))
