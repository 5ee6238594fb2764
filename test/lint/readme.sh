#!/bin/bash
# The README's table of options is what the library prints about itself (`make readme`
# writes it).
. "$(dirname "$0")/../lib-lint.sh"

lint() {
	"$1/docs/man/readme" "$1/README.md" "$B" | diff "$1/README.md" - |
		sed -n 's/^[<>]/README.md, `make readme` helps:/p'
}
plant() {
	sed -i 's/^| `cpu` .*/| `cpu` | `HZ` | samples | `100` |/' "$1/README.md"
}
lint_main readme
