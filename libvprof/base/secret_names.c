#include "base/secret_names.h"

#include <string.h>

#define WORD_BYTES 24u

/* Words are listed between blanks. */
static int is_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; len && (at = strstr(at, word)) != NULL; at++)
		if (at > list && at[-1] == ' ' && at[len] == ' ')
			return 1;
	return 0;
}

static int ends_in(const char *word, const char *end)
{
	size_t len = strlen(word), tail = strlen(end);

	return len >= tail && strcmp(word + len - tail, end) == 0;
}

/* Wherever in the name they stand. */
static const char always[] =
    " secret secrets apikey accesskey secretkey privatekey authkey credential credentials "
    "requirepass masterauth userpass dbpass rootpass storepass keypass sshpass pgpass mnemonic ";
/* At the end of a name. */
static const char at_end[] = " token pass pw jwt bearer authorization cookie signature sig otp "
			     "totp xauth ";
/* The same, but their values may also be paths and numbers. */
static const char doubtful[] = " auth pwd ";
/* Before "key". */
static const char of_key[] =
    " api access secret private account encryption encrypt auth signing sign master shared client "
    "app application consumer admin root license service storage subscription deploy session hmac "
    "aes ssh wallet exchange trading trade broker webhook ";
static const char of_plain_key[] =
    " sort partition primary foreign public group join shard row column cache index order "
    "dictionary map hot host known registry routing dedup lookup message object ";
/* A name that ends so is about a secret, and holds none. */
static const char about[] =
    " file files path dir directory env stdin prompt name names len length size bits min max count "
    "limit ttl timeout expiry expires expiration age policy type mode format method url uri "
    "endpoint host port id ids version prefix suffix field column bucket rate interval rotation "
    "required enabled disabled provider manager store hint strength algorithm alg fd ring ";

struct words {
	char word[3][WORD_BYTES + 1]; /* the last ones; [0] is the last */
	size_t count;
	int asks;	   /* it begins with "no" or "ask": there is none */
	int always_secret; /* one of all is */
};

static int is_secret_word(const char *word)
{
	return is_in(always, word) || ends_in(word, "password") || ends_in(word, "passwd") ||
	       ends_in(word, "passphrase") || ends_in(word, "passcode") ||
	       ends_in(word, "secret") || ends_in(word, "apikey") ||
	       (ends_in(word, "token") && strlen(word) > 5);
}

static void add(struct words *words, char *word, size_t len)
{
	if (!len)
		return;
	while (len > 1 && word[len - 1] >= '0' && word[len - 1] <= '9')
		len--; /* password2 */
	word[len] = '\0';
	words->asks |= !words->count && is_in(" no ask ", word);
	words->always_secret |= is_secret_word(word);
	memmove(words->word[1], words->word[0], sizeof(words->word[0]) * 2);
	memcpy(words->word[0], word, len + 1);
	words->count++;
}

static int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void split(struct words *words, const char *name, size_t len)
{
	char word[WORD_BYTES + 1];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		int letter = is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		int hump = is_upper(c) && i && name[i - 1] >= 'a' && name[i - 1] <= 'z';

		if (!letter || hump) {
			add(words, word, n);
			n = 0;
		}
		if (letter && n < WORD_BYTES)
			word[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
	}
	add(words, word, n);
}

enum vp_secret_name vp_secret_name(const char *name, size_t len)
{
	struct words words = {0};
	const char *last = words.word[0], *before = words.word[1];

	split(&words, name, len);
	if (!words.count || words.asks || is_in(about, last))
		return VP_NAME_PLAIN;
	if (words.always_secret)
		return VP_NAME_SECRET;
	if (strcmp(last, "key") == 0)
		return is_in(of_key, before)	     ? VP_NAME_SECRET
		       : is_in(of_plain_key, before) ? VP_NAME_PLAIN
						     : VP_NAME_DOUBTFUL;
	if (is_in(doubtful, last))
		return VP_NAME_DOUBTFUL;
	return is_in(at_end, last) ? VP_NAME_SECRET : VP_NAME_PLAIN;
}

static const struct {
	const char *program; /* what its name begins with */
	const char *option;
	enum vp_secret_option kind;
} options[] = {
    {"mysql", "-p", VP_OPTION_ATTACHED},      {"mariadb", "-p", VP_OPTION_ATTACHED},
    {"7z", "-p", VP_OPTION_ATTACHED},	      {"sshpass", "-p", VP_OPTION_VALUE},
    {"redis-cli", "-a", VP_OPTION_VALUE},     {"mongo", "-p", VP_OPTION_VALUE},
    {"ldap", "-w", VP_OPTION_VALUE},	      {"zip", "-P", VP_OPTION_VALUE},
    {"unzip", "-P", VP_OPTION_VALUE},	      {"openssl", "-K", VP_OPTION_VALUE},
    {"openssl", "-k", VP_OPTION_VALUE},	      {"curl", "-u", VP_OPTION_USER},
    {"curl", "--user", VP_OPTION_USER},	      {"curl", "-U", VP_OPTION_USER},
    {"curl", "--proxy-user", VP_OPTION_USER}, {"smbclient", "-U", VP_OPTION_USER},
};

enum vp_secret_option vp_secret_option(const char *program, const char *argument, size_t *bytes)
{
	const char *base = strrchr(program, '/');

	base = base ? base + 1 : program;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		size_t len = strlen(options[i].option);

		if (strncmp(base, options[i].program, strlen(options[i].program)) != 0 ||
		    strncmp(argument, options[i].option, len) != 0)
			continue;
		/* A long option is another where more letters follow. */
		if (len > 2 && argument[len] && argument[len] != '=')
			continue;
		*bytes = len;
		return options[i].kind;
	}
	return VP_OPTION_NONE;
}
