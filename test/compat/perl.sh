#!/bin/bash
# perl's core tests, from the source package, on the installed perl.
# alone: it runs its own units side by side
. "$(dirname "$0")/lib.sh"
suite_name=perl

suite_prepare() {
	local source lib
	source=$(compat_source perl) || { echo "no source of perl" && return 1; }
	echo "$source" >"$CACHE/perl.path"
	[ -e "$CACHE/perl/lib/Config.pm" ] && return 0
	mkdir -p "$CACHE/perl/lib"
	for lib in $(/usr/bin/perl -MConfig -e 'print "$Config{privlibexp} $Config{archlibexp}"'); do
		cp -rL "$lib/." "$CACHE/perl/lib/"
	done
}
suite_version() {
	dpkg-query -W -f='${Version}' perl-base
}
suite_units() {
	(cd "$(cat "$CACHE/perl.path")/t" && printf '%s\n' base cmd io run mro uni lib op/*.t re/*.t |
		sed -E 's,^(op|re)/(.).*,\1/\2,' | sort -u)
}
suite_unit() { # UNIT DIR
	local source file
	source=$(cat "$CACHE/perl.path")
	cp -r "$source/t" "$2/t"
	ln -s "$CACHE/perl/lib" "$2/lib"
	ln -s /usr/bin/perl "$2/perl"
	ln -s /usr/bin/perl "$2/t/perl"
	case $1 in
	*/*) set -- "$1*.t" "$2" ;;
	*) set -- "$1/*.t" "$2" ;;
	esac
	# A test file is one outcome: how many of its tests held, which did not, its status.
	# shellcheck disable=SC2016
	COMPAT_SECONDS=3600 compat_run "$SIDE" "$2" env PERL_CORE=1 PERL_SKIP_PROCESS_PERL5OPT=1 bash -c 'cd t
		for file in $1; do
			timeout -k 5 ${COMPAT_TEST_SECONDS:-1200} ./perl -I../lib "$file" >"../${file//\//-}.log" 2>/dev/null </dev/null
			echo "$file $?"
		done' bash "$1" >"$2/log" 2>&1
	while read -r file status; do
		awk -v file="$file" -v status="$status" '/^ok [0-9]/ { ok++ }
			/^not ok [0-9]/ { bad++; if (bad <= 20) list = list " " $3 }
			END { printf "%s\tok %d, not ok %d%s, status %s\n", file, ok, bad, list, status }' "$2/${file//\//-}.log"
	done <"$2/log"
}
compat_main "$@"
