#include "ring/file.h"
#include "base/own.h"
#include "base/sys.h"
#include "ring/damage.h"
#include "ring/name.h"
#include "ring/room.h"
#include "ring/tables.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE	     4096u
#define PIECE_FIRST  16u /* extents: one for each section and some more */
#define PIECE_LATER  32u
#define HEADER_BYTES (VPROF_EXTENT_TABLE_OFFSET + VPROF_EXTENTS_MAX * sizeof(struct vprof_extent))

struct vp_file vp_file;

/* A copy where memory would not do: the whole file at once, where the kernel
 * (before 5.14) or a filter lets us reserve by address. */
static int reserve_all(int fd, uint64_t bytes)
{
	static const char zeros[65536];
	long err = vp_sys6(SYS_fallocate, fd, 0, 0, (long)bytes, 0, 0);

	if (err == 0 || err == -ENOSPC || err == -EDQUOT || err == -EFBIG)
		return (int)err;
	for (uint64_t done = 0; done < bytes; done += (uint64_t)err) {
		uint64_t left = bytes - done;

		err = vp_sys_write(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
		if (err <= 0)
			return err < 0 ? (int)err : -ENOSPC;
	}
	return 0;
}

/* Faults every page in for writing, which gives it a block; where there is none
 * it says so instead of sending SIGBUS. */
static long populate(uint8_t *start, uint64_t bytes)
{
	long err = -EAGAIN;

	for (int tries = 0; tries < 8 && (err == -EAGAIN || err == -EINTR); tries++)
		err = vp_sys(SYS_madvise, start, bytes, MADV_POPULATE_WRITE);
	return err;
}

int vp_file_reserve(uint8_t *start, uint64_t bytes)
{
	uint64_t before = (uint64_t)(uintptr_t)start & (PAGE - 1);

	if (vp_file.reserved)
		return 0;
	return (int)populate(start - before, (bytes + before + PAGE - 1) & ~(uint64_t)(PAGE - 1));
}

static void add_piece(uint8_t *base, uint64_t offset, uint64_t bytes)
{
	vp_own_add(base, bytes);
	vp_sys(SYS_madvise, base, bytes, MADV_DONTFORK); /* a child must not write here */
	vp_sys(SYS_madvise, base, bytes, MADV_DONTDUMP); /* it is on disk already */
	vp_sys(SYS_madvise, base, bytes, MADV_RANDOM);	 /* no reading of zeros ahead */
	vp_file.piece[vp_file.pieces] = (struct vp_piece){base, offset, bytes};
	/* Pairs with the SIGBUS guard, which asks whether a fault is in one of them. */
	__atomic_store_n(&vp_file.pieces, vp_file.pieces + 1, __ATOMIC_RELEASE);
}

/* The next part of the file, though we have no descriptor here: mremap of
 * nothing of a shared mapping is one more mapping of the file, from there on.
 * So much of the address space as is needed soon and no more is taken: the host
 * may have a limit on it, or on what it locks in memory. */
static int map_more(uint32_t extents)
{
	const struct vp_piece *last = &vp_file.piece[vp_file.pieces - 1];
	uint64_t offset = last->offset + last->bytes;
	uint64_t bytes = (uint64_t)extents * vp_file.extent_bytes;
	uint8_t *from = last->base + last->bytes - PAGE;
	long ret;

	if (bytes > vp_file.bytes - offset)
		bytes = vp_file.bytes - offset;
	if (!bytes || vp_file.pieces == VP_PIECES_MOST)
		return -ENOSPC;
	ret = vp_sys6(SYS_mremap, (long)from, 0, (long)(bytes + PAGE), MREMAP_MAYMOVE, 0, 0);
	if (ret < 0 && ret > -4096)
		return (int)ret;
	vp_sys(SYS_munmap, ret, PAGE, 0); /* what we began from is in it, too */
	add_piece((uint8_t *)ret + PAGE, offset, bytes);
	return 0;
}

uint8_t *vp_file_extent(uint32_t number)
{
	uint64_t offset = (uint64_t)number * vp_file.extent_bytes;
	const struct vp_piece *last = &vp_file.piece[vp_file.pieces - 1];

	if (number >= vp_file.extent_count)
		return NULL;
	if (offset >= last->offset + last->bytes && map_more(PIECE_LATER) != 0 && map_more(1) != 0)
		return NULL;
	for (uint32_t i = vp_file.pieces; i-- > 0;) {
		const struct vp_piece *piece = &vp_file.piece[i];

		if (offset >= piece->offset)
			return offset - piece->offset < piece->bytes
				   ? piece->base + (offset - piece->offset)
				   : NULL;
	}
	return NULL;
}

static void write_header(void)
{
	struct vprof_header *header = vp_file.header;

	memcpy(header->magic, VPROF_MAGIC, 8);
	header->version = VPROF_FORMAT_VERSION;
	header->header_bytes = sizeof(*header);
	header->file_bytes = vp_file.bytes;
	header->extent_bytes = vp_file.extent_bytes;
	header->extent_count = vp_file.extent_count;
	header->extents_used = 1;
	header->pid = (uint32_t)vp_sys_pid();
	header->ppid = (uint32_t)vp_sys(SYS_getppid, 0, 0, 0);
	header->page_bytes = PAGE;
	header->pid_namespace = vp_name_pid_namespace();
}

/* Maps the beginning.  Blocks are taken as rows are; where that cannot be, all
 * at once. */
static int map_first(int fd)
{
	uint64_t bytes = (uint64_t)PIECE_FIRST * vp_file.extent_bytes;
	long err = vp_sys(SYS_ftruncate, fd, vp_file.bytes, 0);
	long base;

	if (err)
		return (int)err;
	if (bytes > vp_file.bytes)
		bytes = vp_file.bytes;
	base = vp_sys_mmap(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (base < 0 && base > -4096)
		return base == -EAGAIN ? -ENOMEM : (int)base;
	vp_file.pieces = 0;
	vp_file.reserved = 0;
	add_piece((uint8_t *)base, 0, bytes);
	err = populate((uint8_t *)base, HEADER_BYTES);
	if (err && err != -EFAULT) {
		vp_file.reserved = 1;
		err = reserve_all(fd, vp_file.bytes);
	}
	if (err) {
		vp_sys_unmap((void *)base, bytes);
		vp_file.pieces = 0;
		return err == -EFAULT ? -ENOSPC : (int)err;
	}
	vp_file.header = (void *)base;
	vp_file.extent = (void *)((uint8_t *)base + VPROF_EXTENT_TABLE_OFFSET);
	return 0;
}

int vp_file_create(uint64_t bytes, int *fd_out)
{
	int fd, err;

	err = vp_room_limits(&bytes);
	if (err)
		return err;
	fd = vp_name_open(vp_file.path, sizeof(vp_file.path), vp_file.unique);
	if (fd < 0)
		return fd;
	err = vp_room_of_file(fd, &bytes);
	vp_file.extent_bytes = VPROF_EXTENT_MIN;
	while (bytes / vp_file.extent_bytes > VPROF_EXTENTS_MAX)
		vp_file.extent_bytes *= 2;
	vp_file.extent_count = (uint32_t)(bytes / vp_file.extent_bytes);
	vp_file.bytes = (uint64_t)vp_file.extent_count * vp_file.extent_bytes;
	if (!err)
		err = map_first(fd);
	if (err) {
		vp_sys(SYS_unlink, vp_file.path, 0, 0);
		vp_sys_close(fd);
		return err;
	}
	write_header();
	vp_damage_init(fd);
	vp_sys(SYS_flock, fd, LOCK_UN, 0);
	*fd_out = fd;
	return 0;
}

void vp_file_inherit(int on)
{
	for (uint32_t i = 0; i < vp_file.pieces; i++)
		vp_sys(SYS_madvise, vp_file.piece[i].base, vp_file.piece[i].bytes,
		       on ? MADV_DOFORK : MADV_DONTFORK);
}

void vp_file_look(int fd)
{
	vp_damage_look(fd);
	if (fd >= 0 && !vp_damage_gone())
		vp_tables_hold(!vp_room_left(fd));
}

/* In a forked child the pieces are not there: nothing is to be unmapped. */
void vp_file_forget(void)
{
	for (uint32_t i = 0; i < vp_file.pieces; i++)
		vp_own_drop(vp_file.piece[i].base, vp_file.piece[i].bytes);
	vp_file.pieces = 0;
	vp_file.header = NULL;
	vp_file.extent = NULL;
}

void vp_file_cut(int fd)
{
	uint32_t used;

	vp_damage_look(fd);
	used = vp_tables_freeze();
	if (fd >= 0 && !vp_damage_gone())
		vp_sys(SYS_ftruncate, fd, (uint64_t)used * vp_file.extent_bytes, 0);
}

int vp_file_extend(int fd)
{
	long err = -EBADF;

	if (fd >= 0 && !vp_damage_gone())
		err = vp_sys(SYS_ftruncate, fd, vp_file.bytes, 0);
	if (err == 0)
		vp_tables_thaw();
	return (int)err;
}
