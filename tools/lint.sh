#!/bin/sh
# What a machine can say about the sources. Each check prints file:line and a sentence; the exit status counts them.
set -u
cd "$(dirname "$0")/.."
bad=0
report() { [ -z "$1" ] || { printf '%s\n' "$1"; bad=$((bad + $(printf '%s\n' "$1" | wc -l))); }; }
sources=$(find src -name '*.[ch]' | sort)

# Layers: a file may include its own room and rooms of lower rank. It belongs to the longest name in layers.txt that fits.
report "$(awk '
    function room_of(path, name) {
        for (name = path; sub(/\/[^\/]*$/, "", name); ) if (name in rank) return name
        return ""
    }
    FNR == NR { if ($1 ~ /^[0-9.]+$/) rank[$2] = $1; next }
    FNR == 1 { room = room_of(substr(FILENAME, 5)); own = room == "" ? 99 : rank[room] }
    match($0, /^#include "[a-z_]+\/[^"]*"/) {
        path = substr($0, 11, RLENGTH - 11); other = room_of(path)
        if (other == "") print FILENAME ":" FNR ": includes a room that layers.txt does not know: " path
        else if (other != room && rank[other] + 0 >= own + 0) print FILENAME ":" FNR ": " room " (rank " own ") may not include " other " (rank " rank[other] ")"
    }' layers.txt $sources)"

# Banned: functions without bounds, without errors, with hidden state; malloc in rooms.
report "$(grep -nE '(^|[^a-zA-Z0-9_])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|strtol|strtoul|gets|alloca|rand|srand|localtime|gmtime)\(' $sources |
    sed 's/$/   <- banned (STYLE 18)/')"
report "$(grep -nE '(^|[^a-zA-Z0-9_])(malloc|calloc|realloc|free)\(' $(find src -name '*.c' -not -path 'src/base/*' -not -path 'src/os/*' -not -path 'src/db/*' -not -path 'src/net/*' -not -path 'src/crdt/*' | sort) |
    grep -vxFf tools/malloc_exceptions.txt | sed 's/$/   <- memory by hand in a room (STYLE 12)/')"
# SQL stands in .sql files.
report "$(grep -nE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM) ' $(find src -name '*.c' -not -path 'src/db/*') | sed 's/$/   <- SQL outside <room>.sql (STYLE 19)/')"

# Lengths: functions at most 100 lines, files at most 800, lines at most 100 columns; tools/long_functions.txt may only shrink.
report "$(ctags -R --languages=C --kinds-C=f --fields=+ne -f - src 2>/dev/null | awk -F'\t' '
    FNR == NR { allowed[$1] = 1; next }
    { b = e = 0; for (i = 4; i <= NF; i++) { if ($i ~ /^line:/) b = substr($i, 6); if ($i ~ /^end:/) e = substr($i, 5) }
      if (e - b + 1 > 100 && !($1 in allowed)) print $2 ":" b ": " $1 " has " e - b + 1 " lines; 100 are the most" }' tools/long_functions.txt -)"
report "$(wc -l $sources $(find web/src -name '*.ts' -o -name '*.tsx' 2>/dev/null) | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines; 800 are the most" }')"

# Format.
report "$(clang-format --dry-run $(git ls-files 'src/*.c' 'src/*.h' 'tests/unit/*.c' 'fuzz/*.[ch]' 'fuzz/*/*.c' 'bench/*.c' 'tools/*.c') 2>&1 | grep -E 'warning: code should be clang-formatted' | cut -d: -f1 | sort | uniq -c | awk '{ print $2 ": " $1 " places are not as clang-format writes them (make format)" }')"

# Static analysis.
report "$(find src -name '*.c' | sort | xargs -P "$(nproc)" -n 8 clang-tidy --quiet -p . 2>/dev/null | grep -E '(warning|error):' | sort -u)"
report "$(cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr --suppressions-list=tools/cppcheck.supp \
    --template='{file}:{line}: {severity}: {message} [{id}]' -j "$(nproc)" -Isrc -D__GNUC__=12 --max-configs=1 src 2>&1)"
report "$(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- src web/src tests ':!*.json' | sed 's/$/   <- unfinished/')"

if [ "$bad" = 0 ]; then echo "lint: clean"; else echo "lint: $bad findings"; exit 1; fi
