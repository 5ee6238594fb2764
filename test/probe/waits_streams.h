/* Cases of waits_known.c: functions that wait by calls of their own: streams, the resolver,
 * commands; and bare system calls. */
#ifndef WAITS_STREAMS_H
#define WAITS_STREAMS_H

#include "waits_files.h"

#include <aio.h>
#include <linux/futex.h>
#include <resolv.h>
#include <stdlib.h>

AS(size_t, c_fread, "__fread_chk", void *, size_t, size_t, size_t, FILE *);
AS(char *, c_fgets, "__fgets_chk", char *, size_t, int, FILE *);
AS(ssize_t, a_getdelim, "__getdelim", char **, size_t *, int, FILE *);
AS(int, a_getc, "_IO_getc", FILE *);

static char *line;
static size_t line_room;
static FILE *own_stdout, *own_stdin;
static char command[64];

static void set_reader(void)
{
	set_pipe();
	CHECK((stream = fdopen(in, "r")));
	own_stdin = stdin;
}

static void clear_stream(void)
{
	fclose(stream);
	close(out);
	stream = NULL;
	if (own_stdin)
		stdin = own_stdin;
}

static void set_stdin(void)
{
	set_reader();
	stdin = stream;
}

static void set_writer(void)
{
	set_full();
	CHECK((stream = fdopen(out, "w")));
	setvbuf(stream, NULL, _IONBF, 0);
	own_stdout = stdout;
}

static void set_stdout(void)
{
	set_writer();
	stdout = stream;
}

static void set_buffered(void)
{
	set_full();
	CHECK((stream = fdopen(out, "w")));
	own_stdout = stdout;
	CHECK(fwrite("1234567\n", 1, 8, stream) == 8);
}

static void clear_writer(void)
{
	stdout = own_stdout;
	if (stream)
		fclose(stream);
	close(in);
	stream = NULL;
}

static void clear_closed(void)
{
	stream = NULL;
	close(in);
}

/* The resolver's own server: one answer, when it is time. */
static int dns;

static void *resolve(void *arg)
{
	unsigned char packet[512];
	struct sockaddr_in who;
	static const unsigned char address[] = {0xc0, 0x0c, 0, 1, 0,   1, 0, 0,
						0,    0,    0, 4, 127, 0, 0, 9};
	static const unsigned char pointer[] = {0xc0, 0x0c, 0, 12,  0,	 1,   0,   0,
						0,    0,    0, 11,  5,	 'k', 'n', 'o',
						'w',  'n',  3, 'n', 'e', 't', 0};

	for (;;) {
		socklen_t size = sizeof(who);
		ssize_t n =
		    recvfrom(dns, packet, sizeof(packet) - 64, 0, (struct sockaddr *)&who, &size);
		const unsigned char *record = address;
		size_t more = sizeof(address);

		if (n < 17)
			continue;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		if (packet[n - 3] == 12) {
			record = pointer;
			more = sizeof(pointer);
		}
		packet[2] |= 0x80;
		packet[3] = 0x80;
		packet[7] = 1;
		packet[9] = packet[11] = 0;
		memcpy(packet + n, record, more);
		sendto(dns, packet, (size_t)n + more, 0, (struct sockaddr *)&who, size);
	}
	return arg;
}

static void set_resolver(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	pthread_t thread;

	if (dns)
		return;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	dns = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(bind(dns, (struct sockaddr *)&address, size) == 0);
	CHECK(getsockname(dns, (struct sockaddr *)&address, &size) == 0);
	CHECK(res_init() == 0);
	_res.nscount = 1;
	_res.nsaddr_list[0] = address;
	_res.options &= ~(RES_USE_EDNS0 | 0u);
	CHECK(pthread_create(&thread, NULL, resolve, NULL) == 0);
}

#define HOST "known.vprof.test."
static struct addrinfo *addresses;
static struct addrinfo ipv4 = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
static struct sockaddr_in nine = {.sin_family = AF_INET};
static struct hostent host, *hostp;
static char host_text[1024];
static int host_error;

static void set_address(void)
{
	set_resolver();
	nine.sin_addr.s_addr = inet_addr("10.9.8.7");
}

static void clear_addresses(void)
{
	freeaddrinfo(addresses);
}
#define FOUND(call) ((call) ? 0 : -1)

static void set_command(void)
{
	snprintf(command, sizeof(command), "exec sleep 0.01");
}

static void set_popen(void)
{
	CHECK((stream = popen("exec sleep 0.03", "r")));
}

static void clear_popen(void)
{
	stream = NULL;
}

static struct aiocb control;
static const struct aiocb *controls[1] = {&control};

static void set_aio(void)
{
	set_pipe();
	control = (struct aiocb){.aio_fildes = in, .aio_buf = buffer, .aio_nbytes = 8};
	CHECK(aio_read(&control) == 0);
}

static void clear_aio(void)
{
	CHECK(aio_return(&control) == 8);
	close_both();
}

static uint32_t word;

static void feed_futex(void)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void set_futex(void)
{
	word = 0;
}

#define STREAMS                                                                                    \
	X(fread, "fread", 8, 8, set_reader, feed_eight, fread(buffer, 1, eight, stream),           \
	  clear_stream)                                                                            \
	X(c_fread, "fread", 8, 8, set_reader, feed_eight, c_fread(buffer, 99, 1, 8, stream),       \
	  clear_stream)                                                                            \
	X(fgets, "fgets", 0, 0, set_reader, feed_eight,                                            \
	  FOUND(fgets(buffer, (int)eight + 8, stream)), clear_stream)                              \
	X(c_fgets, "fgets", 0, 0, set_reader, feed_eight, FOUND(c_fgets(buffer, 99, 16, stream)),  \
	  clear_stream)                                                                            \
	X(getline, "getdelim", 8, 8, set_reader, feed_eight, getline(&line, &line_room, stream),   \
	  clear_stream)                                                                            \
	X(getdelim, "getdelim", 8, 8, set_reader, feed_eight,                                      \
	  getdelim(&line, &line_room, '\n', stream), clear_stream)                                 \
	X(a_getdelim, "getdelim", 8, 8, set_reader, feed_eight,                                    \
	  a_getdelim(&line, &line_room, '\n', stream), clear_stream)                               \
	X(fgetc, "fgetc", 0, '2', set_reader, feed_eight, fgetc(stream), clear_stream)             \
	X(getc, "fgetc", 0, '2', set_reader, feed_eight, getc(stream), clear_stream)               \
	X(a_getc, "fgetc", 0, '2', set_reader, feed_eight, a_getc(stream), clear_stream)           \
	X(getchar, "fgetc", 0, '2', set_stdin, feed_eight, getchar(), clear_stream)                \
	X(fwrite, "fwrite", 8, 8, set_writer, drain, fwrite("1234567\n", 1, 8, stream),            \
	  clear_writer)                                                                            \
	X(fputs, "fputs", 0, 1, set_writer, drain, fputs("1234567\n", stream), clear_writer)       \
	X(puts, "puts", 0, 8, set_stdout, drain, puts("1234567"), clear_writer)                    \
	X(fputc, "fputc", 0, 'x', set_writer, drain, fputc('x', stream), clear_writer)             \
	X(putc, "fputc", 0, 'x', set_writer, drain, putc('x', stream), clear_writer)               \
	X(putchar, "fputc", 0, 'x', set_stdout, drain, putchar('x'), clear_writer)                 \
	X(printf, "printf", 0, 8, set_stdout, drain, printf("123456%d\n", (int)eight),             \
	  clear_writer)                                                                            \
	X(fprintf, "fprintf", 0, 8, set_writer, drain, fprintf(stream, "123456%d\n", (int)eight),  \
	  clear_writer)                                                                            \
	X(dprintf, "dprintf", 0, 8, set_full, drain, dprintf(out, "123456%d\n", (int)eight),       \
	  close_both)                                                                              \
	X(fflush, "fflush", 0, 0, set_buffered, drain, fflush(stream), clear_writer)               \
	X(fclose, "fclose", 0, 0, set_buffered, drain, fclose(stream), clear_closed)               \
	X(getaddrinfo, "getaddrinfo", 0, 0, set_resolver, NULL,                                    \
	  getaddrinfo(HOST, NULL, &ipv4, &addresses), clear_addresses)                             \
	X(getnameinfo, "getnameinfo", 0, 0, set_address, NULL,                                     \
	  getnameinfo((struct sockaddr *)&nine, sizeof(nine), host_text, 99, NULL, 0,              \
		      NI_NAMEREQD),                                                                \
	  nothing)                                                                                 \
	X(gethostbyname, "gethostbyname", 0, 0, set_resolver, NULL, FOUND(gethostbyname(HOST)),    \
	  nothing)                                                                                 \
	X(gethostbyname2, "gethostbyname2", 0, 0, set_resolver, NULL,                              \
	  FOUND(gethostbyname2(HOST, AF_INET)), nothing)                                           \
	X(gethostbyname_r, "gethostbyname_r", 0, 0, set_resolver, NULL,                            \
	  gethostbyname_r(HOST, &host, host_text, 1024, &hostp, &host_error), nothing)             \
	X(gethostbyname2_r, "gethostbyname2_r", 0, 0, set_resolver, NULL,                          \
	  gethostbyname2_r(HOST, AF_INET, &host, host_text, 1024, &hostp, &host_error), nothing)   \
	X(gethostbyaddr, "gethostbyaddr", 0, 0, set_address, NULL,                                 \
	  FOUND(gethostbyaddr(&nine.sin_addr, 4, AF_INET)), nothing)                               \
	X(gethostbyaddr_r, "gethostbyaddr_r", 0, 0, set_address, NULL,                             \
	  gethostbyaddr_r(&nine.sin_addr, 4, AF_INET, &host, host_text, 1024, &hostp,              \
			  &host_error),                                                            \
	  nothing)                                                                                 \
	X(system, "system", 0, 0, set_command, NULL, system(command), nothing)                     \
	X(pclose, "pclose", 0, 0, set_popen, NULL, pclose(stream), clear_popen)                    \
	X(aio_suspend, "aio_suspend", 0, 0, set_aio, feed_eight, aio_suspend(controls, 1, NULL),   \
	  clear_aio)                                                                               \
	X(s_read, "read", 8, 8, set_pipe, feed_eight, syscall(SYS_read, in, buffer, 8),            \
	  close_both)                                                                              \
	X(s_write, "write", 8, 8, set_full, drain, syscall(SYS_write, out, buffer, 8), close_both) \
	X(s_futex, "futex", 0, 0, set_futex, feed_futex,                                           \
	  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), nothing)                \
	X(s_epoll_wait, "epoll_wait", 0, 1, set_epoll, feed_eight,                                 \
	  syscall(SYS_epoll_wait, other, came, 4, -1), clear_epoll)                                \
	X(s_epoll_pwait2, "epoll_pwait2", 0, 1, set_epoll, feed_eight,                             \
	  syscall(SYS_epoll_pwait2, other, came, 4, NULL, NULL, 0), clear_epoll)                   \
	X(s_nanosleep, "nanosleep", 0, 0, nothing, NULL, syscall(SYS_nanosleep, &span, NULL),      \
	  nothing)

#endif
