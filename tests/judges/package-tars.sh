#!/bin/bash
# package-tars.sh: makes the two package tars of the template, rootfs.tar and initrd.tar, with mmdebstrap, once, and prints the
# folder they are in. For tests that want real input without a whole build, and for bench/. Needs root and mmdebstrap.
set -euo pipefail
export LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=1761955200

images=$(cd "$(dirname "$0")/../../template/mkosi.images" && pwd)

# The packages of an image, with commas.
packages() {
    awk '/^#/ { next } /^\[/ || /^[A-Za-z]+=/ { inside = 0 } /^Packages=/ { inside = 1; sub(/^Packages=/, "") }
         inside { for (i = 1; i <= NF; i++) print $i }' "$images/$1/mkosi.conf" | sort -u | paste -sd,
}

rootfs=$(packages roos-base)
initrd=$(packages initrd)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/roos/package-tars-$(printf '%s\n' "$rootfs" "$initrd" | sha256sum | cut -c1-12)
if [ -d "$folder" ]; then
    echo "$folder"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "package-tars.sh: installing packages needs root" >&2
    exit 1
fi

mkdir -p "$(dirname "$folder")"
making=$(mktemp -d "$folder.making-XXXXXX")
trap 'rm -rf "$making"' EXIT
mkdir "$making/tars"
make_tar() { # PACKAGES TAR
    # INITRD=No: initramfs-tools, which the kernel depends on, would make an initrd that nobody starts.
    INITRD=No mmdebstrap --quiet --mode=root --format=tar --variant=essential --include="$1" \
        --aptopt='APT::Install-Recommends "false"' trixie "$making/tars/$2" >&2
}
make_tar "$initrd" initrd.tar
make_tar "$rootfs" rootfs.tar
if ! mv -nT "$making/tars" "$folder" 2>/dev/null && [ ! -d "$folder" ]; then
    echo "package-tars.sh: cannot put the tars at $folder" >&2
    exit 1
fi
echo "$folder"
