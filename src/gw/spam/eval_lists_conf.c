/* The directives of WLBLEval. */
#include "gw/spam/eval_lists.h"

enum {
	LIST_WORDS_MAX = 200000, /* entries of all lists together */
};

const char lists_in, lists_out;

void lists_conf_init(struct spam_conf *c, void *conf)
{
	struct lists_conf *l = conf;

	map_init(&l->addrs, c->keep);
	map_init(&l->hosts, c->keep);
	addr_list_init(&l->rcvd, c->keep);
	addr_list_init(&l->def_rcvd, c->keep);
	addr_list_init(&l->relayed, c->keep);
}

static struct addr_list *addrs_named(struct spam_conf *c, struct lists_conf *l, struct str name)
{
	struct addr_list *list = map_get(&l->addrs, name);

	if (!list) {
		list = NEW(c->keep, struct addr_list);
		addr_list_init(list, c->keep);
		map_set(&l->addrs, name, list);
	}
	return list;
}

static struct map *hosts_named(struct spam_conf *c, struct lists_conf *l, struct str name)
{
	struct map *list = map_get(&l->hosts, name);

	if (!list) {
		list = NEW(c->keep, struct map);
		map_init(list, c->keep);
		map_set(&l->hosts, name, list);
	}
	return list;
}

static bool room(struct conf_parser *p, struct lists_conf *l)
{
	if (l->words++ < LIST_WORDS_MAX)
		return true;
	if (l->words == LIST_WORDS_MAX + 1)
		conf_note(p, "more than %d addresses and hosts in lists", LIST_WORDS_MAX);
	return false;
}

static enum conf_verdict add_addrs(struct conf_parser *p, struct lists_conf *l, struct str name,
				   struct str value)
{
	struct addr_list *list = addrs_named(p->conf, l, name);
	struct str word;

	while (str_word(&value, &word))
		if (room(p, l))
			addr_list_add(list, word);
	return CONF_OK;
}

static enum conf_verdict remove_addrs(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	struct addr_list *list = addrs_named(p->conf, l, name);
	struct str word;

	while (str_word(&value, &word))
		addr_list_remove(list, word);
	return CONF_OK;
}

/* `(name) rest` */
static bool take_name(struct str *value, struct str *name)
{
	ptrdiff_t close = str_chr(*value, ')');

	if (!str_starts(*value, STR("(")) || close < 2)
		return false;
	*name = str_sub(*value, 1, (size_t)close - 1);
	*value = str_trim(str_from(*value, (size_t)close + 1));
	return true;
}

static enum conf_verdict enlist_addrs(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	return take_name(&value, &name) && value.n ? add_addrs(p, l, name, value) : CONF_INVALID;
}

static enum conf_verdict add_hosts(struct conf_parser *p, struct lists_conf *l, struct str name,
				   struct str value)
{
	struct map *list = hosts_named(p->conf, l, name);
	struct str word;

	while (str_word(&value, &word)) {
		bool except = str_starts(word, STR("!"));

		word = str_lower(p->conf->tmp, str_from(word, except));
		if (room(p, l))
			map_set(list, word, (void *)(uintptr_t)(except ? &lists_out : &lists_in));
	}
	return CONF_OK;
}

static enum conf_verdict enlist_hosts(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	return take_name(&value, &name) && value.n ? add_hosts(p, l, name, value) : CONF_INVALID;
}

static void forget_hosts(struct conf_parser *p, struct map *list, struct str value)
{
	struct str word;

	while (str_word(&value, &word)) {
		word = str_from(word, str_starts(word, STR("!")));
		word = str_lower(p->conf->tmp, word);
		if (map_get(list, word))
			map_set(list, word, NULL);
	}
}

static enum conf_verdict delist_hosts(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	if (str_starts(value, STR("("))) {
		if (!take_name(&value, &name))
			return CONF_INVALID;
		forget_hosts(p, hosts_named(p->conf, l, name), value);
		return CONF_OK;
	}
	for (size_t i = 0; i < l->hosts.n; i++)
		forget_hosts(p, l->hosts.entries[i].value, value);
	return CONF_OK;
}

/* `[192.0.2.1]`, `[192.0.2.0/24]`, `[192.0.2.0]/24`, `[192.0.2]` */
static struct str network_text(struct arena *a, struct str s)
{
	struct str inside = str_from(s, 1);
	struct str addr = str_cut(&inside, ']');

	return str_cat(a, addr, inside);
}

static enum conf_verdict add_origin(struct conf_parser *p, struct lists_conf *l,
				    struct addr_list *list, struct str value)
{
	struct str addr, from, rest = value;
	struct addr_entry *e;
	struct origin *o;

	if (!str_word(&rest, &addr) || !str_word(&rest, &from) || str_trim(rest).n)
		return CONF_INVALID;
	if (!room(p, l))
		return CONF_NOTED;
	o = NEW(p->conf->keep, struct origin);
	if (str_starts(from, STR("["))) {
		struct spam_networks *n = spam_networks_new(p->conf->keep);

		if (!spam_networks_add(n, network_text(p->conf->tmp, from)))
			return CONF_INVALID;
		o->network = n;
	} else {
		o->domain = str_lower(p->conf->keep, from);
	}
	e = addr_list_add(list, addr);
	o->next = e->value;
	e->value = o;
	return CONF_OK;
}

static enum conf_verdict add_rcvd(struct conf_parser *p, struct lists_conf *l, struct str name,
				  struct str value)
{
	return add_origin(p, l, str_starts(name, STR("def")) ? &l->def_rcvd : &l->rcvd, value);
}

static enum conf_verdict remove_rcvd(struct conf_parser *p, struct lists_conf *l, struct str name,
				     struct str value)
{
	struct str word;

	(void)p;
	(void)name;
	while (str_word(&value, &word)) {
		addr_list_remove(&l->rcvd, word);
		addr_list_remove(&l->def_rcvd, word);
	}
	return CONF_OK;
}

static enum conf_verdict add_relayed(struct conf_parser *p, struct lists_conf *l, struct str name,
				     struct str value)
{
	struct str word;

	(void)name;
	while (str_word(&value, &word))
		if (room(p, l))
			addr_list_add(&l->relayed, word);
	return CONF_OK;
}

/* Words of the names before 4.0 mean the same. */
static const struct {
	const char *key, *name; /* name: of the list */
	enum conf_verdict (*set)(struct conf_parser *p, struct lists_conf *l, struct str name,
				 struct str value);
} settings[] = {
	{ "welcomelist_from", "welcomelist_from", add_addrs },
	{ "unwelcomelist_from", "welcomelist_from", remove_addrs },
	{ "blocklist_from", "blocklist_from", add_addrs },
	{ "unblocklist_from", "blocklist_from", remove_addrs },
	{ "welcomelist_to", "welcomelist_to", add_addrs },
	{ "blocklist_to", "blocklist_to", add_addrs },
	{ "more_spam_to", "more_spam_to", add_addrs },
	{ "all_spam_to", "all_spam_to", add_addrs },
	{ "enlist_addrlist", NULL, enlist_addrs },
	{ "welcomelist_from_rcvd", "rcvd", add_rcvd },
	{ "def_welcomelist_from_rcvd", "def_rcvd", add_rcvd },
	{ "unwelcomelist_from_rcvd", NULL, remove_rcvd },
	{ "welcomelist_allows_relays", NULL, add_relayed },
	{ "welcomelist_uri_host", "WELCOME", add_hosts },
	{ "blocklist_uri_host", "BLOCK", add_hosts },
	{ "enlist_uri_host", NULL, enlist_hosts },
	{ "delist_uri_host", NULL, delist_hosts },
};

enum conf_verdict lists_setting(struct conf_parser *p, void *conf, struct str key, struct str value)
{
	key = eval_current_word(p->conf->tmp, key);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (str_eq(key, str_of(settings[i].key)))
			return value.n ? settings[i].set(p, conf, str_of(settings[i].name), value)
				       : CONF_MISSING;
	return CONF_UNKNOWN;
}
