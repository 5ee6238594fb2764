/* What leads to ten blocks of 1000 bytes lies in memory of one special kind, which a
 * forked child may not have as the process has it; one more, of 777, is lost.
 * Without an argument: the names of the cases; with one: that case.  Status 77: this
 * machine cannot do it. */
#include "leak.h"
#include <fcntl.h>
#include <glob.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#define CANNOT 77
#define BYTES  (4u << 20)
#define RW     (PROT_READ | PROT_WRITE)

static void *volatile memory; /* finds it again, as any program would */

static void *mapped(void *map)
{
	if (map == MAP_FAILED || !map)
		exit(CANNOT);
	return memory = map;
}

static void *anonymous(int flags, size_t bytes)
{
	return mapped(mmap(NULL, bytes, RW, flags | MAP_ANONYMOUS, -1, 0));
}

static NOINLINE void fill_at(void *at)
{
	void **to = at;

	for (int i = 0; i < 10; i++)
		to[i] = block(1000);
}

static NOINLINE void lose(void)
{
	block(777);
}

/* In the middle, with a great deal of nothing around. */
static void *fill(void *map)
{
	fill_at((char *)map + BYTES / 2 + 256);
	lose();
	return map;
}

static void can(int result)
{
	if (result != 0)
		exit(CANNOT);
}

static void control(void)
{
	fill(anonymous(MAP_PRIVATE, BYTES));
}

static void nowhere(void)
{
	void *map = fill(anonymous(MAP_PRIVATE, BYTES));

	munmap(map, BYTES);
}

static void dontfork(void)
{
	can(madvise(fill(anonymous(MAP_PRIVATE, BYTES)), BYTES, MADV_DONTFORK));
}

static void dontfork_shared(void)
{
	can(madvise(fill(anonymous(MAP_SHARED, BYTES)), BYTES, MADV_DONTFORK));
}

static void dontfork_data(void)
{
	static char data[16384] __attribute__((aligned(4096)));

	can(madvise(data + 4096, 4096, MADV_DONTFORK));
	fill_at(data + 4096);
	lose();
}

/* Part of a block is not in the child, and what it leads to is in use. */
static void dontfork_block(void)
{
	char *b = block(20000), *page = (char *)(((uintptr_t)b + 8191) & ~(uintptr_t)4095);

	memory = b;
	can(madvise(page, 4096, MADV_DONTFORK));
	fill_at(page + 512);
	lose();
}

static void dontfork_lost_block(void)
{
	char *b = block(20000), *page = (char *)(((uintptr_t)b + 8191) & ~(uintptr_t)4095);

	can(madvise(page, 4096, MADV_DONTFORK));
	fill_at(page + 512);
	lose();
}

static void wipeonfork(void)
{
	can(madvise(fill(anonymous(MAP_PRIVATE, BYTES)), BYTES, MADV_WIPEONFORK));
}

static void dontdump(void)
{
	can(madvise(fill(anonymous(MAP_PRIVATE, BYTES)), BYTES, MADV_DONTDUMP));
}

static void no_access(void)
{
	can(mprotect(fill(anonymous(MAP_PRIVATE, BYTES)), BYTES, PROT_NONE));
}

static void no_access_dontfork(void)
{
	void *map = fill(anonymous(MAP_PRIVATE, BYTES));

	can(madvise(map, BYTES, MADV_DONTFORK));
	can(mprotect(map, BYTES, PROT_NONE));
}

static void write_only(void)
{
	can(mprotect(fill(anonymous(MAP_PRIVATE, BYTES)), BYTES, PROT_WRITE));
}

static void read_only(void)
{
	can(mprotect(fill(anonymous(MAP_PRIVATE, BYTES)), BYTES, PROT_READ));
}

static void named(void)
{
	void *map = fill(anonymous(MAP_PRIVATE, BYTES));

	can(prctl(0x53564d41 /* PR_SET_VMA */, 0, map, BYTES, "vvar of mine"));
}

static void grows_down(void)
{
	fill(anonymous(MAP_PRIVATE | MAP_GROWSDOWN, BYTES));
}

static void protection_key(void)
{
	void *map = fill(anonymous(MAP_PRIVATE, BYTES));
	int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

	can(key < 0);
	can(pkey_mprotect(map, BYTES, RW, key));
}

static void huge_private(void)
{
	fill(anonymous(MAP_PRIVATE | MAP_HUGETLB, BYTES));
}

static void huge_shared(void)
{
	fill(anonymous(MAP_SHARED | MAP_HUGETLB, BYTES));
}

static void shared(void)
{
	fill(anonymous(MAP_SHARED, BYTES));
}

static void secret(void)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);

	can(fd < 0 || ftruncate(fd, BYTES) != 0);
	fill(mapped(mmap(NULL, BYTES, RW, MAP_SHARED, fd, 0)));
	close(fd);
}

static int file_of(int kind)
{
	char name[] = "snapshot.XXXXXX";
	int fd = kind ? mkstemp(name) : memfd_create("snapshot", 0);

	can(fd < 0 || ftruncate(fd, BYTES) != 0);
	if (kind)
		unlink(name);
	return fd;
}

/* Written by one mapping, kept by another that can only be read. */
static void two_views(void)
{
	int fd = file_of(0);
	void *writes = mmap(NULL, BYTES, RW, MAP_SHARED, fd, 0);

	mapped(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0));
	fill(writes);
	munmap(writes, BYTES);
	close(fd);
}

static void segment(void)
{
	int id = shmget(IPC_PRIVATE, BYTES, IPC_CREAT | 0600);
	void *map;

	can(id < 0);
	map = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	fill(mapped(map));
}

static void file_private(void)
{
	int fd = file_of(1);

	fill(mapped(mmap(NULL, BYTES, RW, MAP_PRIVATE, fd, 0)));
	close(fd);
}

static void file_private_sealed(void)
{
	char name[] = "snapshot.XXXXXX";
	int fd = mkstemp(name);

	can(fd < 0 || ftruncate(fd, BYTES) != 0);
	fill(mapped(mmap(NULL, BYTES, RW, MAP_PRIVATE, fd, 0)));
	can(mprotect(memory, BYTES, PROT_READ));
	close(fd);
	unlink(name);
}

/* Missing pages are somebody's to fill, who never will. */
static void on_demand(void)
{
	void *map = anonymous(MAP_PRIVATE, BYTES);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);

	fill(map);
	can(fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0);
	range.range.start = (uintptr_t)map;
	range.range.len = BYTES;
	can(ioctl(fd, UFFDIO_REGISTER, &range));
}

/* A device's memory is not read: reading it may have effects.  Nor is it here. */
static void device(void)
{
	glob_t found;
	void *map = MAP_FAILED;

	if (glob("/sys/bus/pci/devices/*/resource[0-5]", 0, NULL, &found) != 0)
		exit(CANNOT);
	for (size_t i = 0; i < found.gl_pathc && map == MAP_FAILED; i++) {
		int fd = open(found.gl_pathv[i], O_RDWR);

		map = mmap(NULL, 4096, RW, MAP_SHARED, fd, 0);
		close(fd);
	}
	globfree(&found);
	mapped(map);
	for (int i = 0; i < 10; i++)
		block(1000);
	lose();
}

/* --- the break ------------------------------------------------------------------- */
static void *more_break(size_t bytes)
{
	void *at = sbrk((intptr_t)bytes);

	if (at == (void *)-1)
		exit(CANNOT);
	return at;
}

static void sbrk_behind(void)
{
	free(malloc(100));
	memory = more_break(BYTES);
	fill(memory);
}

/* libc goes on behind what the program took. */
static void sbrk_between(void)
{
	void *blocks[64];

	for (int i = 0; i < 32; i++)
		blocks[i] = malloc(60000);
	memory = more_break(BYTES + 24);
	for (int i = 32; i < 64; i++)
		blocks[i] = malloc(60000);
	fill(memory);
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	memset(blocks, 0, sizeof(blocks));
}

/* Nothing of libc's lies before it; what it holds looks like a chunk. */
static void sbrk_first(void)
{
	uintptr_t *at = memory;

	if (!at)
		exit(CANNOT);
	at[1] = 0x21;
	fill(at);
}

__attribute__((constructor)) static void take_break_first(void)
{
	char text[64] = "";
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	for (ssize_t i = 0; i < got; i++)
		text[i] = text[i] ? text[i] : ' ';
	if (strstr(text, " sbrk_first "))
		memory = more_break(BYTES);
}

/* --- left-overs of threads ---------------------------------------------------------- */
static void *nothing(void *arg)
{
	leak_scrub();
	return arg;
}

/* Memory that was a thread's stack once, the program's own before and after. */
static void former_stack(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *map = anonymous(MAP_PRIVATE, BYTES);

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, map, BYTES);
	can(pthread_create(&thread, &attr, nothing, NULL));
	pthread_join(thread, NULL);
	fill(map);
}

static const struct leak_case cases[] = {
    {"control", control},
    {"nowhere", nowhere},
    {"dontfork", dontfork},
    {"dontfork_shared", dontfork_shared},
    {"dontfork_data", dontfork_data},
    {"dontfork_block", dontfork_block},
    {"dontfork_lost_block", dontfork_lost_block},
    {"wipeonfork", wipeonfork},
    {"dontdump", dontdump},
    {"no_access", no_access},
    {"no_access_dontfork", no_access_dontfork},
    {"write_only", write_only},
    {"read_only", read_only},
    {"named", named},
    {"grows_down", grows_down},
    {"protection_key", protection_key},
    {"huge_private", huge_private},
    {"huge_shared", huge_shared},
    {"shared", shared},
    {"secret", secret},
    {"two_views", two_views},
    {"segment", segment},
    {"file_private", file_private},
    {"file_private_sealed", file_private_sealed},
    {"on_demand", on_demand},
    {"device", device},
    {"sbrk_behind", sbrk_behind},
    {"sbrk_between", sbrk_between},
    {"sbrk_first", sbrk_first},
    {"former_stack", former_stack},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
