/* How long the name of a market may be. */
#ifndef APP_SYMBOL_H
#define APP_SYMBOL_H

#define APP_SYMBOL_MAX 16 /* bytes with the NUL */

#endif
