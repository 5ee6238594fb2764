/* Memory of every kind, each of a known size, all of it resident at one moment; prints what
 * the kernel says then. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "probe.h"

#define MIB (1ul << 20)

/* Seven of a MiB, half of each touched. */
__attribute__((noinline)) static void seven_half_touched(void)
{
	for (int i = 0; i < 7; i++) {
		char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			DIE("mmap");
		memset(at, 1, MIB / 2);
	}
}

/* 40,000 blocks of a KiB, of which each fourth stays. */
__attribute__((noinline)) static void fragment_heap(void)
{
	static char *block[40000];

	for (int i = 0; i < 40000; i++)
		block[i] = memset(opaque(malloc(1000)), 2, 1000);
	for (int i = 0; i < 40000; i++)
		if (i % 4)
			free(block[i]);
}

/* A file of 8 MiB, read from end to end. */
__attribute__((noinline)) static void read_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	volatile char *at;
	char page[4096] = "x";

	for (int i = 0; i < 2048; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page))
			DIE("%s", name);
	at = mmap(NULL, 8 * MIB, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		DIE("mmap %s", name);
	close(fd);
	for (size_t i = 0; i < 8 * MIB; i += 4096)
		(void)at[i];
}

__attribute__((noinline)) static void share_memory(void)
{
	int fd = memfd_create("shared", 0);
	char *at;

	if (fd < 0 || ftruncate(fd, 3 * MIB) != 0)
		DIE("memfd_create");
	at = mmap(NULL, 3 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		DIE("mmap");
	memset(at, 3, 3 * MIB);
	close(fd);
}

/* Read and never written: the page of zeros, which the kernel counts for nobody. */
__attribute__((noinline)) static void read_zeros(void)
{
	volatile char *at =
	    mmap(NULL, 6 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < 6 * MIB; i += 4096)
		(void)at[i];
}

/* 4 MiB in huge pages, if there are any: says how much there is in them. */
__attribute__((noinline)) static void use_huge_pages(void)
{
	char *at = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	at += -(uintptr_t)at & (2 * MIB - 1);
	madvise(at, 4 * MIB, MADV_HUGEPAGE);
	memset(at, 4, 4 * MIB);
}

static pthread_barrier_t all_there;

static void *use_stack(void *arg)
{
	volatile char deep[MIB];

	for (size_t i = 0; i < sizeof(deep); i += 1024)
		deep[i] = 5;
	pthread_barrier_wait(&all_there); /* they are */
	pthread_barrier_wait(&all_there); /* and may go */
	return arg;
}

static uint64_t rss(void)
{
	char text[256] = "";
	int fd = open("/proc/self/statm", O_RDONLY);
	unsigned long pages = 0;

	if (read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%*u %lu", &pages) != 1)
		DIE("statm");
	close(fd);
	return pages * 4096;
}

/* FILE MS: a file to make, how long to stay so */
int main(int argc, char **argv)
{
	pthread_t thread[10];

	if (argc < 3)
		return 1;
	seven_half_touched();
	fragment_heap();
	read_file(argv[1]);
	share_memory();
	read_zeros();
	use_huge_pages();
	pthread_barrier_init(&all_there, NULL, 11);
	for (int i = 0; i < 10; i++)
		pthread_create(&thread[i], NULL, use_stack, NULL);
	pthread_barrier_wait(&all_there);
	sleep_ms(atol(argv[2]));
	say("%lu\n", rss());
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < 10; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
