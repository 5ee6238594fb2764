#!/bin/bash
# libvprof.so exports what libvprof.map lists and nothing else, and needs
# nothing but libc and the loader: a host may bring its own libunwind.
. "$(dirname "$0")/../lib-lint.sh"

# names the map lists, one a line
listed() {
	sed -e 's,/\*.*\*/,,g' "$1" | tr '\n' ' ' | sed -E 's,/\*([^*]|\*[^/])*\*/,,g' |
		tr '{};:' '\n\n\n\n' | tr -d ' \t' |
		grep -vE '^(global|local|\*|)$' | grep -vE '^(LIBVPROF|VPROF|libvprof)[A-Z_0-9.]*$' | sort -u
}
exported() {
	nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort -u
}

library=$B/libvprof.so
lint() {
	local map=$1/libvprof/libvprof.map
	comm -13 <(listed "$map") <(exported "$library") | sed 's/$/ is exported and not in libvprof.map/'
	comm -23 <(listed "$map") <(exported "$library") | sed 's/$/ is in libvprof.map and not exported/'
	grep -qE 'local:[[:space:]]*\*' <(tr '\n' ' ' <"$map") ||
		echo "libvprof.map does not hide the rest"
	readelf -d "$library" | sed -nE 's/.*\(NEEDED\).*\[(.*)\].*/\1/p' |
		grep -vE '^(libc\.so\.6|ld-linux.*)$' | sed 's/^/needs /'
	readelf -d "$library" | grep -E 'TEXTREL|RPATH|RUNPATH' | sed 's/^/dynamic section: /'
	# thread-local storage is taken from every thread's stack
	readelf -lW "$library" | awk '$1 == "TLS" { print $6 }' | while read -r size; do
		[ $((size)) -le 4096 ] || echo "$((size)) bytes of thread-local storage: more than 4096"
	done
}
plant() {
	sed -i '0,/global:/s//global: planted_name;/' "$1/libvprof/libvprof.map"
}
lint_main exports
