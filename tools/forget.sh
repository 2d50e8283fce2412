#!/bin/sh
# forget.sh BUILD: remove what was made from a file that has changed since, however it changed. Called by the Makefile.
#
# make compares times alone: it does not see that a file is gone or has another name, that an older one took its place (mv, git
# and cp -p keep times), or that it was saved while the compiler read it. So the build notes name, size and time of every source,
# and what is not as noted takes along what was made of it; then make makes that anew. A build that noted nothing is not trusted.
set -eu
build=$1
noted=$build/sources
now=$build/sources.now

mkdir -p "$build"
find Makefile layers.txt src fuzz bench tools tests/unit -type f -printf '%p %s %T@\n' 2>/dev/null | sort >"$now"
find web package.json -type f -not -path 'web/dist/*' -not -path 'web/tests/*' -printf '%p %s %T@\n' 2>/dev/null | sort >"$now.web"
web=$(dirname "$build")/sources.web # every mode embeds the same client

# Of each list of what something was made of (*.d): the object, or the test or other program.
forget_made() {
    while read -r d; do
        rm -f "$d" "${d%.d}.o"
        [ -d "${d%.d}" ] || rm -f "${d%.d}" # search/query.c stood beside search/query/
    done
}
forget_generated() { rm -f "$build"/gen/*.c "$build"/gen/*.h; }

if [ ! -e "$noted" ]; then
    find "$build" -name '*.d' | forget_made
    find "$build" \( -name '*.o' -o -name '*.a' \) -delete
    forget_generated
elif ! cmp -s "$noted" "$now"; then
    comm -3 "$noted" "$now" | awk '{ print $1 }' | sort -u >"$now.changed"
    # The compiler said what each object and test was made of: the file itself and its headers.
    find "$build" -name '*.d' -exec grep -lFw -f "$now.changed" {} + | forget_made
    sed -n "s,^fuzz/\(.*\)\.c\$,$build/fuzz/\1.d,p" "$now.changed" | forget_made # two sources: its list has the second
    # An archive holds the objects of all files that its room had.
    sed -n 's,^src/\([^/]*\)/.*,\1,p; s,^tests/unit/fault/.*,fault,p' "$now.changed" | sort -u | while read -r room; do
        rm -f "$build/lib$room.a" "$build/lib$room"-*.a
    done
    # Queries, migrations, recipes and samples become C.
    ! grep -q '^src/.*\.[^ch/]*$' "$now.changed" || forget_generated
    if grep -q '^tools/.*\.c$' "$now.changed"; then
        rm -f "$build"/tools/*
        forget_generated
    fi
    rm -f compile_commands.json
fi
[ ! -e "$web" ] || cmp -s "$web" "$now.web" || rm -f web/dist/index.html

mv "$now" "$noted"
mv "$now.web" "$web"
rm -f "$now.changed"
