#!/bin/bash
# vprof.h as its users have it: in C and C++ of any year, this header and that of commit
# 249aa8e, this library, a library of then and none; limits as it states them.
. "$(dirname "$0")/../lib.sh"

api=$TOP/test/api
strict=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror)
# build NAME COMPILER FLAGS...: use.c
build() {
	local out=$T/$1
	shift
	"$@" "${strict[@]}" -I"$TOP/include" -I"$api" -O1 -o "$out" "$api/use.c" 2>"$T/err" ||
		t_bad "$* does not compile: $(grep -m1 error "$T/err")"
}
# macro NAME: its value in the header
macro() {
	echo $(($(printf '#include <vprof.h>\n%s\n' "$1" | gcc -I"$TOP/include" -E -P -x c - | tail -n 1)))
}

t_begin "C and C++ of any year, without a warning"
for std in c99 c11 c17 gnu2x; do
	build use-$std gcc -std=$std
done
for std in c++11 c++17 c++20; do
	build use-$std g++ -xc++ -std=$std
done
if command -v clang-14 >/dev/null; then
	build use-clang clang-14 -std=c11
fi
# with the format's header, too
printf '#include <vprof.h>\n#include <vprof_format.h>\nint main(void) { return !(VPROF_VERSION + VPROF_FORMAT_VERSION); }\n' |
	gcc "${strict[@]}" -I"$TOP/include" -x c -o "$T/both" - 2>"$T/err" || t_bad "$(grep -m1 error "$T/err")"
t_done

build new gcc
build old gcc -DOLD
version=$(macro VPROF_VERSION)
absent=$(macro VPROF_ABSENT)
t_begin "no library"
t_equal "this header" "present 0 scan $absent version 0" "$("$T/new" calls)"
t_equal "that of then" "present 0 scan -1" "$("$T/old" calls)"
t_done

t_begin "this library"
for which in new old; do
	rm -rf "$T/run"
	t_preload "$T/run" "" "$T/$which" calls
	file=$(t_file "$T/run")
	said="present 1 scan 0"
	[ $which = old ] || said+=" version $version"
	t_equal "$which header" "$said" "$(cat "$T/run/out")"
	t_equal "marks, $which header" '[["here",1]]' "$(t_json '[.marks[] | [.name, .count]] | tostring' marks "$file")"
	spans=null
	[ $which = old ] || spans='[["async",1],["plain",1],["scope",1]]'
	t_equal "spans, $which header" "$spans" \
		"$(t_json '[.spans | sort_by(.name)[] | [.name, .count]] | if . == [] then null else . end | tostring' spans "$file")"
	t_equal "pauses, $which header" 1 "$(t_json .run.pauses info "$file")"
	t_equal "lost, $which header" 3 "$(t_json .totals.lost.blocks leaks "$file")"
done
t_equal "vprof-report --version" \
	"vprof-report $(macro VPROF_VERSION_MAJOR).$(macro VPROF_VERSION_MINOR).$(macro VPROF_VERSION_PATCH)" \
	"$("$REPORT" --version)"
t_done

t_begin "a library of then"
gcc -fPIC -shared -o "$T/old_library.so" "$api/old_library.c" || t_bad "does not compile"
for which in new old; do
	LD_PRELOAD=$T/old_library.so "$T/$which" calls >"$T/out" 2>"$T/err"
	said="present 1 scan -16"
	[ $which = old ] || said+=" version 100"
	t_equal "$which header" "$said" "$(cat "$T/out")"
	t_equal "calls, $which header" "begin(side=one) mark(here) end stop start leak_scan" "$(cat "$T/err")"
done
t_done

# Whatever error a filter makes of a refused clone: the largest that it can is 4095.
t_begin "nobody else answers as an absent library does"
[ "$absent" -lt -4095 ] || t_bad "VPROF_ABSENT is $absent: a system call may fail with that"
clone=$(printf '#include <sys/syscall.h>\n__NR_clone,__NR_clone3,__NR_fork,__NR_vfork\n' | gcc -E -P -x c - | tail -n 1)
for error in 1 38 4095 9999; do
	for options in cpu=250 leakscan=off heap=off; do
		answer=$("$PROBE/refused" $error "$clone" env VPROF_OPTIONS="$options:out=$T/refused.%p.vprof" \
			LD_PRELOAD="$LIB" "$T/new" calls) || t_bad "status $?"
		answer=${answer#present 1 scan }
		answer=${answer% version*}
		[[ $answer -lt 0 && $answer -ge -4095 ]] || t_bad "error $error, $options: $answer"
	done
done
t_done

t_begin "limits are as the header states them"
rm -rf "$T/run"
t_preload "$T/run" cpu=off "$T/new" limits
read -r marks_max mark_bytes labels_max label_bytes _ <"$T/run/out"
file=$(t_file "$T/run")
t_equal "bytes of a mark" "$mark_bytes" "$(t_json '.marks[0].name | length' marks "$file")"
# the labels: "key=xxx..." first, then one that is not told apart for each beyond the limit
t_equal "labels not told apart" 100 "$(t_json .lost.labels info "$file")"
t_equal "bytes of a label" $((label_bytes + 1)) \
	"$(strings -n 60 "$file" | grep -o '^key=x*' | tr -d '\n' | wc -c)"
[ "$labels_max" -gt 0 ] || t_bad "no limit"
rm -rf "$T/run"
t_preload "$T/run" cpu=off:size=256M "$T/new" marks
file=$(t_file "$T/run")
t_equal "names of marks" "$marks_max" "$(t_json '.marks | length' marks "$file" -n 0)"
t_equal "marks without one" $((50000 - 10 * marks_max)) "$(t_json .lost.labels info "$file")"
# the texts of those that found no row are not kept
[ "$(t_json .sections.strings.rows info "$file")" -lt $((marks_max + 200)) ] || t_bad "names that nobody sees fill the file"
t_done
t_end
