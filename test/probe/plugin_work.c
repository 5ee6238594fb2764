/* A plugin with one function that allocates; loaded by dlopen_close. */
#include <stdlib.h>

void *plugin_work(int n);
void *plugin_work(int n)
{
	void *last = NULL;

	for (int i = 0; i < n; i++) {
		free(last);
		last = malloc(90);
		__asm__ volatile("" : "+r"(last) : : "memory");
	}
	return last;
}
