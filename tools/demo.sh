#!/bin/sh
# demo.sh VIVIM [serve options]: serve with an account "demo" that holds the sample archive. Called by ./run --demo.
set -eu
vivim=$1
shift
if [ -z "$("$vivim" user list "$@" 2>/dev/null)" ]; then
    password=$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$password" | "$vivim" user add demo --admin --password-file - "$@" >/dev/null
    "$vivim" sample add --user demo "$@"
    printf '\n  Sign in as "demo" with the password %s (shown this once).\n' "$password"
else
    printf '\n  The data folder has accounts already: sign in as before ("user passwd HANDLE" sets a new password).\n'
fi
exec "$vivim" serve "$@"
