#!/bin/bash
# Pictures as other programs see them: pngcheck, a decoder of PNG, xmllint and
# librsvg; drawn values against the JSON of the same profile; copies that were
# spoilt must fail.
. "$(dirname "$0")/../lib.sh"
golden=$TOP/test/golden
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -I"$TOP/include" -o "$T/mkprof" "$golden/mkprof.c" || exit 1
for shape in normal empty nasty locks loops spans; do
	"$T/mkprof" $shape "$T/$shape.vprof"
done
t_preload "$T/short" "out=$T/short.vprof" true
t_preload "$T/spikes" "tick=40:out=$T/spikes.vprof" "$PROBE/memory_shapes" spikes 1 1500

# Decodes a PNG by hand; prints width, height, colours and pixels that are not white.
cat >"$T/decode.py" <<'END'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, packed, size = 8, b"", None
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
    if kind == b"IHDR":
        size = struct.unpack(">IIBB", body[:10])
    if kind == b"IDAT":
        packed += body
    at += 12 + length
width, height, depth, kind = size
assert depth == 8 and kind == 2
raw, row, stride = zlib.decompress(packed), bytearray(width * 3), width * 3
colours, ink = set(), 0
for y in range(height):
    how = raw[y * (stride + 1)]
    line = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
    for i in range(stride):
        a = line[i - 3] if i >= 3 else 0
        b = row[i]
        c = row[i - 3] if i >= 3 else 0
        if how == 1: line[i] = (line[i] + a) & 255
        elif how == 2: line[i] = (line[i] + b) & 255
        elif how == 3: line[i] = (line[i] + (a + b) // 2) & 255
        elif how == 4:
            p = a + b - c
            near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))
            line[i] = (line[i] + near[2]) & 255
    row = line
    for i in range(0, stride, 3):
        pixel = bytes(line[i:i + 3])
        if pixel != b"\xff\xff\xff":
            ink += 1
            colours.add(pixel)
print(width, height, len(colours), ink)
END

draw() { # COMMAND PROFILE
	"$REPORT" "$1" --png "$T/$2-$1.png" --svg "$T/$2-$1.svg" "$T/$2.vprof" >"$T/out" 2>"$T/err" ||
		t_bad "$1 of $2: status $?, $(head -1 "$T/err")"
}
texts() { # SVG: its texts, one a line
	xmllint --xpath '//*[local-name()="text"]/text()' "$1" 2>/dev/null
}

for profile in normal empty nasty short spikes loops spans; do
	t_begin "pictures of $profile"
	t_need pngcheck rsvg-convert xmllint "$PYTHON" || continue
	for command in timeline flat leaks loop spans; do
		draw $command $profile
		file=$T/$profile-$command
		pngcheck -q "$file.png" >"$T/check" 2>&1 || t_bad "pngcheck: $(head -1 "$T/check")"
		read -r width height colours ink <<<"$($PYTHON "$T/decode.py" "$file.png" 2>&1 | tail -1)"
		[ "$width" = 1200 ] && [ "$height" -gt 100 ] || t_bad "$command: $width x $height"
		[ "$colours" -gt 3 ] && [ "$ink" -gt 1000 ] ||
			t_bad "$command is blank: $colours colours, $ink pixels"
		xmllint --noout "$file.svg" 2>"$T/check" || t_bad "xmllint: $(head -1 "$T/check")"
		rsvg-convert -o "$T/svg.png" "$file.svg" 2>"$T/check" || t_bad "librsvg: $(head -1 "$T/check")"
		read -r width2 height2 _ <<<"$($PYTHON "$T/decode.py" "$T/svg.png" 2>/dev/null || echo "$width $height")"
		t_equal "$command: size of the SVG" "$width $height" "$width2 $height2"
	done
	t_done
done

t_begin "text of the pictures"
for text in 'Memory over time: app' 'MB (2^20 bytes)' 'time since the start (s)' \
	'RSS: all that is resident' 'USS: resident and of this process alone' 'VMS: address space' \
	'heap: bytes in live blocks' 'steady increase of the heap'; do
	texts "$T/normal-timeline.svg" | grep -qF "$text" || t_bad "timeline lacks '$text'"
done
for text in 'CPU time by function: app' '4 of 4 functions' 'CPU time (ms)' 'own time' 'app+0x3000' \
	'160.0 ms (53.3%)'; do
	texts "$T/normal-flat.svg" | grep -qF "$text" || t_bad "flat lacks '$text'"
done
for text in 'Iterations of event loops: app' 'app+0x2000, epoll_wait, thread main: 1,000 iterations, 14 stalls' \
	'p50 573.4 us' 'p99.9 589.8 us' 'max 41.0 ms' 'stall 10.0 ms' 'how long it took'; do
	texts "$T/loops-loop.svg" | grep -qF "$text" || t_bad "loop lacks '$text'"
done
for text in 'How long spans took: app' 'tick: 1,000 spans' 'p99.9 ' 'max 41.0 ms' 'how long it took'; do
	texts "$T/spans-spans.svg" | grep -qF "$text" || t_bad "spans lacks '$text'"
done
texts "$T/normal-spans.svg" | grep -qF 'no span was seen' || t_bad "no span, and it is not said"
texts "$T/normal-loop.svg" | grep -qF 'no event loop was seen' || t_bad "no loop, and it is not said"
"$REPORT" flat -n 3 --svg "$T/three.svg" "$T/normal.vprof" >/dev/null
texts "$T/three.svg" | grep -qF '3 of 4 functions' || t_bad "flat does not heed -n"
texts "$T/normal-leaks.svg" | grep -qF 'libbook.so.1+0x300' || t_bad "leaks lacks the site"
texts "$T/spikes-timeline.svg" | grep -qF '2 spikes of the heap' || t_bad "no spikes named"
for text in 'Heap by site over time' '&lt; take_buffer' 'all other sites'; do
	texts "$T/spikes-timeline.svg" | grep -qF "$text" || t_bad "heap by site lacks '$text'"
done
texts "$T/spikes-leaks.svg" | grep -qF 'Live bytes over time of the sites that grew most' ||
	t_bad "no growth by site"
texts "$T/empty-timeline.svg" | grep -qF 'no point in time in this profile' || t_bad "empty timeline"
texts "$T/empty-flat.svg" | grep -qF 'no CPU sample' || t_bad "empty flat"
texts "$T/empty-leaks.svg" | grep -qF 'no allocation' || t_bad "empty leaks"
t_done

# What is drawn is what the JSON says: bars as long as times, the heap as high as bytes.
t_begin "drawn values"
"$REPORT" flat --sort cumulative --format json "$T/normal.vprof" >"$T/flat.json"
"$REPORT" timeline --format json "$T/normal.vprof" >"$T/timeline.json"
$PYTHON - "$T" >"$T/check" 2>&1 <<'END' || t_bad "$(tail -1 "$T/check")"
import json, sys, xml.etree.ElementTree as tree
top = sys.argv[1]
def shapes(file, tag, colour):
    for one in tree.parse(file).getroot():
        if one.tag.endswith(tag) and colour in (one.get("fill"), one.get("stroke")):
            yield [tuple(map(float, p.split(","))) for p in one.get("points").split()]
want = json.load(open(top + "/flat.json"))["functions"]
for colour, key in (("#2f6db5", "total_ns"), ("#d9772b", "self_ns")):
    bars = [p[1][0] - p[0][0] for p in shapes(top + "/normal-flat.svg", "polygon", colour)][1:]
    assert len(bars) == len(want), (len(bars), len(want))
    scale = sum(bars) / sum(f[key] for f in want)
    for bar, f in zip(bars, want):
        assert abs(bar - scale * f[key]) < 0.1, (key, bar, f)
heap = [p["heap_live"] for p in json.load(open(top + "/timeline.json"))["points"]]
line = next(shapes(top + "/normal-timeline.svg", "polyline", "#3a9a5b"))[::2]
assert len(line) == len(heap), (len(line), len(heap))
scale = (line[0][1] - line[-1][1]) / (heap[-1] - heap[0])
for (x, y), bytes in zip(line, heap):
    assert abs(line[0][1] - y - scale * (bytes - heap[0])) < 0.1, (y, bytes)
assert line[-1][0] > line[0][0] + 900
END
t_done

t_begin "spoilt copies are seen"
if t_need pngcheck rsvg-convert xmllint; then
	cp "$T/normal-flat.png" "$T/bad.png"
	printf 'XX' | dd of="$T/bad.png" bs=1 seek=5000 conv=notrunc 2>/dev/null
	! pngcheck -q "$T/bad.png" >/dev/null 2>&1 || t_bad "pngcheck takes it"
	! $PYTHON "$T/decode.py" "$T/bad.png" >/dev/null 2>&1 || t_bad "the decoder takes it"
	head -c 2000 "$T/normal-flat.svg" >"$T/bad.svg"
	! xmllint --noout "$T/bad.svg" 2>/dev/null || t_bad "xmllint takes it"
	! rsvg-convert -o /dev/null "$T/bad.svg" 2>/dev/null || t_bad "librsvg takes it"
	t_done
fi

# refused WHAT ARGS...: status 1 and one line
refused() {
	local what=$1
	shift
	"$REPORT" "$@" >"$T/out" 2>"$T/err"
	t_equal "status, $what" 1 $?
	t_equal "lines, $what" 1 "$(wc -l <"$T/err")"
}
t_begin "what cannot be written"
refused "no directory" timeline --png "$T/nowhere/x.png" "$T/normal.vprof"
refused "a full disk" flat --png /dev/full "$T/normal.vprof"
refused "a full disk, SVG" leaks --svg /dev/full "$T/normal.vprof"
refused "a directory" leaks --svg "$T" "$T/normal.vprof"
refused "two profiles" flat --png "$T/two.png" "$T/normal.vprof" "$T/locks.vprof"
[ ! -e "$T/two.png" ] || t_bad "it drew one of two"
refused "no picture of this" heap --png "$T/x.png" "$T/normal.vprof"
t_done
t_end
