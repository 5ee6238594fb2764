#!/bin/bash
# Objects that are not at their recorded path any more, or another file is: v1's names or none,
# never v2's, and a word for each module.
. "$(dirname "$0")/../lib.sh"
unset DEBUGINFOD_URLS
OPTIONS=cpu=off:leakscan=off:follow_exec=off:follow_fork=off

cat >"$T/v1.c" <<'C'
#include <stdlib.h>
void *strategy_alpha(void) { return malloc(1111); }
void *strategy_pad(void) { return malloc(1); }
C
cat >"$T/v2.c" <<'C'
#include <stdlib.h>
void *pad_before(int n) { char *p = malloc(n); for (int i = 0; i < n; i++) p[i] = i * 3; return p; }
void *strategy_beta(void) { return malloc(2222); }
C

# plugins DIR FLAG...: v1.so and v2.so there, and a folder rl
plugins() {
	mkdir -p "$1/rl"
	for v in v1 v2; do
		${CC:-gcc} -g -O1 -shared -fPIC "${@:2}" -o "$1/rl/$v.so" "$T/$v.c" || t_bad "no plugin"
	done
}

# names FILE BYTES OPTION...: functions that allocated blocks of that size, from another directory
names() {
	(cd / && timeout 60 "$REPORT" heap "$1" "${@:3}" --format json -n 0 2>"$T/said") | jq -r \
		--argjson n "$(($2 * 100))" '.sites[] | select(.bytes_allocated == $n) | .frames[0].function'
}
modules() { # FILE: paths of the plugins
	"$REPORT" info --format json "$1" 2>/dev/null | jq -r '.modules[].path' | grep '/strat.so$' | sort -u
}

# reload DIR BETWEEN: both versions from ./rl/strat.so
reload() {
	t_preload "$1" $OPTIONS "$PROBE/reload" "cp rl/v1.so rl/strat.so" ./rl/strat.so "$2"
	file=$(t_file "$1") || t_bad "no record: $(head -1 "$1/err")"
	t_equal output ok "$(cat "$1/out")"
}

t_begin "two versions from one relative path, without build-id"
plugins "$T/bare" -Wl,--build-id=none
reload "$T/bare" "rm rl/strat.so; cp rl/v2.so rl/strat.so"
t_equal "the second's name" strategy_beta "$(names "$file" 2222)"
case $(names "$file" 1111) in strat.so+0x*) ;; *) t_bad "the first's is $(names "$file" 1111)" ;; esac
grep -q 'replaced since.*strat.so' "$T/said" || t_bad "no word: $(cat "$T/said")"
t_equal "path" "$T/bare/rl/strat.so" "$(modules "$file")"
t_done

t_begin "... of one size and one date"
plugins "$T/alike" -Wl,--build-id=none
(cd "$T/alike/rl" && truncate -s 65536 v1.so v2.so && touch -d @1000000000 v1.so v2.so)
t_preload "$T/alike" $OPTIONS "$PROBE/reload" "cp -p rl/v1.so rl/strat.so" ./rl/strat.so \
	"cp -p rl/v2.so rl/new.so; mv rl/new.so rl/strat.so"
file=$(t_file "$T/alike") || t_bad "no record"
t_equal "the second's name" strategy_beta "$(names "$file" 2222)"
case $(names "$file" 1111) in strat.so+0x*) ;; *) t_bad "the first's is $(names "$file" 1111)" ;; esac
t_done

t_begin "... with build-ids"
plugins "$T/ids" -Wl,--build-id=sha1
reload "$T/ids" "rm rl/strat.so; cp rl/v2.so rl/strat.so"
t_equal "the second's name" strategy_beta "$(names "$file" 2222)"
case $(names "$file" 1111) in strat.so+0x*) ;; *) t_bad "the first's is $(names "$file" 1111)" ;; esac
mkdir "$T/kept" && cp "$T/ids/rl/v1.so" "$T/kept/strat.so"
t_equal "the first's name, where it was kept" strategy_alpha "$(names "$file" 1111 --symfs "$T/kept")"
t_equal "the second's name still" strategy_beta "$(names "$file" 2222 --symfs "$T/kept")"
t_equal "nothing was replaced then" 0 "$(grep -c replaced "$T/said")"
"$REPORT" heap "$file" --symfs "$T/nowhere" >"$T/out" 2>&1
t_equal "a directory that is none: status" 1 $?
t_done

t_begin "the program changes its directory before it uses the plugin"
plugins "$T/moves" -Wl,--build-id=none
cat >"$T/moves.c" <<'C'
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static void *keep[100];
int main(void)
{
	void *(*make)(void), *plugin = dlopen("rl/v1.so", RTLD_NOW);

	if (!plugin)
		return 2;
	*(void **)&make = dlsym(plugin, "strategy_alpha");
	for (int i = 0; i < 100; i++) {
		keep[i] = make();
		if (chdir("/"))
			return 3;
	}
	return keep[7] == NULL;
}
C
${CC:-gcc} -O1 -o "$T/moves/moves" "$T/moves.c" || t_bad "no program"
t_preload "$T/moves" $OPTIONS ./moves
file=$(t_file "$T/moves") || t_bad "no record"
t_equal status 0 "$(cat "$T/moves/status")"
t_equal name strategy_alpha "$(names "$file" 1111)"
t_done

t_begin "libraries that the loader found by a relative path"
mkdir "$T/lib"
echo 'void *strategy_alpha(void); static void *keep[100]; int chdir(const char *);
int main(void) { if (chdir("/")) return 3; for (int i = 0; i < 100; i++) keep[i] = strategy_alpha(); return keep[7] == 0; }' >"$T/user.c"
${CC:-gcc} -g -O1 -shared -fPIC -Wl,--build-id=none -o "$T/lib/libv1.so" "$T/v1.c" &&
	${CC:-gcc} -O1 -o "$T/lib/user" "$T/user.c" -L"$T/lib" -lv1 || t_bad "no program"
t_run "$T/lib" env "VPROF_OPTIONS=$OPTIONS" LD_LIBRARY_PATH=. "LD_PRELOAD=$LIB" ./user
t_equal status 0 "$(cat "$T/lib/status")"
file=$(t_file "$T/lib") || t_bad "no record"
t_equal name strategy_alpha "$(names "$file" 1111)"
t_done

t_begin "the program is deleted, then another lies there"
for id in sha1 none; do
	mkdir "$T/gone$id"
	printf '#include <stdlib.h>\n#include <unistd.h>\nvoid *keep[100];\n%s\n%s\n' \
		'__attribute__((noinline)) void *alpha_site(void) { return malloc(1111); }' \
		'int main(int c, char **v) { unlink(v[0]); for (int i = 0; i < 100; i++) keep[i] = alpha_site(); return c > 5; }' >"$T/gone.c"
	${CC:-gcc} -g -O1 -Wl,--build-id=$id -o "$T/gone$id/gone" "$T/gone.c" &&
		cp "$T/gone$id/gone" "$T/gone$id/copy" || t_bad "no program"
	t_preload "$T/gone$id" $OPTIONS ./gone
	file=$(t_file "$T/gone$id") || t_bad "no record"
	case $(names "$file" 1111) in gone+0x*) ;; *) t_bad "$id: deleted: $(names "$file" 1111)" ;; esac
	sed -i 's/alpha_site/wrong_name/; s/^void \*keep/int pad(int x) { return x * 7; }\n&/' "$T/gone.c"
	sed -i 's/alpha_site/wrong_name/' "$T/gone.c"
	${CC:-gcc} -g -O1 -Wl,--build-id=$id -o "$T/gone$id/gone" "$T/gone.c" || t_bad "no other program"
	case $(names "$file" 1111) in gone+0x*) ;; *) t_bad "$id: replaced: $(names "$file" 1111)" ;; esac
	grep -q 'replaced since.*gone' "$T/said" || t_bad "$id: no word: $(cat "$T/said")"
	[ $id = none ] || {
		cp "$T/gone$id/copy" "$T/gone$id/gone"
		t_equal "the same build again" alpha_site "$(names "$file" 1111)"
	}
done
t_done

t_begin "made in a container: a sysroot has its files"
mkdir -p "$T/root/opt/app" "$T/box"
printf '#include <stdlib.h>\nvoid *keep[100];\n%s\n%s\n' \
	'__attribute__((noinline)) void *boxed_site(void) { return malloc(1111); }' \
	'int main(int c, char **v) { for (int i = 0; i < 100; i++) keep[i] = boxed_site(); return c > 5; }' >"$T/boxed.c"
${CC:-gcc} -g -O1 -Wl,--build-id=sha1 -o "$T/root/opt/app/boxed" "$T/boxed.c" || t_bad "no program"
if t_need bwrap; then
	t_run "$T/box" bwrap --dev-bind / / --bind "$T/root/opt" /mnt -- \
		env "VPROF_OPTIONS=$OPTIONS" "LD_PRELOAD=$LIB" /mnt/app/boxed
	if [ "$(cat "$T/box/status")" != 0 ]; then
		t_skip "no namespaces here: $(head -1 "$T/box/err")"
	else
		file=$(t_files "$T/box" | head -1)
		for each in $(t_files "$T/box"); do case $each in *boxed*) file=$each ;; esac; done
		case $(names "$file" 1111) in boxed+0x*) ;; *) t_bad "outside: $(names "$file" 1111)" ;; esac
		mkdir -p "$T/sysroot" && ln -s "$T/root/opt" "$T/sysroot/mnt"
		t_equal "a sysroot" boxed_site "$(names "$file" 1111 --symfs "$T/sysroot")"
		t_equal "a folder" boxed_site "$(names "$file" 1111 --symfs "$T/root/opt/app")"
		t_done
	fi
fi
t_end
