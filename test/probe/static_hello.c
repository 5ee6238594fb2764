/* A static program: no preload reaches it. */
#include "probe.h"

int main(void)
{
	free(opaque(malloc(10)));
	say("static\n");
	return 15;
}
