/* Memory that a forked child does not have as the process has it.
 *
 * Which it is, /proc/self/smaps says (VmFlags), and it is read before anybody is
 * stopped, because that takes time.  Pages that a child would not get (MADV_DONTFORK)
 * or would get empty (MADV_WIPEONFORK) are copied while the threads stand still, and
 * put where they belong in the child: it then sees the process as it was.  The flags
 * themselves are never touched: a device may be writing there, and a copy made by
 * fork() would take the page away from it. */
#include "base/fmt.h"
#include "base/lines.h"
#include "base/sys.h"
#include "leak/internal.h"
#include "ring/file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#define SPECIAL_MOST 4096u
#define TEXT_BYTES   (64u << 10)
#define COPY_MOST    (256ull << 20) /* so long the threads may stand still */
#define ENTRIES	     512u	    /* of pagemap at a time */
#define PAGE	     4096ull

static struct vp_leak_unforked special[SPECIAL_MOST];
static uint32_t count;
static int known;	    /* all of it is in `special` */
static int pagemap_fd = -1; /* the process's, also in the child */

/* Copied pages: first their addresses, then what is in them. */
static uint64_t *copy;
static uint64_t copy_room, copies, copy_bytes, left_out_bytes;

static int is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static int is_own(const struct vp_leak_unforked *one)
{
	struct dl_find_object us;

	for (uint32_t i = 0; i < vp_file.pieces; i++) {
		uint64_t piece = (uint64_t)(uintptr_t)vp_file.piece[i].base;

		if (one->lo < piece + vp_file.piece[i].bytes && one->hi > piece)
			return 1;
	}
	return _dl_find_object((void *)(uintptr_t)&vp_leak_unforked_read, &us) == 0 &&
	       one->lo >= (uint64_t)(uintptr_t)us.dlfo_map_start &&
	       one->hi <= ((uint64_t)(uintptr_t)us.dlfo_map_end + PAGE - 1) / PAGE * PAGE;
}

/* "rd wr mr mw me dc ": what of it matters here. */
static uint32_t flags_of(const char *text)
{
	static const struct {
		char name[3];
		uint32_t flag;
	} known_flags[] = {{"rd", VP_UNFORKED_READABLE}, {"sh", VP_UNFORKED_SHARED},
			   {"dc", VP_UNFORKED_ABSENT},	 {"wf", VP_UNFORKED_WIPED},
			   {"io", VP_UNFORKED_DEVICE},	 {"pf", VP_UNFORKED_DEVICE},
			   {"ht", VP_UNFORKED_HUGE}};
	uint32_t flags = 0;

	for (; text[0] && text[1]; text += text[2] ? 3 : 2) {
		for (uint32_t i = 0; i < sizeof(known_flags) / sizeof(known_flags[0]); i++) {
			if (memcmp(text, known_flags[i].name, 2) == 0)
				flags |= known_flags[i].flag;
		}
	}
	return flags;
}

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	while (*text == ' ')
		text++;
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	return value;
}

/* The mapping whose lines are being read: */
static struct vp_leak_unforked now;
static int now_kernel; /* made and filled by the kernel: nothing of the program's is there */

static void take_line(const char *line)
{
	uint32_t odd = VP_UNFORKED_ABSENT | VP_UNFORKED_WIPED | VP_UNFORKED_DEVICE |
		       VP_UNFORKED_HUGE | VP_UNFORKED_WRITTEN | VP_UNFORKED_SWAPPED;

	if (is_hex(line[0])) {
		const char *at = line, *path;

		memset(&now, 0, sizeof(now));
		now.lo = vp_parse_hex(&at);
		at++;
		now.hi = vp_parse_hex(&at);
		path = strpbrk(at + 1, "[/");
		now_kernel = strstr(at, " [v") || strstr(at, "[perf_event]");
		if (path && path[0] == '/' && at[2] != 'w' && at[4] == 'p')
			now.flags = VP_UNFORKED_FILE;
		if (strstr(at, "anon_inode:[io_uring]"))
			now.flags = VP_UNFORKED_MEMORY;
	} else if (strncmp(line, "Anonymous:", 10) == 0) {
		if (now.flags & VP_UNFORKED_FILE && number(line + 10))
			now.flags |= VP_UNFORKED_WRITTEN;
	} else if (strncmp(line, "Swap:", 5) == 0) {
		now.swapped = number(line + 5) * 1024;
	} else if (strncmp(line, "VmFlags:", 8) == 0) {
		now.flags |= flags_of(line + 9);
		if (now.flags & VP_UNFORKED_SHARED && now.swapped)
			now.flags |= VP_UNFORKED_SWAPPED;
		if (now.flags & VP_UNFORKED_MEMORY)
			now.flags &= ~(uint32_t)VP_UNFORKED_DEVICE;
		if (!(now.flags & odd) || now_kernel || is_own(&now))
			return;
		if (count < SPECIAL_MOST)
			special[count++] = now;
		else
			known = 0;
	}
}

void vp_leak_unforked_read(void)
{
	char *text = vp_sys_map(TEXT_BYTES);
	struct vp_lines lines;
	const char *line;

	count = 0;
	known = text && vp_lines_open(&lines, "/proc/self/smaps", text, TEXT_BYTES) == 0;
	if (known) {
		while ((line = vp_lines_next(&lines)))
			take_line(line);
		known &= vp_lines_close(&lines) == 0;
	}
	if (text)
		vp_sys_unmap(text, TEXT_BYTES);
}

static int is_lacking(const struct vp_leak_unforked *one)
{
	return one->flags & (VP_UNFORKED_ABSENT | VP_UNFORKED_WIPED) &&
	       !(one->flags & VP_UNFORKED_DEVICE);
}

/* Calls each() for the pages of a range that are there; all where nobody knows. */
static void each_page(uint64_t lo, uint64_t hi, void (*each)(uint64_t page))
{
	uint64_t entry[ENTRIES];

	while (lo < hi) {
		uint64_t pages = (hi - lo) / PAGE < ENTRIES ? (hi - lo) / PAGE : ENTRIES;
		int told = vp_sys6(SYS_pread64, pagemap_fd, (long)entry, (long)pages * 8,
				   (long)(lo / PAGE * 8), 0, 0) == (long)pages * 8;

		for (uint64_t i = 0; i < pages; i++) {
			if (!told || entry[i] >> 62)
				each(lo + i * PAGE);
		}
		lo += pages * PAGE;
	}
}

static void count_page(uint64_t page)
{
	(void)page;
	copy_room += copy_room * (PAGE + 8) < COPY_MOST;
}

/* As another process would be read: what cannot be read fails instead of faulting. */
static void copy_page(uint64_t page)
{
	char *to = (char *)(copy + copy_room) + copies * PAGE;
	struct iovec local = {to, PAGE}, remote = {(void *)(uintptr_t)page, PAGE};

	if (!copy || copies == copy_room ||
	    vp_sys6(SYS_process_vm_readv, vp_sys_pid(), (long)&local, 1, (long)&remote, 1, 0) !=
		(long)PAGE)
		left_out_bytes += PAGE;
	else
		copy[copies++] = page;
}

static void each_lacking(void (*each)(uint64_t page))
{
	for (uint32_t i = 0; i < count; i++) {
		if (is_lacking(&special[i]))
			each_page(special[i].lo, special[i].hi, each);
	}
}

void vp_leak_unforked_copy(int none)
{
	copy = NULL;
	copy_room = copies = left_out_bytes = 0;
	if (none) {
		count = 0;
		known = 1;
		return;
	}
	pagemap_fd = vp_sys_open("/proc/self/pagemap", O_RDONLY, 0);
	each_lacking(count_page);
	copy_bytes = copy_room * (PAGE + 8);
	if (copy_room)
		copy = vp_sys_map(copy_bytes);
	each_lacking(copy_page);
}

void vp_leak_unforked_drop(void)
{
	if (copy)
		vp_sys_unmap(copy, copy_bytes);
	if (pagemap_fd >= 0)
		vp_sys_close(pagemap_fd);
	copy = NULL;
	pagemap_fd = -1;
}

/* --- in the child ---------------------------------------------------------- */
static void add_unsearched(enum vprof_unsearched kind, uint64_t bytes)
{
	vp_leak_unsearched[kind] += bytes;
}

static int give_room(const struct vp_leak_unforked *one)
{
	return vp_sys6(SYS_mmap, (long)one->lo, (long)(one->hi - one->lo), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
		       0) == (long)one->lo;
}

void vp_leak_unforked_restore(int own_files)
{
	if (!own_files) /* closed with all others */
		pagemap_fd = -1;
	if (!known)
		add_unsearched(VPROF_UNSEARCHED_OTHER, PAGE);
	for (uint32_t i = 0; i < count; i++) {
		const struct vp_leak_unforked *one = &special[i];

		if (one->flags & VP_UNFORKED_DEVICE && one->flags & VP_UNFORKED_READABLE)
			add_unsearched(VPROF_UNSEARCHED_DEVICE, one->hi - one->lo);
		if (one->flags & VP_UNFORKED_HUGE && one->flags & VP_UNFORKED_SHARED &&
		    pagemap_fd < 0)
			add_unsearched(VPROF_UNSEARCHED_HUGE, one->hi - one->lo);
		if (one->flags & VP_UNFORKED_SWAPPED)
			add_unsearched(VPROF_UNSEARCHED_SHARED, one->swapped);
		if (is_lacking(one) && !give_room(one)) {
			left_out_bytes += copies * PAGE;
			copies = 0;
		}
	}
	for (uint64_t i = 0; i < copies; i++)
		memcpy((void *)(uintptr_t)copy[i], (char *)(copy + copy_room) + i * PAGE, PAGE);
	if (left_out_bytes)
		add_unsearched(VPROF_UNSEARCHED_DONTFORK, left_out_bytes);
}

uint32_t vp_leak_unforked_at(uint64_t lo)
{
	for (uint32_t i = 0; i < count; i++) {
		if (special[i].lo <= lo && lo < special[i].hi)
			return special[i].flags;
	}
	return known ? 0 : VP_UNFORKED_UNKNOWN;
}

int vp_leak_unforked_pagemap(void)
{
	return pagemap_fd;
}
