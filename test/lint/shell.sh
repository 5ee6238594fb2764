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
lint() {
	scripts "$1" | (cd "$1" && xargs -r -n 12 -P "$(nproc)" shellcheck -S warning -e SC1091,SC2034 -f gcc)
}
# The one script there: the others have been looked at.
plant() {
	find "$1" -name '*.sh' -delete
	printf '#!/bin/bash\nrm -rf $1/*\nif [ $x == ] then\n' >"$1/test/planted.sh"
}
lint_main shell
