/* Is what goes by this name a secret? */
#ifndef VP_BASE_SECRET_NAMES_H
#define VP_BASE_SECRET_NAMES_H

#include <stddef.h>

enum vp_secret_name {
	VP_NAME_PLAIN,
	VP_NAME_DOUBTFUL, /* "key", "auth": it is one unless the value is a path or a number */
	VP_NAME_SECRET
};

/*   name  an option with its dashes, a variable, a header; words of it may be joined by
 *         any of - _ . or by case */
enum vp_secret_name vp_secret_name(const char *name, size_t len);

/* Short options of single programs: the value goes by no name that says what it is. */
enum vp_secret_option {
	VP_OPTION_NONE,
	VP_OPTION_VALUE,    /* all of it is secret, attached or the next argument */
	VP_OPTION_ATTACHED, /* only where it is attached: -pSECRET */
	VP_OPTION_USER	    /* what follows the user: USER:SECRET, USER%SECRET */
};
/*   program  its path
 *   bytes    [out] of the option's name */
enum vp_secret_option vp_secret_option(const char *program, const char *argument, size_t *bytes);

#endif
