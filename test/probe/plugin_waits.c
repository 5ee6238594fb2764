/* A plugin whose functions wait. */
#include <poll.h>
#include <unistd.h>

long plugin_reads(int fd);
long plugin_polls(int fd);

long plugin_reads(int fd)
{
	char text[8];

	return read(fd, text, sizeof(text)) + 1;
}

long plugin_polls(int fd)
{
	struct pollfd asked = {fd, POLLIN, 0};

	return poll(&asked, 1, -1) + 1;
}
