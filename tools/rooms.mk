# What a room's library holds besides src/<room>/**/*.c: generated sources (by name in build/gen)
# and sources that a Debian package ships instead of a library.
EXTRA_GEN_db := migrations
