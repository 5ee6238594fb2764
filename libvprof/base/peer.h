/* Addresses of sockets in words: "10.0.0.7:5432", "[fe80:0:0:0:0:0:0:1]:80", "/run/log". */
#ifndef VP_BASE_PEER_H
#define VP_BASE_PEER_H

#include "base/fmt.h"

/* Of a struct sockaddr; nothing of a family that is not known. */
void vp_peer_text(struct vp_text *text, const void *address, size_t bytes);
/* As the kernel writes them in /proc/net/tcp, "0100007F:0050"; nothing where there is none. */
void vp_peer_of_hex(struct vp_text *text, const char *hex);

#endif
