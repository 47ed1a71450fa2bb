#!/bin/bash
# tools-tree.sh [DIR]: makes the tools tree, a Debian trixie root with the judges that must be trixie's, once, and prints
# where it is. Without DIR it lives in the user's cache, in a folder named after the list of packages in packages.txt.
# Needs root (the judges are entered with chroot) and mmdebstrap; takes about a minute and 700 MB.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd)
packages=$(grep -v '^#' "$here/packages.txt" | sort -u | paste -sd,)
hash=$(printf '%s' "$packages" | sha256sum | cut -c1-12)
tree=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/roos/tools-$hash}

if [ -d "$tree" ]; then
    echo "$tree"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "tools-tree.sh: making the tools tree needs root" >&2
    exit 1
fi

mkdir -p "$(dirname "$tree")"
# Made beside its place and renamed, so that a tree at its place is a whole one.
making=$(mktemp -d "$tree.making-XXXXXX")
trap 'rm -rf --one-file-system "$making"' EXIT
# The mirror is mmdebstrap's default one: naming it here would take away the machine's own choice.
mmdebstrap --quiet --mode=root --variant=apt --include="$packages" trixie "$making/tree" >&2
# apt exits with success when every index failed to download: ask for the packages themselves.
for package in ${packages//,/ }; do
    if ! chroot "$making/tree" dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii'; then
        echo "tools-tree.sh: $package did not get into the tools tree" >&2
        exit 1
    fi
done
# A tree that another run finished meanwhile is as good as this one.
if ! mv -nT "$making/tree" "$tree" 2>/dev/null && [ ! -d "$tree" ]; then
    echo "tools-tree.sh: cannot put the tools tree at $tree" >&2
    exit 1
fi
echo "$tree"
