/* Any lines as settings of ExtractText: what is kept of them can be run as it is. */
#include <stdint.h>

#include "base/log.h"
#include "gw/spam/eval_extract.h"
#include "lib/proc/spawn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 20000 };

static size_t length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void check(const struct extract_conf *x)
{
	ASSERT(x->tools.n <= EXTRACT_TOOLS_MAX && x->uses.n <= EXTRACT_USES_MAX);
	ASSERT(x->seconds >= 0 && x->seconds <= EXTRACT_SECONDS_MAX);
	ASSERT(x->total >= 0 && x->total <= EXTRACT_SECONDS_MAX);
	for (size_t i = 0; i < x->tools.n; i++) {
		const struct extract_tool *tool = &x->tools.p[i];

		ASSERT(tool->argv && tool->argv[0] && tool->argv[0][0] == '/');
		ASSERT(length(tool->argv) <= EXTRACT_ARGS_MAX);
		ASSERT(length(tool->env) <= SPAWN_ENV_MAX);
	}
	for (size_t i = 0; i < x->uses.n; i++)
		ASSERT(x->uses.p[i].re && x->uses.p[i].tool && !x->uses.p[i].tool->missing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 512u << 20);
	struct spam_conf c = { .keep = a, .tmp = a };
	struct conf_parser p = { .conf = &c, .file = STR("fuzz") };
	struct str text = { (const char *)data, size }, value;
	struct extract_conf x = { .parts = 0 };

	if (size > INPUT_MAX)
		return 0;
	log_quiet(true);
	while (str_line(&text, &value)) {
		struct str key;

		if (str_word(&value, &key))
			extract_setting(&p, &x, key, str_trim(value));
		p.line++;
	}
	extract_conf_done(&c, &x);
	check(&x);
	return 0;
}
