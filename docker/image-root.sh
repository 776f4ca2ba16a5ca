#!/bin/sh
# Lays out the image's file system: the programs, the loader and the libraries that they need, and what TLS and name resolution read.
# Nothing else: no shell, no package manager, nothing that a bug in the program could call.
#
#     image-root.sh FOLDER PROGRAM...
#
# FOLDER/root belongs to root in the image, FOLDER/owned to the user that the program runs as.
set -eu
root=$1/root
mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$1/owned/data"
shift

for program in "$@"; do
    install -m 755 "$program" "$root/usr/bin/"
    # "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)".
    ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'
done | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done

# Assistants, mail servers and object stores are asked over TLS.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf 'desk:x:10001:10001::/data:/usr/bin/desk\n' >"$root/etc/passwd"
printf 'desk:x:10001:\n' >"$root/etc/group"
# Without it a name that stands in /etc/hosts would be asked of the name server first.
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
