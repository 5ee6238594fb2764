# Calls that are counted, of programs of the probe's source: build them, count them, and ask
# somebody else.
# shellcheck shell=bash
CC=${CC:-gcc}
CXX=${CXX:-g++}
PROBES=$TOP/test/probe

# build NAME FLAGS...: a program of the probe's source, in $T/NAME
build() {
	local name=$1 source=$PROBES/counted_$1.c compiler=$CC
	shift
	[ -f "$source" ] || source=$PROBES/counted_$name.cpp compiler=$CXX
	mkdir -p "$T/$name"
	# shellcheck disable=SC2086
	(cd "$T/$name" && $compiler -g "$@" -o "$name" "$source" -lpthread) 2>"$T/build.err" ||
		t_bad "cannot build: $(head -c 300 "$T/build.err")"
}

# by_gcov NAME: how often the source says, in $T/NAME.gcov: of a build that changes nothing
by_gcov() {
	[ ! -f "$T/$1.gcov" ] || return
	mkdir -p "$T/gcov" && rm -rf "$T/kept" && mv "$T/$1" "$T/kept"
	build "$1" -O0 --coverage -fprofile-update=atomic
	t_run "$T/$1" "./$1"
	(cd "$T/$1" && gcov -j -t ./*.gcda) >"$T/$1.gcov" 2>/dev/null || t_bad "no gcov"
	rm -rf "${T:?}/$1" && mv "$T/kept" "$T/$1"
}

# by_callgrind NAME: calls of this very build, in $T/callgrind
by_callgrind() {
	# -pg's own clock goes on for a moment when its handler is gone already: not our matter
	t_run "$T/bare" sh -c "trap '' PROF; exec valgrind --tool=callgrind \\
		--callgrind-out-file='$T/callgrind' '$T/$1/$1'"
}

# count NAME OPTIONS: runs it bare and under the library; $file is the process's own record
count() {
	local name=$1
	rm -rf "$T/run"
	t_run "$T/bare" "$T/$name/$name"
	t_preload "$T/run" "$2" "$T/$name/$name"
	t_same "$T/bare" "$T/run"
	file=$(t_files "$T/run" | awk -F. '{ print $(NF - 1), $0 }' | sort -n | head -1 | cut -d' ' -f2)
	[ -n "$file" ] || { t_bad "no record"; return 1; }
	"$REPORT" flat --sort calls --full-names --format json -n 0 "$file" >"$T/report.json" 2>"$T/report.err" ||
		t_bad "report: $(head -c 300 "$T/report.err")"
}

# agrees ORACLE ARGUMENTS...: the report's counts with an outside one's
agrees() {
	said=$("$PYTHON" "$TOP/test/count_rows.py" "$@" 2>&1)
	case $said in *equal) echo "  $said" ;; *) t_bad "$said" ;; esac
}

# what callgrind sees beside functions of ours
OTHERS='^(?!__cyg|atexit|mcount|_mcount|__fentry__|__gmon|_start|_init|_fini|0x|\(below)'
