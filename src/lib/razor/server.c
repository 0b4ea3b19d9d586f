#include "base/enc.h"
#include "lib/razor/razor_int.h"

enum { EP4_MAX = 32, SRL_MAX = INT32_MAX };

bool razor_value(struct arena *a, struct str line, const char *key, struct str *out)
{
	bool found = false;

	while (line.n) {
		struct str value = str_cut(&line, '&'), name = str_cut(&value, '=');

		if (!str_eq(name, str_of(key)))
			continue;
		*out = razor_unescaped(a, str_cut(&value, '='), '%');
		found = true;
	}
	return found;
}

/* "C8": up to 8 hex digits. */
static bool bits(struct str s, uint32_t *out)
{
	uint32_t v = 0;

	if (s.n == 0 || s.n > 8)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = enc_hex_digit(s.p[i]);

		if (d < 0)
			return false;
		v = v << 4 | (uint32_t)d;
	}
	*out = v;
	return true;
}

/* Digits and dashes. */
static bool is_ep4(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) && s.p[i] != '-')
			return false;
	return s.n && s.n <= EP4_MAX;
}

struct razor_server razor_server_default(void)
{
	return (struct razor_server){
		.srl = -1,
		.ep4 = STR("7542-10"),
		.engines = 0xc8,
		.batch = 4,
	};
}

void razor_server_set(struct arena *a, struct razor_server *s, struct str key, struct str value)
{
	int64_t n;

	if (str_eq(key, STR("srl")) && str_int(value, -1, SRL_MAX, &n))
		s->srl = n;
	else if (str_eq(key, STR("ep4")) && is_ep4(value))
		s->ep4 = str_copy(a, value);
	else if (str_eq(key, STR("se")))
		bits(value, &s->engines);
	else if (str_eq(key, STR("ac")) && str_int(value, 0, 100, &n))
		s->sure = n;
	else if (str_eq(key, STR("bql")) && str_int(value, 1, INT32_MAX, &n))
		s->batch = n < RAZOR_BATCH_MAX ? n : RAZOR_BATCH_MAX;
}

struct razor_server razor_server_read(struct arena *a, struct str file)
{
	struct razor_server s = razor_server_default();
	struct str line;

	while (str_line(&file, &line)) {
		struct str value = line, key = str_trim(str_cut(&value, '='));

		razor_server_set(a, &s, key, str_trim(value));
	}
	return s;
}

struct str razor_server_write(struct arena *a, const struct razor_server *s)
{
	return str_fmt(a, "srl = %lld\nep4 = %.*s\nse = %X\nac = %lld\nbql = %lld\n",
		       (long long)s->srl, STR_ARG(s->ep4), s->engines, (long long)s->sure,
		       (long long)s->batch);
}
