#!/bin/bash
# Scripts pass shellcheck.
. "$(dirname "$0")/../lib-lint.sh"
if ! command -v shellcheck >/dev/null; then
	echo "skip shell: no shellcheck here"
	exit 0
fi

lint() {
	local file
	(cd "$1" && lint_files . | while read -r file; do
		[ -f "$file" ] || continue
		case $file in
		*.sh) ;;
		*) head -c 30 "$file" 2>/dev/null | tr -d '\0' | grep -qE '^#!/bin/(ba)?sh' || continue ;;
		esac
		shellcheck -S warning -e SC1091,SC2034 -f gcc "$file"
	done)
}
plant() {
	printf '#!/bin/bash\nrm -rf $1/*\nif [ $x == ] then\n' >"$1/test/planted.sh"
}
lint_main shell
