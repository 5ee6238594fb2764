#!/bin/bash
# libvprof.so exports what base/real.def lists, in its versions, what vprof.h looks for, and
# nothing else, and needs nothing but libc and the loader: a host may bring its own libunwind.
. "$(dirname "$0")/../lib-lint.sh"
. "$(dirname "$0")/../lib-house.sh"

# The default version of a symbol is one like any other.
exported() {
	nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@@/@/' | sort -u
}
exports() { # LIBRARY
	comm -13 "$T/listed" <(exported "$1") | sed 's/$/ is exported and not listed/'
	comm -23 "$T/listed" <(exported "$1") | sed 's/$/ is listed and not exported/'
}
shape() { # LIBRARY
	readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\].*/\1/p' |
		grep -vE '^(libc\.so\.6|ld-linux.*)$' | sed 's/^/needs /'
	readelf -d "$1" | grep -E 'TEXTREL|RPATH|RUNPATH' | sed 's/^/dynamic section: /'
	# thread-local storage is taken from every thread's stack
	readelf -lW "$1" | awk '$1 == "TLS" { print $6 }' | while read -r size; do
		[ $((size)) -le 4096 ] || echo "$((size)) bytes of thread-local storage: more than 4096"
	done
}

{
	hooks_listed "$TOP/libvprof/base/real.def"
	grep -oE '"vprof_v1_[a-z_]+"' "$TOP/include/vprof.h" | tr -d '"'
} | sort -u >"$T/listed"
status=0
found=$(exports "$B/libvprof.so" && shape "$B/libvprof.so")
if [ -n "$found" ]; then
	sed 's/^/FAIL exports: /' <<<"$found"
	status=1
else
	echo "ok exports"
fi

# Every law has its own planted violation: sees WHAT LAW MESSAGE
sees() {
	if "$2" "$T/planted.so" | grep -q "$3"; then
		echo "ok exports sees: $1"
	else
		echo "FAIL exports does not see: $1"
		status=1
	fi
}
# plant TEXT FLAGS: a library of one file
plant() {
	echo "$1" | gcc -shared -o "$T/planted.so" -x c - ${2-} 2>/dev/null || exit 1
}
plant 'int vp_planted(void) { return 0; }' -fPIC
sees "a name that no list has" exports '^vp_planted is exported and not listed$'
sees "a name that is missing" exports '^malloc is listed and not exported$'
plant 'int pthread_cond_wait(void) { return 0; }' -fPIC
sees "a version that is missing" exports '^pthread_cond_wait@GLIBC_2.2.5 is listed and not exported$'
plant 'double sin(double); double f(double x) { return sin(x); }' '-fPIC -fno-builtin -lm'
sees "a second library" shape '^needs libm'
plant 'int f(void) { return 0; }' '-fPIC -Wl,-rpath,/lib'
sees "a path of its own" shape '^dynamic section: .*RUNPATH'
plant 'int x; int *f(void) { return &x; }' '-fno-pic -mcmodel=large -Wl,-z,notext'
sees "text that the loader writes to" shape '^dynamic section: .*TEXTREL'
plant '__thread char x[8192]; char *f(void) { return x; }' -fPIC
sees "much thread-local storage" shape '^8192 bytes'
exit $status
