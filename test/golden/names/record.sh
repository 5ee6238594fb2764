#!/bin/bash
# Makes the records beside it anew, from the programs beside it: record.sh BUILD-DIRECTORY [NAME...]
# Each NAME.vprof.gz is a record and NAME.debug.xz what tells its addresses' names, without code.
# Paths in the record are made relative, so that both are found wherever the test puts them; what
# is in libc stays without names, which another libc would change.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# rust NAME: without what the debug information says of Rust's own library, which is a megabyte
rust() {
	local libs=lib/rustlib/x86_64-unknown-linux-gnu rustc=${RUSTC:-rustc}
	mkdir -p sys/$libs
	cp -r "$("$rustc" --print sysroot)/$libs/lib" sys/$libs/
	strip --strip-debug sys/$libs/lib/*.rlib
	"$rustc" --sysroot sys --remap-path-prefix "$PWD=/src" -O -C debuginfo=1 -C strip=none -C panic=abort -o "$1" "$1.rs"
}

compile() {
	local debug=-g1 # of lambdas that leaves out whose they are
	[ "$1" != tasks ] || debug=-g
	case $1 in
	feed) rust feed ;;
	*) "${CXX:-g++}" -std=c++17 -O2 "$debug" -static-libstdc++ -static-libgcc -Wl,--gc-sections \
		-Wl,--build-id -pthread \
		-ffile-prefix-map="$PWD=/src" -o "$1" "$1.cpp" ;;
	esac
}

[ $# -gt 0 ] || set -- orderbook tasks settings feed
for name; do
	cp "$here/$name".[cr]* .
	compile "$name"
	size=2M
	[ "$name" != feed ] || size=4M
	VPROF_OPTIONS=out=$name.vprof:size=$size:cpu=1000 LD_PRELOAD=$build/libvprof.so "./$name"
	python3 - "$name" <<'PYTHON'
import re, subprocess, sys
name = sys.argv[1]
data = open(name + ".vprof", "rb").read()
boot = open("/proc/sys/kernel/random/boot_id", "rb").read().strip()
data = data.replace(boot, b"0" * len(boot)) # no names of a kernel that runs elsewhere
for path in set(re.findall(rb"(?<=\0)/[^\0]*/[^\0/]+\.so[.0-9]*(?=\0)", data)):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True).stdout
    for build_id in re.findall("Build ID: ([0-9a-f]+)", notes):
        data = data.replace(bytes.fromhex(build_id), b"\xee" * (len(build_id) // 2))
data = re.sub(rb"(?<=\0)/[^\0]*/([^\0/]+)(?=\0)",
              lambda m: (b"./" + m[1]).ljust(len(m[0]), b"\0"), data)
open(name + ".vprof", "wb").write(data)
PYTHON
	objcopy --only-keep-debug "$name" "$name.debug"
	gzip -9n <"$name.vprof" >"$here/$name.vprof.gz"
	xz -9 <"$name.debug" >"$here/$name.debug.xz"
	ls -l "$here/$name".*.?z
done
