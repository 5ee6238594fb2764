#!/bin/bash
# Every system call that the library makes by itself is either one that any C program
# makes, or tried in libvprof/base/trial.c, where a filter may kill for it.
. "$(dirname "$0")/../lib-lint.sh"

# What libc makes for stdio, malloc and threads; setgroups only repeats the host's, and shmat
# and shmdt are never made, but known by their numbers.
plain=' openat open read close mmap futex set_robust_list clone3 exit exit_group setgroups shmat shmdt '

lint() {
	local name
	(cd "$1" && grep -rhoE --include='*.[ch]' --exclude-dir=hooks '\bSYS_[a-z0-9_]+' libvprof) |
		sed 's/^SYS_//' | sort -u | while read -r name; do
		[[ $plain == *" $name "* ]] || grep -qE "^    \{SYS_$name," "$1/libvprof/base/trial.c" ||
			echo "$name is not tried in libvprof/base/trial.c"
	done
}
plant() {
	sed -i 's/SYS_getppid/SYS_getpgrp/' "$1/libvprof/base/trial.c"
}
lint_main calls
