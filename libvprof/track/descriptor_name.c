#include "track/descriptor_name.h"
#include "base/fmt.h"
#include "base/lines.h"
#include "base/peer.h"
#include "base/sys.h"

#include <string.h>

/* Lines of a list of sockets that are looked at: a busy server may have a million. */
#define MOST_LINES 20000u

static void path_of(char *path, size_t size, int tid, const char *what)
{
	struct vp_text text;

	vp_text_init(&text, path, size);
	vp_text_str(&text, "/proc/self/task/");
	vp_text_u64(&text, (uint64_t)tid);
	vp_text_str(&text, what);
}

/* The field of a line, from 0; parted by blanks. */
static const char *field(const char *line, unsigned n)
{
	for (;; n--) {
		line += strspn(line, " ");
		if (!n)
			return line;
		line += strcspn(line, " ");
	}
}

/* Of an internet socket: the other end, or where it listens. */
static int internet(const char *line, uint64_t inode, const char *protocol, struct vp_text *text)
{
	static const char none[] = ":0000 ";
	const char *at = field(line, 9), *peer = field(line, 2);

	if (vp_parse_next(&at) != inode)
		return 0;
	vp_text_str(text, protocol);
	if (!memcmp(peer + strcspn(peer, ":"), none, sizeof(none) - 1)) {
		vp_text_str(text, "at ");
		peer = field(line, 1);
	}
	vp_peer_of_hex(text, peer);
	return 1;
}

static int local(const char *line, uint64_t inode, const char *protocol, struct vp_text *text)
{
	const char *at = field(line, 6);

	if (vp_parse_next(&at) != inode)
		return 0;
	vp_text_str(text, protocol);
	vp_text_str(text, *at == ' ' ? at + 1 : "socket");
	return 1;
}

/* Where the sockets of the host's network stand. */
static const struct list {
	const char *file, *protocol;
	int (*line)(const char *line, uint64_t inode, const char *protocol, struct vp_text *text);
} lists[] = {{"/net/tcp", "tcp ", internet},
	     {"/net/unix", "unix ", local},
	     {"/net/tcp6", "tcp ", internet},
	     {"/net/udp", "udp ", internet},
	     {"/net/udp6", "udp ", internet}};

static int look(const struct list *list, int tid, uint64_t inode, struct vp_text *text)
{
	char path[64], buf[4096];
	struct vp_lines lines;
	const char *line;
	int found = 0;

	path_of(path, sizeof(path), tid, list->file);
	if (vp_lines_open(&lines, path, buf, sizeof(buf)) < 0)
		return 0;
	vp_lines_next(&lines); /* the heads of the columns */
	for (uint32_t n = 0; n < MOST_LINES && !found && (line = vp_lines_next(&lines)); n++)
		found = list->line(line, inode, list->protocol, text);
	vp_lines_close(&lines);
	return found;
}

size_t vp_descriptor_link(int tid, uint64_t fd, char *text, size_t size)
{
	char path[64], number[32];
	struct vp_text name;
	long len;

	if (fd > 0x7fffffff)
		return 0;
	vp_text_init(&name, number, sizeof(number));
	vp_text_str(&name, "/fd/");
	vp_text_u64(&name, fd);
	path_of(path, sizeof(path), tid, number);
	len = vp_sys(SYS_readlink, path, text, size - 1);
	if (len <= 0)
		return 0;
	text[len] = 0;
	return (size_t)len;
}

size_t vp_descriptor_name(int tid, uint64_t fd, char *text, size_t size)
{
	static const char socket[] = "socket:[";
	size_t len = vp_descriptor_link(tid, fd, text, size);
	const char *inode = text + sizeof(socket) - 1;
	struct vp_text name;
	uint64_t wanted;
	char found[128];

	if (!len || strncmp(text, socket, sizeof(socket) - 1) != 0)
		return len;
	wanted = vp_parse_next(&inode);

	vp_text_init(&name, found, sizeof(found));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (look(&lists[i], tid, wanted, &name)) {
			memcpy(text, found, name.len < size ? name.len + 1 : size);
			return name.len < size ? name.len : size - 1;
		}
	}
	return len;
}
