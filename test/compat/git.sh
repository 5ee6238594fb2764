#!/bin/bash
# git's tests, from the source package, on the installed git: those about
# processes, signals, sockets, traces, hooks, pagers, transport and collection
# of garbage, and a sample of the others. Only its test helpers are built.
# alone: it runs its own units side by side
. "$(dirname "$0")/lib.sh"
suite_name=git
ABOUT='signal|run-command|pager|hook|-gc|gc-|maintenance|trace|ipc|credential|daemon|parallel|upload-pack|send-pack
receive|repack|prune|bisect|bundle|archive|progress|env-helper|filter|shell|alias|exec|editor|cat-file|gpg
difftool|mergetool|stdin|interactive|-grep|unpack|fsmon|push-option|atomic|proto|ssh|basic|shallow|multi-pack'
FLAGS=(NO_GETTEXT=1 NO_TCLTK=1 NO_CURL=1 NO_EXPAT=1 prefix=/usr)

suite_prepare() {
	local source
	[ -x /usr/bin/git ] || { echo "no git here" && return 1; }
	source=$(compat_source git) || { echo "no source of git" && return 1; }
	echo "$source" >"$CACHE/git.path"
	[ -x "$source/t/helper/test-tool" ] && [ -x "$source/t/helper/test-fake-ssh" ] &&
		[ -d "$source/templates/blt" ] && return 0
	nice -n 10 make -C "$source" -j1 CC="${CC:-gcc}" CFLAGS="-O1 -w" "${FLAGS[@]}" \
		GIT-BUILD-OPTIONS t/helper/test-tool t/helper/test-fake-ssh >"$CACHE/git.log" 2>&1 &&
		make -C "$source/templates" SHELL_PATH=/bin/sh PERL_PATH=/usr/bin/perl >>"$CACHE/git.log" 2>&1 ||
		{ echo "git's test helpers can't be built: build/compat/git.log" && return 1; }
}
suite_version() {
	git --version | awk '{ print $3 }'
}
suite_units() {
	(cd "$(cat "$CACHE/git.path")/t" && printf '%s\n' t[0-9]*.sh) | sed 's/\.sh$//' |
		grep -E "$ABOUT" | grep -vE 'svn|p4|http'
}
suite_unit() { # UNIT DIR
	local source status
	source=$(cat "$CACHE/git.path")
	# The scripts write beside themselves, so each run has its own folder of links.
	mkdir -p "$2/git/t"
	ln -s "$source"/* "$2/git/" 2>/dev/null
	ln -s "$source"/t/* "$2/git/t/"
	rm -rf "$2/git/t/test-results"
	rm -f "$2/git/t/$1.sh" && cp "$source/t/$1.sh" "$2/git/t/"
	# shellcheck disable=SC2016
	compat_run "$SIDE" "$2" env GIT_TEST_INSTALLED=/usr/bin sh -c \
		'cd git/t && exec sh "./$1.sh" --root="$2/tmp"' sh "$1" "$2" >"$2/log" 2>&1
	status=$?
	compat_tap <"$2/log"
	printf '[script]\tstatus %s\n' $status
}
compat_main "$@"
