#!/bin/bash
# CPython's own tests, as the distribution's package of them has them.
# alone: it runs its own units side by side
# COMPAT_IGNORE: a pattern of tests that are not run.
. "$(dirname "$0")/lib.sh"
suite_name=cpython
PY=/usr/bin/python3.11
[ -x $PY ] || PY=/usr/bin/python3

suite_prepare() {
	[ -e "$($PY -c 'import test, os; print(os.path.dirname(test.__file__))')/test_threading.py" ] ||
		{ echo "no libpython3-testsuite here" && return 1; }
}
suite_version() {
	$PY -V
}
suite_units() {
	local dir unit
	dir=$($PY -c 'import test, os; print(os.path.dirname(test.__file__))')
	for unit in test_threading test_subprocess test_signal test_socket test_os test_posix test_ctypes test_mmap \
		test_multiprocessing_main_handling test_multiprocessing_fork test_multiprocessing_forkserver \
		test_multiprocessing_spawn test_thread test_threading_local test_threadsignals test_fork1 test_wait3 \
		test_wait4 test_select test_selectors test_poll test_epoll test_fcntl test_pty test_openpty test_ioctl \
		test_resource test_gc test_io test_popen test_eintr test_concurrent_futures test_faulthandler \
		test_tracemalloc test_atexit test_cmd_line test_embed test_capi test_sys test_time test_socketserver \
		test_asyncore test_tempfile test_shutil test_pwd test_ssl test_zlib test_venv; do
		[ ! -e "$dir/$unit.py" ] && [ ! -d "$dir/$unit" ] || echo $unit
	done
	for unit in "$dir"/test_asyncio/test_*.py; do
		unit=${unit##*/}
		echo "test_asyncio.${unit%.py}"
	done
}
suite_unit() { # UNIT DIR
	local status test
	local -a only=()
	# A name that is not a test's own makes the whole module run again.
	while IFS= read -r test; do
		case $test in
		test.*) only+=(-m "$test") ;;
		"[module]" | "") ;;
		*) only=() && break ;;
		esac
	done <<<"${ONLY-}"
	compat_run "$SIDE" "$2" "$PY" -m test --junit-xml "$2/junit.xml" --tempdir "$2/tmp" \
		${COMPAT_IGNORE:+-i "$COMPAT_IGNORE"} "${only[@]}" "$1" >"$2/log" 2>&1
	status=$?
	"$PY" "$COMPAT/junit.py" "$2/junit.xml"
	printf '[module]\tstatus %s\n' $status
}
compat_main "$@"
