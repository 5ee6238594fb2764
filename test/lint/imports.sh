#!/bin/bash
# libvprof.so takes nothing from libc that libvprof.imports does not name with a
# reason: every name may be somebody else's in the process.
. "$(dirname "$0")/../lib-lint.sh"

library=$B/libvprof.so
listed() {
	sed -n '/^#/d; s/ : .*//p' "$1/libvprof/libvprof.imports" | tr ' ' '\n' | grep . | sort -u
}
imported() {
	nm -D --undefined-only "$library" | awk '{ sub(/@.*/, "", $2); print $2 }' | sort -u
}
lint() {
	comm -13 <(listed "$1") <(imported) | sed 's/$/ is taken from libc, and no reason given/'
	comm -23 <(listed "$1") <(imported) | sed 's/$/ is listed and not taken/'
	grep -vE '^(#|$)|^[A-Za-z_0-9 ]+ : .{4}' "$1/libvprof/libvprof.imports" |
		sed 's/$/: a line without names or reason/'
}
plant() {
	sed -i 's/^dlvsym dladdr1/dlvsym/' "$1/libvprof/libvprof.imports"
}
lint_main imports
