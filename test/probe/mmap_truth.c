/* Memory mapped past malloc, in ways whose right account is known.  Prints it as JSON:
 * totals, and by function what it mapped and how much of that stays. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "probe.h"

#define MIB (1ul << 20)

static struct {
	uint64_t maps, mapped, live, unmaps;
} books;

static void *booked(void *at, uint64_t bytes)
{
	if (at == MAP_FAILED)
		DIE("a mapping");
	books.maps++;
	books.mapped += bytes;
	books.live += bytes;
	return at;
}

static void unbooked(int failed, uint64_t bytes)
{
	if (failed)
		DIE("an unmapping");
	books.unmaps++;
	books.live -= bytes;
}

static void *anonymous(size_t bytes, int more)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | more, -1, 0);
}

/* Seven of a MiB, half of each touched. */
__attribute__((noinline)) static void seven_half_touched(void)
{
	for (int i = 0; i < 7; i++)
		memset(booked(mmap(NULL, MIB, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
			      MIB),
		       1, MIB / 2);
}

/* 64 pages; the middle of them goes, one is mapped over in place, some go twice. */
__attribute__((noinline)) static void cut_and_replaced(void)
{
	char *at =
	    booked(mmap(NULL, 64 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 64 * 4096);

	unbooked(munmap(at + 16 * 4096, 16 * 4096), 16 * 4096);
	booked(mmap(at + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	       4096);
	books.live -= 4096;
	unbooked(munmap(at + 8 * 4096, 40 * 4096), 24 * 4096); /* 8 of it are a hole's */
	if (munmap(at + 1, 4096) == 0 || munmap(at, 0) == 0)
		_exit(97);
}

/* 1 MiB that grows to 4, and is moved; lengths that are no whole pages. */
__attribute__((noinline)) static void grown(void)
{
	char *at = booked(
	    mmap(NULL, MIB - 7, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MIB);

	at = booked(mremap(at, MIB, 4 * MIB - 9, MREMAP_MAYMOVE), 4 * MIB);
	unbooked(0, MIB);
	memset(at, 2, 4 * MIB);
	if (mremap(at, 4 * MIB, 5 * MIB, MREMAP_FIXED, NULL) != MAP_FAILED)
		_exit(96);
}

__attribute__((noinline)) static void by_sbrk(void)
{
	char *end = sbrk(0);

	if (sbrk(3 * 4096) != end)
		DIE("sbrk");
	booked(end, 3 * 4096);
	if (brk(end + 4096) != 0)
		DIE("brk");
	unbooked(0, 2 * 4096);
}

__attribute__((noinline)) static void by_shmat(void)
{
	int id = shmget(IPC_PRIVATE, 5 * 4096 - 100, IPC_CREAT | 0600);
	char *at = shmat(id, NULL, 0);

	if (id < 0)
		DIE("shmget");
	memset(booked(at, 5 * 4096), 3, 4096);
	shmctl(id, IPC_RMID, NULL);
	booked(shmat(id, NULL, SHM_RDONLY), 5 * 4096);
	unbooked(shmdt(at), 5 * 4096);
	if (shmdt(at) == 0)
		_exit(95);
}

__attribute__((noinline)) static void by_syscall(void)
{
	void *at = (void *)syscall(SYS_mmap, NULL, 7 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

	booked(at, 7 * 4096);
	unbooked((int)syscall(SYS_munmap, at, 2 * 4096), 2 * 4096);
}

__attribute__((noinline)) static void of_a_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	booked(mmap(NULL, 6000, PROT_READ, MAP_SHARED, fd, 0), 8192);
	close(fd);
	if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) != MAP_FAILED)
		_exit(94);
}

__attribute__((noinline)) static void advised(void)
{
	char *at = booked(anonymous(8 * MIB, 0), 8 * MIB);

	memset(at, 4, MIB);
	if (madvise(at, MIB, MADV_DONTNEED) != 0 || madvise(at + MIB, 2 * MIB, MADV_HUGEPAGE) != 0)
		DIE("madvise");
}

static void *map_and_unmap(void *arg)
{
	for (int i = 0; i < 500; i++) {
		char *at = anonymous(16 * 4096, 0);

		if (at == MAP_FAILED || munmap(at + 4096, 8 * 4096) != 0 ||
		    munmap(at, 16 * 4096) != 0)
			_exit(93);
	}
	return arg;
}

/* Eight threads that map and unmap where others just did. */
__attribute__((noinline)) static void by_threads(void)
{
	pthread_t thread[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, map_and_unmap, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	books.maps += 8 * 500;
	books.unmaps += 8 * 1000;
	books.mapped += 8 * 500 * 16 * 4096ul;
}

static void print(const char *who)
{
	say("%s %d {\"maps\":%lu,\"bytes_mapped\":%lu,\"live_bytes\":%lu,\"unmaps\":%lu}\n", who,
	    (int)getpid(), books.maps, books.mapped, books.live, books.unmaps);
}

/* What the child has from its parent is live there, and goes when it unmaps it. */
static void in_a_child(void)
{
	char *at = booked(anonymous(32 * 4096, 0), 32 * 4096);
	pid_t pid = fork();

	if (pid == 0) {
		books.maps = books.unmaps = 0;
		books.mapped = books.live;
		unbooked(munmap(at, 4 * 4096), 4 * 4096);
		booked(anonymous(4096, 0), 4096);
		print("child");
		exit(0);
	}
	waitpid(pid, NULL, 0);
	unbooked(munmap(at, 32 * 4096), 32 * 4096);
}

static void *in_a_thread(void *arg)
{
	free(malloc(100));
	usleep(20000);
	return arg;
}

/* A hole is the program's: whoever made it may unmap it once more, or map over it. */
static void holes(void)
{
	enum { HOLES = 64, THREADS = 32 };
	char *hole[HOLES];
	pthread_t thread[THREADS];
	size_t bytes[HOLES];

	for (int i = 0; i < HOLES; i++) {
		bytes[i] = 4096ul << i % 9;
		hole[i] = booked(anonymous(bytes[i] + 8192, 0), 0);
	}
	for (int i = 0; i < HOLES; i++)
		unbooked(munmap(hole[i] + 4096, bytes[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, in_a_thread, NULL);
	usleep(50000);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < HOLES; i++)
		if (mmap(hole[i] + 4096, bytes[i], PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
			DIE("a hole of %zu bytes is taken", bytes[i]);
	say("all %d holes are free\n", HOLES);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "holes") == 0) {
		holes();
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "fork") == 0) {
		seven_half_touched();
		in_a_child();
	} else {
		seven_half_touched();
		cut_and_replaced();
		grown();
		by_sbrk();
		by_shmat();
		by_syscall();
		of_a_file();
		advised();
		by_threads();
	}
	print("parent");
	return 0;
}
