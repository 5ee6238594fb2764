#!/bin/bash
# Scripts pass shellcheck.
. "$(dirname "$0")/../lib-lint.sh"
if ! command -v shellcheck >/dev/null; then
	echo "skip shell: no shellcheck here"
	exit 0
fi

scripts() { # ROOT
	(cd "$1" && lint_files . | while read -r file; do
		[ -f "$file" ] || continue
		case $file in
		*.sh) echo "$file" ;;
		*.*) ;;
		*)
			read -r first <"$file"
			case $first in '#!/bin/sh'* | '#!/bin/bash'*) echo "$file" ;; esac ;;
		esac
	done 2>/dev/null)
}
# What passed once is not looked at again: build/test/shellcheck has the sums of it.
passed=$B/test/shellcheck
mkdir -p "$passed"
version=$(shellcheck --version | sed -n 's/^version: //p')
# look ROOT SUM SCRIPT: one script, its sum remembered if it passes
look() {
	(cd "$1" && shellcheck -S warning -e SC1091,SC2034 -f gcc "$3") && touch "$passed/$version-$2"
}
export -f look
export passed version
lint() {
	(cd "$1" && scripts . | xargs -r sha256sum) | while read -r sum script; do
		[ -e "$passed/$version-$sum" ] || printf '%s\0' "$1" "$sum" "$script"
	done | xargs -r -0 -n 3 -P "$(nproc)" bash -c 'look "$@"' look
}
# The one script there: the others have been looked at.
plant() {
	find "$1" -name '*.sh' -delete
	printf '#!/bin/bash\nrm -rf $1/*\nif [ $x == ] then\n' >"$1/test/planted.sh"
}
lint_main shell
