/* What of a program's arguments is a secret: rows that must be masked, and rows of the same
 * looks that must not. */
#include "base/fmt.h"
#include "base/secret_names.h"
#include "base/secrets.h"
#include "check_main.h"

#include <string.h>

#define MOST 512u

/* Blanks part the arguments, a '|' stands for one inside of an argument. */
static const char *mask(const char *command)
{
	static char out[MOST];
	char words[MOST];
	struct vp_text text;
	size_t len = strlen(command);

	ck_assert_uint_lt(len, MOST);
	memcpy(words, command, len + 1);
	for (size_t i = 0; i < len; i++)
		words[i] = words[i] == ' ' ? '\0' : words[i] == '|' ? ' ' : words[i];
	vp_text_init(&text, out, sizeof(out));
	vp_secrets_mask(&text, words, len);
	return out;
}

static const struct {
	const char *command, *masked;
} secrets[] = {
    {"app --password=hunter2", "app --password=***"},
    {"app --password hunter2 --port 80", "app --password *** --port 80"},
    {"app -password hunter2", "app -password ***"},
    {"app --db-password-prod=a,b;c", "app --db-password-prod=***"},
    {"app --dbPassword=x", "app --dbPassword=***"},
    {"java -Djavax.net.ssl.keyStorePassword=changeit", "java -Djavax.net.ssl.keyStorePassword=***"},
    {"app --api-key=abc", "app --api-key=***"},
    {"app --apikey abc", "app --apikey ***"},
    {"app --api_secret abc", "app --api_secret ***"},
    {"app --key=abcdef", "app --key=***"},
    {"app --token=abc", "app --token=***"},
    {"app --auth-token abc", "app --auth-token ***"},
    {"app --accessToken=abc", "app --accessToken=***"},
    {"app --passphrase=a|b|c", "app --passphrase=***"},
    {"env PGPASSWORD=x psql", "env PGPASSWORD=*** psql"},
    {"env MYSQL_PWD=x mysql", "env MYSQL_PWD=*** mysql"},
    {"env AWS_SECRET_ACCESS_KEY=x aws", "env AWS_SECRET_ACCESS_KEY=*** aws"},
    {"docker run -e DB_PASS=x image", "docker run -e DB_PASS=*** image"},
    {"redis-server --requirepass foo --port 7000", "redis-server --requirepass *** --port 7000"},
    {"/usr/bin/redis-cli -a foo ping", "/usr/bin/redis-cli -a *** ping"},
    {"mysql -u root -pfoo test", "mysql -u root -p*** test"},
    {"sshpass -p foo ssh host", "sshpass -p *** ssh host"},
    {"curl -u me:foo https://h/", "curl -u me:*** https://h/"},
    {"curl --user=me:foo https://h/", "curl --user=me:*** https://h/"},
    {"curl -H Authorization:|Bearer|abc.def https://h/", "curl -H Authorization: *** https://h/"},
    {"curl -H X-Api-Key:|abc https://h/", "curl -H X-Api-Key: *** https://h/"},
    {"curl -H Cookie:|sid=1 https://h/", "curl -H Cookie: *** https://h/"},
    {"psql postgres://me:foo@db/orders?sslmode=off",
     "psql postgres://me:***@db/orders?sslmode=off"},
    {"app --url=amqp://me:f@o@mq:5672/", "app --url=amqp://me:***@mq:5672/"},
    {"git clone https://ghp_0123456789abcdefghij0123456789abcdef@github.com/a/b",
     "git clone https://***@github.com/a/b"},
    {"curl https://h/v1?symbol=BTC&api_key=abc&x=1",
     "curl https://h/v1?symbol=BTC&api_key=***&x=1"},
    {"curl https://h/blob?sv=2020&sig=abc%2F", "curl https://h/blob?sv=2020&sig=***"},
    {"psql host=db|password=foo|user=me", "psql host=db password=*** user=me"},
    {"app --set Server=db;Uid=me;Pwd=x;Password=foo;",
     "app --set Server=db;Uid=me;Pwd=***;Password=***;"},
    {"app {\"user\":\"me\",\"password\":\"foo\"}", "app {\"user\":\"me\",\"password\":\"***\"}"},
    {"aws AKIAIOSFODNN7EXAMPLE", "aws ***"},
    {"app wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "app ***"},
    {"app sk_live_4eC39HqLyjWDarjtT1zdp7dc", "app ***"},
    {"app eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", "app ***"},
    {"app 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "app ***"},
    {"app vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "app ***"},
    {"app --x=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zv", "app --x=***"},
    {"openssl rsa -passin pass:foo -in k.pem", "openssl rsa -passin pass:*** -in k.pem"},
    {"app --private-key -----BEGIN|PRIVATE|KEY-----", "app --private-key ***"},
    {"app --wallet-key 5Kb8kLf9zg", "app --wallet-key ***"},
};

static const char *const plain[] = {
    "app",
    "app --symbol SOL/USDT --port 8080",
    "app --password-file=/run/secrets/pw",
    "app --token-file /run/secrets/token",
    "app --no-password --user me",
    "psql --host db --username me --no-password",
    "app --password-stdin",
    "app --max-tokens=512 --temperature 0.7",
    "app --tokenizer=bpe --token-bucket=5",
    "ffmpeg -i in.mkv -pass 1 out.mkv",
    "app --passes=3 --bypass=on --compass",
    "app --passive --passthrough=eth0",
    "app --author=Doe --authority=ca",
    "app --auth=none",
    "app --auth-type=basic --auth-url=https://h/login",
    "sort --key=2,3 file",
    "sort -k 2,2nr file",
    "app --sort-key=name --primary-key=id",
    "app --public-key=abcdefgh",
    "app --partition-key user_id",
    "nginx --ssl-key=/etc/ssl/server.key",
    "app --tls-key server.key --tls-cert server.crt",
    "app --key-size=4096 --keyspace=orders",
    "app --keyboard=us --monkey=1 --hotkeys",
    "app --secret-name=prod/db",
    "app --secretary=me",
    "mysqld --port=3306 -p 3307",
    "docker run -p 8080:80 image",
    "curl -s https://h:8443/v1?symbol=BTC&limit=5",
    "curl -H Content-Type:|application/json https://h/",
    "ssh me@host uptime",
    "git clone git@github.com:a/b.git",
    "git clone https://me@github.com/a/b",
    "app /usr/lib/x86_64-linux-gnu/libFoo2Bar3BazQux4.so.1.2.3",
    "app /nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-glibc/lib",
    "app 123e4567-e89b-12d3-a456-426614174000",
    "app 2026-11-30T04:30:00.123456789Z",
    "app MarketDataSnapshotFullRefreshHandler2",
    "app --class=com.example.trading.OrderBookSnapshotListenerV2Impl",
    "app _ZN4book5OrderC2EmdRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
    "gcc -O2 -DNDEBUG -Wl,-z,now -I../include -o build/x86_64/app main.c",
    "python3 -m http.server --bind 127.0.0.1 8000",
    "java -Xmx4096m -XX:+UseG1GC -jar server-2.17.1-SNAPSHOT.jar",
    "app BTCUSDT20241227FUTURESCONTRACTLONG",
    "app 0123456789012345678901234567890123456789",
    "app --seed=42 --session main --sign=+",
};

START_TEST(secrets_are_masked)
{
	ck_assert_str_eq(mask(secrets[_i].command), secrets[_i].masked);
}
END_TEST

START_TEST(what_is_none_is_shown)
{
	char want[MOST];
	size_t len = strlen(plain[_i]);

	for (size_t i = 0; i <= len; i++)
		want[i] = plain[_i][i] == '|' ? ' ' : plain[_i][i];
	ck_assert_str_eq(mask(plain[_i]), want);
}
END_TEST

/* An argument may be cut anywhere, at the end of what is recorded. */
START_TEST(cut_lines_are_read_to_their_end)
{
	char words[MOST];

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		size_t len = strlen(secrets[i].command);

		for (size_t cut = 0; cut <= len; cut++) {
			memcpy(words, secrets[i].command, cut);
			words[cut] = '\0';
			ck_assert_uint_lt(strlen(mask(words)), MOST);
		}
	}
}
END_TEST

START_TEST(names_of_secrets)
{
	static const struct {
		const char *name;
		enum vp_secret_name is;
	} names[] = {
	    {"--password2", VP_NAME_SECRET},
	    {"clientSecret", VP_NAME_SECRET},
	    {"x-api-key", VP_NAME_SECRET},
	    {"key", VP_NAME_DOUBTFUL},
	    {"PWD", VP_NAME_DOUBTFUL},
	    {"sort_key", VP_NAME_PLAIN},
	    {"token_ttl", VP_NAME_PLAIN},
	    {"", VP_NAME_PLAIN},
	    {"--", VP_NAME_PLAIN},
	    {"a_very_long_name_of_a_thing_with_a_password", VP_NAME_SECRET},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(vp_secret_name(names[i].name, strlen(names[i].name)) == names[i].is,
			      "%s", names[i].name);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
_Static_assert(COUNT(secrets) >= 40 && COUNT(plain) >= 40, "tables of forty");

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, secrets_are_masked, 0, COUNT(secrets));
	tcase_add_loop_test(tests, what_is_none_is_shown, 0, COUNT(plain));
	tcase_add_test(tests, cut_lines_are_read_to_their_end);
	tcase_add_test(tests, names_of_secrets);
}

int main(void)
{
	return check_main("vp_secrets", cases);
}
