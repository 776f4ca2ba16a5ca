#!/bin/sh
# Makes the keys and passwords of compose.postgres.yml, once; what is there already stays. As root, or followed by the `chown` that it prints.
# Keep a copy of secrets/master-key elsewhere: without it personal data is lost.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets tls

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

for name in master-key token-key postgres-password grafana-password; do
    test -s "secrets/$name" || { random >"secrets/$name" && echo "made secrets/$name"; }
done
# Hexadecimal, because they stand in URLs.
for name in DESK_OWNER_PASSWORD DESK_APP_PASSWORD; do
    grep -qs "^$name=" .env || { printf '%s=%s\n' "$name" "$(random)" >>.env && echo "made $name in .env"; }
done

# Containers read them by the ids of their own users; the folder itself is passed by root alone.
give() { chown "$1" "$2" 2>/dev/null || echo "now run, as root: chown $1 $PWD/$2"; }
give 10001:10001 secrets/master-key
give 10001:10001 secrets/token-key
give 472:0 secrets/grafana-password
# nginx reads the certificate as user 101.
give 101:101 tls
