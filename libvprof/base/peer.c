#include "base/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void hex(struct vp_text *text, unsigned value)
{
	static const char digits[] = "0123456789abcdef";
	int shift = 12;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		vp_text_char(text, digits[value >> shift & 15]);
}

static void four(struct vp_text *text, const uint8_t *byte)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			vp_text_char(text, '.');
		vp_text_u64(text, byte[i]);
	}
}

static void sixteen(struct vp_text *text, const uint8_t *byte)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!memcmp(byte, mapped, sizeof(mapped))) {
		four(text, byte + 12);
		return;
	}
	vp_text_char(text, '[');
	for (int i = 0; i < 16; i += 2) {
		if (i)
			vp_text_char(text, ':');
		hex(text, (unsigned)byte[i] << 8 | byte[i + 1]);
	}
	vp_text_char(text, ']');
}

static void port(struct vp_text *text, unsigned number)
{
	vp_text_char(text, ':');
	vp_text_u64(text, number);
}

void vp_peer_text(struct vp_text *text, const void *address, size_t bytes)
{
	const struct sockaddr_in *in = address;
	const struct sockaddr_in6 *in6 = address;
	const struct sockaddr_un *un = address;
	const size_t head = offsetof(struct sockaddr_un, sun_path);

	if (bytes < sizeof(sa_family_t))
		return;
	if (in->sin_family == AF_INET && bytes >= sizeof(*in)) {
		four(text, (const uint8_t *)&in->sin_addr);
		port(text, ntohs(in->sin_port));
	} else if (in->sin_family == AF_INET6 && bytes >= sizeof(*in6)) {
		sixteen(text, (const uint8_t *)&in6->sin6_addr);
		port(text, ntohs(in6->sin6_port));
	} else if (in->sin_family == AF_UNIX && bytes > head) {
		int is_abstract = un->sun_path[0] == 0;
		size_t room =
		    bytes - head < sizeof(un->sun_path) ? bytes - head : sizeof(un->sun_path);

		if (is_abstract)
			vp_text_char(text, '@');
		vp_text_mem(text, un->sun_path + is_abstract,
			    strnlen(un->sun_path + is_abstract, room - (size_t)is_abstract));
	}
}

/* The kernel writes an address as words of 32 bits, each in the machine's order of bytes. */
void vp_peer_of_hex(struct vp_text *text, const char *from)
{
	uint8_t byte[16];
	size_t n = 0;

	while (n < sizeof(byte) && strnlen(from, 8) == 8 && from[0] != ':') {
		char word[9] = {0};
		const char *at = word;
		uint32_t value;

		memcpy(word, from, 8);
		value = (uint32_t)vp_parse_hex(&at);
		memcpy(byte + n, &value, sizeof(value));
		n += 4;
		from += 8;
	}
	if (*from != ':' || (n != 4 && n != 16))
		return;
	from++;
	if (n == 4)
		four(text, byte);
	else
		sixteen(text, byte);
	port(text, (unsigned)vp_parse_hex(&from));
}
