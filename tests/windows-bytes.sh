#!/bin/bash
# windows-bytes.sh TREE ROOTFS INITRD [options of roos build]: builds the appliance TREE from two package tars with the program of
# this checkout and again with its Windows build under wine, and compares every artifact.
# Needs wine64 (Debian package wine64) and the win-x64 runtime pack, which the SDK restores. Exit status 0: the same bytes.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,4p' "$0"; exit 2; }
house=$(cd "$(dirname "$0")/.." && pwd)
tree=$(realpath "$1") rootfs=$(realpath "$2") initrd=$(realpath "$3")
shift 3

wine=$(command -v wine64 || command -v /usr/lib/wine/wine64) || { echo "windows-bytes: needs wine64 (apt-get install wine64)" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Wine up to 8 (Debian 12) loses writes to memory that is mapped twice, as .NET maps its code with W^X: "Internal CLR error" follows.
export WINEPREFIX=$scratch/prefix WINEDEBUG=-all DISPLAY= DOTNET_EnableWriteXorExecute=0
"$wine" wineboot -i >/dev/null 2>&1 || { echo "windows-bytes: wineboot failed" >&2; exit 2; }

# A folder kept between runs, because publishing for Windows takes half a minute.
program=$house/artifacts/windows
if [ ! -e "$program/.built" ] || [ -n "$(find "$house/src" -name obj -prune -o -name bin -prune -o -type f -newer "$program/.built" -print | head -n 1)" ]; then
    "$house/build/publish" "$program" win-x64 --self-contained
fi

for system in linux windows; do
    mkdir -p "$scratch/$system"
    cp -rP "$tree" "$scratch/$system/tree"
    rm -rf "$scratch/$system/tree/mkosi.output" "$scratch/$system/tree/mkosi.cache"
done
"$house/roos" -C "$scratch/linux/tree" --quiet build --rootfs "$rootfs" --initrd-rootfs "$initrd" "$@"
timeout 1800 "$wine" "$program/roos.exe" -C "Z:${scratch//\//\\}\\windows\\tree" --quiet build \
    --rootfs "Z:${rootfs//\//\\}" --initrd-rootfs "Z:${initrd//\//\\}" "$@"

status=0
for file in "$scratch"/linux/tree/mkosi.output/*; do
    name=$(basename "$file")
    if cmp -s "$file" "$scratch/windows/tree/mkosi.output/$name"; then echo "same       $name"; else echo "DIFFERENT  $name"; status=1; fi
done
[ "$(ls "$scratch/linux/tree/mkosi.output")" = "$(ls "$scratch/windows/tree/mkosi.output")" ] || { echo "the two have different artifacts"; status=1; }
exit $status
