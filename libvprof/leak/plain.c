/* A process without odd memory, which a forked child has as it is.
 *
 * Most are, and then the flags of mappings need not be asked for: to read
 * /proc/self/smaps takes as long as a fork.  By its kind no mapping may be a device's,
 * shared or of large pages; private memory and plain files are left.  That nothing is
 * kept from children (MADV_DONTFORK, MADV_WIPEONFORK) is seen in the child: it has each
 * page that the process had.  Where one is missing, the search is begun once more, with
 * the flags.  docs/decisions/plain-memory.md */
#include "base/fmt.h"
#include "base/own.h"
#include "base/sys.h"
#include "leak/internal.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MOST    (1u << 20)
#define REGIONS_MOST 32768u
#define ADDRESS_END  0x7ffffffff000ull
#define OF_FILE	     (1u << 2)

static struct look {
	char text[TEXT_MOST]; /* of /proc/self/maps, with everybody standing still */
	struct vp_leak_pages theirs[REGIONS_MOST]; /* pages of no file: the process's */
	struct vp_leak_pages own[REGIONS_MOST];	   /* the child's */
} * look;					   /* NULL: no look was taken */
static size_t text_bytes;
static long their_count, own_count;
static int checked; /* in the child: it has what the process had */

/* As a mapping's line has it. */
struct line {
	uint64_t lo, hi, major, minor;
	const char *perms, *path;
};

static int is_loaded(const struct line *line)
{
	struct dl_find_object found;

	return _dl_find_object((void *)(uintptr_t)line->lo, &found) == 0 &&
	       line->hi <= (((uint64_t)(uintptr_t)found.dlfo_map_end + 4095) & ~4095ull);
}

/* File systems that are on no block device are many things; the one that the program
 * lies on holds files. */
static int is_of_files(const struct line *line)
{
	struct stat exe;

	if (line->major)
		return 1;
	return vp_sys6(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/exe", (long)&exe, 0, 0, 0) ==
		   0 &&
	       !(exe.st_dev >> 8 & 0xfff) &&
	       ((exe.st_dev & 0xff) | (exe.st_dev >> 12 & ~0xffull)) == line->minor;
}

static int is_regular(const char *path)
{
	struct stat st;

	return vp_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&st, 0, 0, 0) == 0 &&
	       S_ISREG(st.st_mode);
}

/* Of a device on a disk's file system, mapped to be read only, no word is searched. */
static int is_plain(const struct line *line)
{
	int ours = 0, writes = line->perms[1] == 'w';

	if (strncmp(line->path, "[v", 2) == 0 || strstr(line->path, "[perf_event]"))
		return 1;
	if (line->perms[3] == 's' && writes)
		return vp_own_piece(line->lo, line->hi, &ours) == line->hi && ours;
	if (!*line->path || *line->path == '[')
		return line->perms[3] == 'p';
	if (*line->path != '/' || strstr(line->path, " (deleted)") || !is_of_files(line))
		return 0;
	if (line->perms[3] == 's')
		return line->major != 0;
	return !writes || is_loaded(line) || is_regular(line->path);
}

/* lo-hi perms offset major:minor inode   path */
static void take_apart(const char *at, struct line *line)
{
	line->lo = vp_parse_hex(&at);
	at++;
	line->hi = vp_parse_hex(&at);
	line->perms = at + 1;
	at += 6;
	vp_parse_hex(&at);
	at++;
	line->major = vp_parse_hex(&at);
	at++;
	line->minor = vp_parse_hex(&at);
	at++;
	while (*at >= '0' && *at <= '9')
		at++;
	while (*at == ' ')
		at++;
	line->path = at;
}

/* Ends the lines by 0, as those who read them later want them. */
static int all_plain(void)
{
	char *at = look->text, *end = look->text + text_bytes;
	struct line line;

	while (at < end) {
		char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			return 0;
		*newline = '\0';
		take_apart(at, &line);
		if (!is_plain(&line))
			return 0;
		at = newline + 1;
	}
	return 1;
}

/* Returns 0 also where they are too many. */
static int read_maps(void)
{
	long got = vp_sys_read_file("/proc/self/maps", look->text, TEXT_MOST);

	text_bytes = got > 0 && got < (long)TEXT_MOST - 1 ? (size_t)got : 0;
	return text_bytes != 0;
}

/* Returns how many there are; -1: too many, or the kernel does not tell. */
static long read_pages(struct vp_leak_pages *pages)
{
	int fd = vp_sys_open("/proc/self/pagemap", O_RDONLY, 0);
	uint64_t at = 0;
	long count = 0, got = 0;

	if (fd < 0)
		return -1;
	while (at < ADDRESS_END && got >= 0 && count < REGIONS_MOST) {
		got = vp_leak_ask_pages(fd, &at, ADDRESS_END, pages + count,
					REGIONS_MOST - (uint32_t)count, OF_FILE);
		count += got;
	}
	vp_sys_close(fd);
	return got < 0 || count >= REGIONS_MOST ? -1 : count;
}

int vp_leak_plain_look(void)
{
	look = vp_sys_map(sizeof(*look));
	if (!look)
		return 0;
	if (read_maps() && all_plain()) {
		their_count = read_pages(look->theirs);
		if (their_count >= 0)
			return 1;
	}
	vp_leak_plain_drop();
	return 0;
}

void vp_leak_plain_drop(void)
{
	struct look *old = look;

	look = NULL;
	if (old)
		vp_sys_unmap(old, sizeof(*old));
}

/* --- in the child ---------------------------------------------------------- */
static int is_ours(const struct vp_leak_pages *pages)
{
	struct dl_find_object us;

	return _dl_find_object((void *)(uintptr_t)&vp_leak_plain_look, &us) == 0 &&
	       pages->start >= (uint64_t)(uintptr_t)us.dlfo_map_start &&
	       pages->end <= (((uint64_t)(uintptr_t)us.dlfo_map_end + 4095) & ~4095ull);
}

/* The first of the child's that ends behind an address. */
static long first_behind(uint64_t address)
{
	long lo = 0, hi = own_count;

	while (lo < hi) {
		long mid = (lo + hi) / 2;

		if (look->own[mid].end <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int has_all(const struct vp_leak_pages *pages)
{
	uint64_t at = pages->start;

	for (long i = first_behind(at); i < own_count && look->own[i].start <= at; i++) {
		at = look->own[i].end;
		if (at >= pages->end)
			return 1;
	}
	return is_ours(pages); /* of ours some are kept from children */
}

int vp_leak_plain_check(void)
{
	if (!look)
		return 1;
	own_count = read_pages(look->own);
	for (long i = 0; i < their_count; i++) {
		if (own_count < 0 || !has_all(&look->theirs[i]))
			return 0;
	}
	checked = 1;
	return 1;
}

char *vp_leak_plain_maps(size_t *bytes)
{
	*bytes = text_bytes;
	return checked ? look->text : NULL;
}

int vp_leak_plain_is_written(uint64_t lo, uint64_t hi)
{
	long i = checked ? first_behind(lo) : 0;

	return checked && i < own_count && look->own[i].start < hi;
}

int vp_leak_plain_present(uint64_t lo, uint64_t hi, void (*each)(uint64_t from, uint64_t to))
{
	if (!checked)
		return 0;
	for (long i = first_behind(lo); i < own_count && look->own[i].start < hi; i++) {
		uint64_t from = look->own[i].start, to = look->own[i].end;

		each(from > lo ? from : lo, to < hi ? to : hi);
	}
	return 1;
}
