#!/bin/bash
# Stripped programs: separate debug files, minidebuginfo and debuginfod give the names they
# had; without them the exported names, or none.
. "$(dirname "$0")/../lib.sh"
unset DEBUGINFOD_URLS DEBUGINFOD_TIMEOUT
export DEBUGINFOD_CACHE_PATH=$T/cache
OPTIONS=cpu=off:leakscan=off

cat >"$T/prog.c" <<'C'
#include <stdlib.h>
static void *keep[100];
static __attribute__((noinline)) void *hidden_site(int n) { return malloc((size_t)n); } /* 3 */
__attribute__((noinline)) void *shown_site(int n) { return hidden_site(n); } /* 4 */
int main(void)
{
	for (int i = 0; i < 100; i++)
		keep[i] = shown_site(1111);
	return keep[7] == NULL;
}
C
(cd "$T" && ${CC:-gcc} -g -O1 -fno-optimize-sibling-calls -rdynamic -Wl,--build-id=sha1 -o whole prog.c) ||
	exit 1
ID=$(readelf -n "$T/whole" | sed -n 's/.*Build ID: //p')
WHOLE='hidden_site:3 shown_site:4 main:8'

# stripped DIR: the program there without any symbols but the exported ones, and a record of it
stripped() {
	mkdir -p "$T/$1"
	cp "$T/whole" "$T/$1/prog" && strip -s "$T/$1/prog" "${@:2}" || t_bad "cannot strip"
	record "$1"
}
record() {
	t_preload "$T/$1" $OPTIONS ./prog
	file=$(t_file "$T/$1") || t_bad "no record"
}
# names OPTION...: the three innermost functions and lines of the site
names() {
	(cd / && timeout 100 "$REPORT" heap "$file" --format json -n 0 "$@" 2>"$T/said") | jq -r '
		.sites[] | select(.allocs == 100) | [.frames[] | "\(.function):\(.line)"] | .[:3] | join(" ")'
}

t_begin "the program itself, and addr2line of it"
mkdir "$T/full" && cp "$T/whole" "$T/full/prog"
record full
t_equal names "$WHOLE" "$(names)"
at=$(nm "$T/whole" | awk '$3 == "hidden_site" {print $1}')
t_equal addr2line "hidden_site prog.c:3" "$(addr2line -fe "$T/whole" "0x$at" | sed 's/.*\///' | tr '\n' ' ' | sed 's/ $//')"
t_done

t_begin "stripped: what is exported has its name, what is not has none"
stripped bare
start=$(nm "$T/whole" | awk '$3 == "hidden_site" {print $1}' | sed 's/^0*//')
t_equal names "prog+0x$start:0 shown_site:0 main:0" "$(names)"
t_done

t_begin "a debug file linked by name: beside it, in .debug, in a folder; checked by its CRC"
stripped linked
objcopy --only-keep-debug "$T/whole" "$T/linked/prog.debug"
(cd "$T/linked" && objcopy --add-gnu-debuglink=prog.debug prog)
t_equal beside "$WHOLE" "$(names)"
mkdir "$T/linked/.debug" "$T/folder" && mv "$T/linked/prog.debug" "$T/linked/.debug"
t_equal "in .debug" "$WHOLE" "$(names)"
mv "$T/linked/.debug/prog.debug" "$T/folder"
t_equal "nowhere" "prog+0x$start:0 shown_site:0 main:0" "$(names)"
t_equal "in a folder" "$WHOLE" "$(names --symfs "$T/folder")"
t_done
t_begin "... another one of that name is not used"
(cd "$T" && sed 's/hidden_site/wrong_name/' prog.c >other.c &&
	${CC:-gcc} -g -O1 -fno-optimize-sibling-calls -rdynamic -Wl,--build-id=none -o other other.c)
objcopy --only-keep-debug "$T/other" "$T/linked/prog.debug"
objcopy --remove-section=.note.gnu.build-id "$T/linked/prog"
rm -f "$T"/linked/*.vprof
record linked
t_equal names "prog+0x$start:0 shown_site:0 main:0" "$(names)"
t_done

t_begin "a debug file by build-id in a folder"
mkdir -p "$T/ids/.build-id/${ID:0:2}"
objcopy --only-keep-debug "$T/whole" "$T/ids/.build-id/${ID:0:2}/${ID:2}.debug"
file=$(t_file "$T/bare")
t_equal names "$WHOLE" "$(names --symfs "$T/ids")"
t_done

t_begin "minidebuginfo"
if t_need xz; then
	nm "$T/whole" --format=posix --defined-only | awk '$2 ~ /[tT]/ {print $1}' >"$T/keep"
	(cd "$T" && objcopy --only-keep-debug whole mini &&
		objcopy -S --remove-section .comment --keep-symbols=keep mini && xz -f mini)
	stripped small
	(cd "$T/small" && objcopy --add-section .gnu_debugdata="$T/mini.xz" prog && rm -f ./*.vprof)
	record small
	t_equal names "hidden_site:0 shown_site:0 main:0" "$(names)"
	t_done
fi

# A server has the debug file under /buildid/ID/debuginfo and writes down what it was asked;
# under /silent/ it never answers.
cat >"$T/server.py" <<'P'
import http.server, os, sys, threading, time
root = sys.argv[1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(root + "/asked", "a") as f:
            f.write(self.path + "\n")
        if self.path.startswith("/silent"):
            time.sleep(300)
        try:
            with open(root + "/served" + self.path, "rb") as f:
                body = f.read()
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(root + "/port.new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(root + "/port.new", root + "/port")
server.serve_forever()
P
ldconfig -p 2>/dev/null | grep -q libdebuginfod.so.1 || {
	t_begin "debuginfod"
	t_skip "no libdebuginfod here"
	t_end
}
mkdir -p "$T/served/buildid/$ID"
objcopy --only-keep-debug "$T/whole" "$T/served/buildid/$ID/debuginfo"
"$PYTHON" "$T/server.py" "$T" &
t_pids="$t_pids $!"
for _ in $(seq 100); do [ -e "$T/port" ] || sleep 0.1; done
URL=http://127.0.0.1:$(cat "$T/port")

t_begin "debuginfod: a stripped program, a program that is gone"
file=$(t_file "$T/bare")
t_equal stripped "$WHOLE" "$(DEBUGINFOD_URLS=$URL names)"
grep -q "/buildid/$ID/debuginfo" "$T/asked" || t_bad "the server was not asked"
stripped gone
rm "$T/gone/prog"
rm -rf "$T/cache"
t_equal gone "$WHOLE" "$(DEBUGINFOD_URLS=$URL names)"
t_done

t_begin "debuginfod: nobody is asked without DEBUGINFOD_URLS or with --no-debuginfod"
rm -rf "$T/cache" "$T/asked"
file=$(t_file "$T/bare")
t_equal "no servers" "prog+0x$start:0 shown_site:0 main:0" "$(names)"
t_equal "not allowed" "prog+0x$start:0 shown_site:0 main:0" "$(DEBUGINFOD_URLS=$URL names --no-debuginfod)"
[ ! -e "$T/asked" ] || t_bad "it was asked: $(cat "$T/asked")"
t_done

t_begin "debuginfod: a server that is silent is asked once, and said to be"
rm -rf "$T/cache" "$T/asked"
t_equal names "prog+0x$start:0 shown_site:0 main:0" "$(DEBUGINFOD_URLS=$URL/silent names)"
t_equal "questions" 1 "$(wc -l <"$T/asked")"
t_equal "words" 1 "$(grep -c 'no answer in .* s, not asked any more' "$T/said")"
t_done
t_end
