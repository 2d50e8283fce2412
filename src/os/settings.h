/* Settings: THE table of keys (DESIGN 5.2). Flag, then environment VIVIM_X (or VIVIM_X_FILE that
 * holds the value), then vivim.conf in the data folder (or --config), then the default.
 * `config dump`, `--help` and docs/operations.md come from this table. */
#ifndef VIVIM_OS_SETTINGS_H
#define VIVIM_OS_SETTINGS_H

#include "base/suggest.h"

enum setting_kind { SETTING_TEXT, SETTING_I64, SETTING_BOOL };
enum { SETTING_SECRET = 1, SETTING_TEST_ONLY = 2 };

/* X(member, KEY, kind, default, min, max, flags, help)
 * A key KEY is VIVIM_KEY in the environment, `key` in vivim.conf, --key (dashes) as a flag. */
#define SETTINGS_TABLE(X)                                                                         \
    X(listen, "LISTEN", TEXT, "127.0.0.1:8420", 0, 0, 0,                                          \
      "where to listen: address:port, or localhost:port for both address families")               \
    X(data, "DATA", TEXT, "/var/lib/vivim", 0, 0, 0, "the data folder")                           \
    X(database_url, "DATABASE_URL", TEXT, "sqlite:", 0, 0, SETTING_SECRET,                        \
      "sqlite: in the data folder, or postgresql://...")                                          \
    X(base_url, "BASE_URL", TEXT, "", 0, 0, 0,                                                    \
      "the public address; default from the listen address")                                      \
    X(trusted_proxies, "TRUSTED_PROXIES", TEXT, "", 0, 0, 0,                                      \
      "addresses whose X-Forwarded-For and -Proto count, parted by commas")                       \
    X(master_key, "MASTER_KEY", TEXT, "", 0, 0, SETTING_SECRET,                                   \
      "seals secrets: 64 hexadecimal digits; default: master.key in the data folder")             \
    X(log_level, "LOG_LEVEL", TEXT, "info", 0, 0, 0, "debug, info, warn or error")                \
    X(log_format, "LOG_FORMAT", TEXT, "auto", 0, 0, 0,                                            \
      "json, human, or auto (human on a terminal)")                                               \
    X(loops, "LOOPS", I64, "0", 0, 64, 0, "event loop threads; 0: one a core")                    \
    X(workers, "WORKERS", I64, "64", 1, 64, 0, "most worker threads")                             \
    X(browser, "BROWSER", TEXT, "", 0, 0, 0,                                                      \
      "the browser to drive; default chromium-headless-shell, else chromium")                     \
    X(browser_slots, "BROWSER_SLOTS", I64, "2", 1, 8, 0, "captures at a time")                    \
    X(capture_rate_per_hour, "CAPTURE_RATE_PER_HOUR", I64, "120", 1, 100000, 0,                   \
      "captures that one account may start in an hour")                                           \
    X(capture_screenshot, "CAPTURE_SCREENSHOT", BOOL, "0", 0, 1, 0,                               \
      "1: run a page for its picture also when its document alone gave the conversation")         \
    X(capture_any_host, "CAPTURE_ANY_HOST", BOOL, "1", 0, 1, 0,                                   \
      "0: only known providers, also where who asks says that any page is meant")                 \
    X(blocked_domains, "BLOCKED_DOMAINS", TEXT, "", 0, 0, 0,                                      \
      "domains never captured, with their subdomains, parted by commas")                          \
    X(import_mib, "IMPORT_MIB", I64, "16384", 1, 1048576, 0,                                      \
      "the most that one import may bring, in MiB")                                               \
    X(import_folder, "IMPORT_FOLDER", TEXT, "", 0, 0, 0,                                          \
      "what is put into this folder is imported: for its only account, or in <folder>/<handle>/") \
    X(similar_words, "SIMILAR_WORDS", TEXT, "", 0, 0, 0,                                          \
      "folder of the tables of similar words (default: similar in the data folder), or off")      \
    X(eio_ping_interval_ms, "EIO_PING_INTERVAL_MS", I64, "25000", 100, 600000, 0,                 \
      "Engine.IO: how often the server pings")                                                    \
    X(eio_ping_timeout_ms, "EIO_PING_TIMEOUT_MS", I64, "20000", 100, 600000, 0,                   \
      "Engine.IO: how long it waits for the answer")                                              \
    X(eio_connect_timeout_ms, "EIO_CONNECT_TIMEOUT_MS", I64, "45000", 100, 600000, 0,             \
      "Socket.IO: how long a connection may stay without a namespace")                            \
    X(eio_max_payload, "EIO_MAX_PAYLOAD", I64, "1000000", 1000, 1000000, 0,                       \
      "Engine.IO: bytes of a client's payload or message")                                        \
    X(test, "TEST", BOOL, "0", 0, 1, 0, "unlocks the test keys; refuses a public listen address") \
    X(capture_resolve, "CAPTURE_RESOLVE", TEXT, "", 0, 0, SETTING_TEST_ONLY,                      \
      "host:port=127.0.0.1:port,...: connect there instead")                                      \
    X(capture_insecure_tls, "CAPTURE_INSECURE_TLS", BOOL, "0", 0, 1, SETTING_TEST_ONLY,           \
      "accept the fixture server's certificate")                                                  \
    X(capture_deadline_ms, "CAPTURE_DEADLINE_MS", I64, "60000", 1000, 600000, SETTING_TEST_ONLY,  \
      "the whole time of a capture")                                                              \
    X(log_poll_ms, "LOG_POLL_MS", I64, "0", 0, 3600000, SETTING_TEST_ONLY,                        \
      "how often the log is looked at unasked; 0: as the database wants it")                      \
    X(password_mib, "PASSWORD_MIB", I64, "64", 19, 1024, SETTING_TEST_ONLY,                       \
      "memory of one password hash; a test signs many people in")                                 \
    X(no_group_commit, "NO_GROUP_COMMIT", BOOL, "0", 0, 1, SETTING_TEST_ONLY,                     \
      "a transaction of its own for each write: the benchmark's peer")                            \
    X(rate_factor, "RATE_FACTOR", I64, "1", 1, 1000000, SETTING_TEST_ONLY,                        \
      "requests allowed, so many times the usual: benchmarks over TCP")

struct settings {
#define X(member, key, kind, def, min, max, flags, help) SETTING_MEMBER_##kind(member)
#define SETTING_MEMBER_TEXT(m)                           struct str m;
#define SETTING_MEMBER_I64(m)                            int64_t m;
#define SETTING_MEMBER_BOOL(m)                           bool m;
    SETTINGS_TABLE(X)
#undef X
};

struct setting_flag {
    struct str key, value; /* "listen" from --listen */
};

/* Read everything. `a` owns the values. `flags` come from the command line.
 * Errors: E_INVALID, the note names the key, where it stands (flag, variable, file and line), what is wrong, and for an unknown key the nearest known one. */
NODISCARD err_t settings_load(struct arena *a, const struct setting_flag *flags, size_t flag_count,
                              const char *config_path_or_null, char *const environment[],
                              struct settings *ret);
/* Does the table know this flag name ("listen", "base-url")? */
bool setting_known(struct str flag_name);
/* Offer the flag names of the table, but not those for tests alone. */
void settings_suggest(struct suggestion *s);
/* key, value in force (secrets as "(set)"), and where it came from, one row each, in table order. */
struct setting_row {
    const char *key, *help, *origin; /* origin: "default", "flag", "environment", "file" */
    struct str value;
};
size_t settings_rows(struct arena *a, const struct settings *s, const struct setting_row **ret);

#endif
