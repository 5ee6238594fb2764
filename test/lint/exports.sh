#!/bin/bash
# libvprof.so exports what libvprof.exports and libvprof.map list, the latter in
# their versions, and nothing else, and needs nothing but libc and the loader: a
# host may bring its own libunwind.
. "$(dirname "$0")/../lib-lint.sh"

# listed DIR: NAME of libvprof.exports, NAME@VERSION of libvprof.map, one a line
listed() {
	sed 's/#.*//' "$1/libvprof.exports" | tr -s ' \t' '\n\n' | grep .
	tr '\n\t' '  ' <"$1/libvprof.map" | sed -E 's,/\*([^*]|\*[^/])*\*/,,g' | tr '}' '\n' |
		sed -nE 's/^[^{]*[ ;]?(GLIBC_[0-9.]+) *\{ *global:([^:]*;) *(local:.*)?$/\1 \2/p' |
		while read -r version names; do
			tr -s '; ' '\n\n' <<<"$names" | grep . | sed "s/\$/@$version/"
		done
}
# The default version of a symbol is listed like any other.
exported() {
	nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@@/@/'
}

library=$B/libvprof.so
lint() {
	comm -13 <(listed "$1/libvprof" | sort -u) <(exported "$library" | sort -u) |
		sed 's/$/ is exported and not listed/'
	comm -23 <(listed "$1/libvprof" | sort -u) <(exported "$library" | sort -u) |
		sed 's/$/ is listed and not exported/'
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
