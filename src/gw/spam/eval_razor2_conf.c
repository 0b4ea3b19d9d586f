#include "base/file.h"
#include "gw/spam/eval_razor2.h"

enum {
	CONFIG_FILE_MAX = 64 << 10,
	WHITELIST_FILE_MAX = 256 << 10,
	TIMEOUT_MS = 5000,
	REDISCOVERY_S = 2 * 86400,
	CONFIDENCE_MAX = 100,
};

void razor2_conf_init(struct spam_conf *c, void *conf)
{
	struct razor2_settings *s = conf;

	*s = (struct razor2_settings){
		.timeout_ms = TIMEOUT_MS,
		.home = STR(RAZOR2_HOME),
		.discovery = { STR(RAZOR_DISCOVERY), RAZOR_PORT },
		.rediscovery_s = REDISCOVERY_S,
		.relative = true,
		.logic = RAZOR_ANY_UNCONTESTED,
		.whitelist_file = STR("razor-whitelist"),
	};
	razor_whitelist_init(&s->whitelist, c->keep);
}

/* "50", "ac", "ac + 5", "ac-5" */
static bool min_cf(struct arena *a, struct str value, struct razor2_settings *s)
{
	struct str word, text = STR("");
	bool relative, minus;

	while (str_word(&value, &word))
		text = str_cat(a, text, word);
	relative = str_starts(text, STR("ac"));
	text = str_from(text, relative ? 2 : 0);
	if (relative && text.n == 0)
		text = STR("+0");
	minus = str_starts(text, STR("-"));
	if (relative && !minus && !str_starts(text, STR("+")))
		return false;
	text = str_from(text, relative);
	if (!str_int(text, 0, CONFIDENCE_MAX, &s->least))
		return false;
	s->relative = relative;
	s->least = relative && minus ? -s->least : s->least;
	return true;
}

static bool logic_method(struct str value, struct razor2_settings *s)
{
	int64_t n;

	if (!str_int(value, RAZOR_ANY_PART, RAZOR_EVERY_UNCONTESTED, &n))
		return false;
	s->logic = (enum razor_logic)n;
	return true;
}

static bool server(struct arena *keep, struct str value, struct talk_server *out)
{
	if (!talk_server_parse(value, RAZOR_PORT, out))
		return false;
	out->host = str_copy(keep, out->host);
	return true;
}

/* One setting of the agents; false if it means something else here than to them. */
static bool agent_setting(struct conf_parser *p, struct razor2_settings *s, struct str key,
			  struct str value)
{
	struct arena *keep = p->conf->keep;

	if (str_eq(key, STR("min_cf")))
		return min_cf(p->conf->tmp, value, s);
	if (str_eq(key, STR("logic_method")))
		return logic_method(value, s);
	if (str_eq(key, STR("logic_engines")))
		return str_eq(value, STR("any"));
	if (str_eq(key, STR("razordiscovery")))
		return server(keep, value, &s->discovery);
	if (str_eq(key, STR("rediscovery_wait")))
		return str_int(value, 0, INT32_MAX, &s->rediscovery_s);
	if (str_eq(key, STR("razorhome")))
		s->home = str_copy(keep, value);
	else if (str_eq(key, STR("whitelist")))
		s->whitelist_file = str_copy(keep, value);
	else if (str_eq(key, STR("ignorelist")))
		s->whitelist.lists = !str_eq(value, STR("0"));
	else if (str_eq(key, STR("turn_off_discovery")) && !str_eq(value, STR("0")))
		s->discovery.host = STR("");
	return true;
}

static enum conf_verdict config_file(struct conf_parser *p, struct razor2_settings *s,
				     struct str path)
{
	enum conf_verdict verdict = CONF_OK;
	struct str text, line;
	struct err e;

	if (path.n == 0)
		return CONF_MISSING;
	if (file_read(p->conf->tmp, str_z(p->conf->tmp, path), CONFIG_FILE_MAX, &text, &e) < 0) {
		conf_note(p, "razor_config: %s", e.msg);
		return CONF_NOTED;
	}
	while (str_line(&text, &line)) {
		struct str value = line, key = str_trim(str_cut(&value, '='));

		value = str_trim(value);
		if (value.n == 0 || str_starts(key, STR("#")) || agent_setting(p, s, key, value))
			continue;
		conf_note(p,
			  "razor_config: \"%.*s = %.*s\" in %.*s is not understood: its default "
			  "is used",
			  STR_ARG(key), STR_ARG(value), STR_ARG(path));
		verdict = CONF_NOTED;
	}
	return verdict;
}

enum conf_verdict razor2_setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct razor2_settings *s = conf;
	enum conf_verdict v;
	bool on;

	if (str_eq(key, STR("use_razor2"))) {
		v = conf_bool(value, &on);
		if (v == CONF_OK)
			s->off = !on;
		return v;
	}
	if (str_eq(key, STR("razor_timeout")))
		return conf_duration(p, value, &s->timeout_ms) ? CONF_OK : CONF_INVALID;
	if (str_eq(key, STR("razor_config")))
		return config_file(p, s, value);
	if (str_eq(key, STR("razor_home"))) {
		s->home = str_copy(p->conf->keep, value);
		return value.n ? CONF_OK : CONF_MISSING;
	}
	if (str_eq(key, STR("razor_server")))
		return server(p->conf->keep, value, &s->server) ? CONF_OK : CONF_INVALID;
	return CONF_UNKNOWN;
}

static void note(struct spam_conf *c, struct str file, unsigned line, const char *message)
{
	if (c->unknown.n < CONF_NOTES_MAX)
		vec_add(c->keep, &c->unknown,
			((struct spam_note){ .file = file,
					     .line = line,
					     .message = str_copy(c->keep, str_of(message)) }));
}

void razor2_conf_done(struct spam_conf *c, void *conf)
{
	struct razor2_settings *s = conf;
	struct str file = s->whitelist_file, text, line;
	unsigned n = 0;
	struct err e;

	if (s->off || file.n == 0 || !conf_plugin_loaded(c, "Razor2"))
		return;
	if (!str_starts(file, STR("/")))
		file = str_fmt(c->keep, "%.*s/%.*s", STR_ARG(s->home), STR_ARG(file));
	if (file_read(c->tmp, str_z(c->tmp, file), WHITELIST_FILE_MAX, &text, &e) < 0) {
		if (e.code != ERR_NOTFOUND)
			note(c, file, 0, e.msg);
		return;
	}
	while (str_line(&text, &line)) {
		n++;
		if (razor_whitelist_add(&s->whitelist, c->keep, line, &e) < 0)
			note(c, file, n, e.msg);
	}
}
