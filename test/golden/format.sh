#!/bin/bash
# The byte tables of docs/format.md are those of include/vprof_format*.h: each
# row becomes a static assertion, and no field is missing.
. "$(dirname "$0")/../lib.sh"

# assertions FILE
assertions() {
	echo '#include <stddef.h>'
	echo '#include <vprof_format.h>'
	awk -F' *[|] *' '
		/^### `struct/ { name = $0; gsub(/^### `|`$/, "", name); next }
		/^#/ { name = "" }
		name && $2 ~ /^[0-9]+$/ {
			printf "_Static_assert(offsetof(%s, %s) == %s && " \
			       "sizeof(((%s *)0)->%s) == %s, \"%s.%s\");\n",
			       name, $4, $2, name, $4, $3, name, $4
			end[name] = $2 + $3
		}
		END { for (n in end) printf "_Static_assert(sizeof(%s) == %s, \"%s\");\n", n, end[n], n }
	' "$1"
}
compile() {
	${CC:-gcc} -std=gnu11 -I"$TOP/include" -fsyntax-only -x c - 2>"$T/err"
}

t_begin "tables of format.md"
assertions "$TOP/docs/format.md" >"$T/all.c"
[ "$(grep -c _Static_assert "$T/all.c")" -gt 140 ] || t_bad "hardly any table was read"
compile <"$T/all.c" || t_bad "$(grep -m3 error "$T/err")"
# every struct but the header's own constants has its table
for struct in $(sed -nE 's/^struct (vprof_[a-z_]+) \{.*/\1/p' "$TOP"/include/vprof_format*.h); do
	grep -q "sizeof(struct $struct)" "$T/all.c" || t_bad "no table of struct $struct"
done
t_done

t_begin "a wrong table is seen"
sed 's/^| 16 | 8 | file_bytes/| 24 | 8 | file_bytes/' "$TOP/docs/format.md" >"$T/wrong.md"
assertions "$T/wrong.md" | compile && t_bad "a wrong offset was not noticed"
t_done
t_end
