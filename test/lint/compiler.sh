#!/bin/bash
# The build prints no warning. Nothing is compiled for that: what the compiler says to a
# file is kept in build/, beside what it makes of it, and empty.
. "$(dirname "$0")/../lib-lint.sh"

# SOURCE OBJECT of what make all probes compiles
compiled() { # ROOT
	(cd "$1" && lint_files . | grep -E '^(libvprof|vprof-report|vprof-run|monitor|examples/(virtuoso|common|exchange)|test/probe)/.*\.(c|cpp)$') |
		sed -E 's,^test/probe/(plugin_.*)\.(c|cpp)$,& test/probe/\1.so,; t
			s,^test/probe/(.*)\.(c|cpp)$,& test/probe/\1,; t
			s,^(.*)\.c$,& obj/\1.o,'
}
lint() {
	local source object said
	compiled "$1" | while read -r source object; do
		[ -f "$1/$source" ] || continue
		said=$build/$object.said
		if [ ! -f "$said" ] || [ "$1/$source" -nt "$build/$object" ]; then
			echo "$source was not compiled, or by an older Makefile: make clean"
		elif [ -s "$said" ]; then
			grep -hE 'warning:|error:' "$said" | head -n 3
		fi
	done
}
plant() {
	mkdir "$T/build"
	printf 'int planted(void)\n{\n\tint unused;\n\treturn 0;\n}\n' >"$1/monitor/planted.c"
	(cd "$1" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s B="$T/build" "$T/build/obj/monitor/planted.o") \
		>/dev/null 2>&1
}
build=$B
lint_main compiler
status=$?
build=$T/build
if [ "$(lint "$T/planted" | grep -c "warning: unused variable")" = 1 ]; then
	echo "ok compiler sees what was said"
else
	echo "FAIL compiler does not see what was said"
	status=1
fi
exit $status
