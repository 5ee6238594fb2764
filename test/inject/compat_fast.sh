#!/bin/bash
# The fast part of `make check-compat`: some of CPython's own test modules, as
# the distribution's package has them, have the same outcomes bare and preloaded.
# long: test modules of CPython
. "$(dirname "$0")/../lib.sh"

# The comparison first: it sees what differs, lets pass what contradicts itself
# and what is excused, and says so.
mini() { # NAME OUTCOME: a suite with one test, whose outcome is that of a line of bash
	cat >"$T/$1.sh" <<-END
		. "$TOP/test/compat/lib.sh"
		suite_name=mini
		CACHE=$T/$1.d RESULTS=$T/$1.d EXCUSED=$T/table
		suite_prepare() { :; }
		suite_version() { echo 1; }
		suite_units() { echo unit; }
		suite_unit() { printf 'a test\t%s\n' "\$($2)"; }
		compat_main
	END
	bash "$T/$1.sh" >"$T/$1.out"
	echo "$? $(grep -cE '^FAIL mini unit' "$T/$1.out") $(tail -n 1 "$T/$1.out")"
}
printf '| suite | unit | test | reason |\n| mini | `other` | `*` | no |\n' >"$T/table"
t_begin "the same outcome passes"
t_equal result "0 0 mini: 1 tests, 0 differences, 0 excused, 0 unsteady" "$(mini same 'echo pass')"
t_done
t_begin "another outcome is a difference"
# shellcheck disable=SC2016
t_equal result "1 1 mini: 1 tests, 1 differences, 0 excused, 0 unsteady" "$(mini other 'echo $SIDE')"
t_done
t_begin "a test that fails bare too, now and then, is unsteady"
# shellcheck disable=SC2016
t_equal result "0 0 mini: 1 tests, 0 differences, 0 excused, 1 unsteady" \
	"$(mini unsteady 'echo $RANDOM')"
t_done
t_begin "an excused difference passes, and is counted"
printf '| mini | `un*` | `a te*` | yes |\n' >>"$T/table"
# shellcheck disable=SC2016
t_equal result "0 0 mini: 1 tests, 0 differences, 1 excused, 0 unsteady" "$(mini excused 'echo $SIDE')"
t_done

# test_siginterrupt_off takes 30 s, as long as all else in its module: check-compat has it.
export COMPAT_CACHE=$T/kept COMPAT_IGNORE='*.test_siginterrupt_off' COMPAT_JOBS=4 COMPAT_SECONDS=300
bash "$TOP/test/compat/cpython.sh" test_signal test_threading test_os test_posix test_mmap test_ctypes \
	test_select test_fork1 test_wait4 test_asyncio.test_unix_events >"$T/cpython" || t_failed=1
cat "$T/cpython"
t_end
