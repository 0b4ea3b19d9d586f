#include "gw/rules/testcase.h"

static struct testcase *current;

/* The stand-in for gw/scan. */
int scan_spam(struct scan *s, const struct scan_spam **out, struct err *e)
{
	(void)s;
	if (current->no_spam)
		return err_set(e, ERR_TEMP, "no spam analysis today");
	if (!s->spam)
		current->asked_spam++;
	s->spam = &current->spam;
	*out = s->spam;
	return 0;
}

const struct scan_types *scan_part_types(struct scan *s, const struct mime *part)
{
	struct scan_types *t = &current->types[part->aid - 1];
	const struct mime_reading *r;
	size_t n;

	if (t->next)
		return t;
	r = mime_readings_of(&s->readings, part->aid, &n);
	for (size_t i = 0; i < n; i++) {
		struct scan_types *more = NEW(s->a, struct scan_types);

		*more = (struct scan_types){ .header = r[i].part->header_type, .next = t->next };
		t->next = more;
	}
	return t;
}

int scan_part_archive(struct scan *s, const struct mime *part, const struct scan_archive **out,
		      struct err *e)
{
	static const struct scan_archive nothing;

	if (current->no_archives)
		return err_set(e, ERR_SYS, "no lister today");
	*out = s->virus.n ? &nothing : &current->archives[part->aid - 1];
	if (!s->virus.n)
		s->archives = current->archive_of;
	return 0;
}

static int read_lists(void *arg, struct arena *a, const struct str *pmail, size_t n,
		      struct rules_lists *out, struct err *e)
{
	struct testcase *t = arg;

	(void)a;
	t->asked_lists++;
	if (t->no_lists)
		return err_set(e, ERR_TEMP, "database away");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < t->lists.n; k++)
			if (str_eq(t->lists.p[k].user, pmail[i])) {
				if (t->lists.p[k].white.p)
					out[i].white = t->lists.p[k].white;
				if (t->lists.p[k].black.p)
					out[i].black = t->lists.p[k].black;
			}
	return 0;
}

struct test_type {
	int64_t aid;
	struct str magic, glob;
};

struct test_inside {
	int64_t aid;
	struct str what, text;
};

struct reader {
	struct arena *a;
	struct testcase *t;
	VEC(struct rules_row) rules;
	VEC(struct rules_group_row) groups;
	VEC(struct rules_object_row) objects;
	VEC(struct rules_link_row) links;
	VEC(struct rules_attr_row) object_attrs;
	VEC(struct rules_attr_row) group_attrs;
	VEC(struct rules_attr_row) rule_attrs;
	VEC(struct smtp_rcpt) rcpt;
	VEC(struct scan_hit) hits;
	VEC(struct test_type) types;
	VEC(struct test_inside) inside;
	struct str mail;
	int64_t minutes;
};

static const char *const categories[] = { "from", "to", "when", "what", "action" };

NORETURN static void wrong(struct str line)
{
	fprintf(stderr, "test case: not understood: %.*s\n", STR_ARG(line));
	abort();
}

static int64_t number(struct str s)
{
	int64_t v;

	if (!str_int(s, -1000000, 1000000, &v))
		wrong(s);
	return v;
}

static struct str word(struct str *rest)
{
	struct str w = STR_NONE;

	if (!str_word(rest, &w))
		wrong(*rest);
	*rest = str_ltrim(*rest);
	return w;
}

/* <NL> stands for a line end. */
static struct str unescape(struct arena *a, struct str s)
{
	struct str out = STR(""), rest = s;
	ptrdiff_t at;

	while ((at = str_find(rest, STR("<NL>"))) >= 0) {
		out = str_cat(a, out, str_sub(rest, 0, (size_t)at));
		out = str_cat(a, out, STR("\n"));
		rest = str_from(rest, (size_t)at + 4);
	}
	return str_cat(a, out, rest);
}

static int category(struct str w)
{
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		if (str_eq(w, str_of(categories[i])))
			return (int)i;
	return -1;
}

static void read_rule(struct reader *r, struct str rest)
{
	struct rules_row *row = vec_push(r->a, &r->rules);
	struct str direction;

	row->id = (int64_t)r->rules.n;
	row->priority = number(word(&rest));
	direction = word(&rest);
	row->direction = str_eq(direction, STR("in")) ? RULE_IN
			 : str_eq(direction, STR("out")) ? RULE_OUT
							 : RULE_BOTH;
	row->active = 1;
	if (str_starts(rest, STR("inactive "))) {
		row->active = 0;
		rest = str_from(rest, 9);
	}
	row->name = rest;
}

static void read_mode(struct reader *r, struct str rest)
{
	struct str side = word(&rest), w;

	while (str_word(&rest, &w)) {
		struct rules_attr_row *row = vec_push(r->a, &r->rule_attrs);

		row->owner = (int64_t)r->rules.n;
		row->name = str_fmt(r->a, "%.*s-%.*s", STR_ARG(side), STR_ARG(w));
		row->value = STR("1");
	}
}

static void read_group(struct reader *r, int cat, struct str rest)
{
	struct rules_group_row *row = vec_push(r->a, &r->groups);
	struct rules_link_row *link = vec_push(r->a, &r->links);
	struct str w;

	row->id = (int64_t)r->groups.n;
	row->name = str_fmt(r->a, "Group %zu", r->groups.n);
	row->class = str_of(categories[cat]);
	*link = (struct rules_link_row){ row->id, (int64_t)r->rules.n, cat };
	while (str_word(&rest, &w))
		vec_add(r->a, &r->group_attrs,
			((struct rules_attr_row){ row->id, w, STR("1") }));
}

static void read_rules_line(struct reader *r, struct str line)
{
	struct str rest = line, first = word(&rest);

	if (str_eq(first, STR("rule"))) {
		read_rule(r, rest);
	} else if (str_eq(first, STR("mode"))) {
		read_mode(r, rest);
	} else if (str_eq(first, STR("obj"))) {
		struct rules_object_row *row = vec_push(r->a, &r->objects);

		row->id = (int64_t)r->objects.n;
		row->group = (int64_t)r->groups.n;
		row->otype = number(word(&rest));
		row->value = rest.n ? unescape(r->a, rest) : STR_NONE;
	} else if (str_eq(first, STR("attr"))) {
		struct rules_attr_row *row = vec_push(r->a, &r->object_attrs);

		row->owner = (int64_t)r->objects.n;
		row->name = word(&rest);
		row->value = unescape(r->a, rest);
	} else if (str_eq(first, STR("spare"))) {
		struct rules_group_row *row = vec_push(r->a, &r->groups);

		row->id = (int64_t)r->groups.n;
		row->name = str_fmt(r->a, "Group %zu", r->groups.n);
		row->class = rest;
	} else if (str_eq(first, STR("use"))) {
		struct rules_link_row *link = vec_push(r->a, &r->links);
		int64_t group = number(word(&rest));

		if (category(rest) < 0)
			wrong(line);
		*link = (struct rules_link_row){ group, (int64_t)r->rules.n, category(rest) };
	} else if (category(first) >= 0) {
		read_group(r, category(first), rest);
	} else {
		wrong(line);
	}
}

static void read_profile(struct reader *r, struct str rest)
{
	struct cfg_ldap *ldap = &r->t->ldap;
	struct str name = word(&rest);

	ldap->p = arena_grow(r->a, ldap->p, ldap->n * sizeof(*ldap->p),
			     (ldap->n + 1) * sizeof(*ldap->p));
	ldap->p[ldap->n++] = (struct cfg_ldap_profile){ name, rest.n > 0 };
}

static void read_list(struct reader *r, struct str rest, bool white)
{
	struct test_list *l = vec_push(r->a, &r->t->lists);

	l->user = word(&rest);
	*(white ? &l->white : &l->black) = rest;
}

static void read_hit(struct reader *r, struct str rest)
{
	struct scan_hit *h = vec_push(r->a, &r->hits);

	h->name = word(&rest);
	h->score = strtod(str_z(r->a, word(&rest)), NULL);
	h->description = rest;
}

static void read_type(struct reader *r, struct str rest)
{
	struct test_type *ty = vec_push(r->a, &r->types);

	ty->aid = number(word(&rest));
	ty->magic = word(&rest);
	ty->glob = rest;
}

static void read_inside(struct reader *r, struct str rest)
{
	struct test_inside *in = vec_push(r->a, &r->inside);

	in->aid = number(word(&rest));
	in->what = word(&rest);
	in->text = rest;
}

static void read_person(struct reader *r, struct str rest, bool broken)
{
	struct test_person *p = vec_push(r->a, &r->t->people.list);

	p->profile = word(&rest);
	if (broken)
		return;
	p->account = word(&rest);
	p->addresses = word(&rest);
	p->group = rest;
}

static void read_set(struct testcase *t, struct str name)
{
	if (str_eq(name, STR("hide_received")))
		t->cfg.mail.hide_received = true;
	else if (str_eq(name, STR("no_smtputf8")))
		t->cfg.mail.smtputf8 = false;
	else if (str_istarts(name, STR("from ")))
		t->cfg.admin.admin_mail_from = str_from(name, 5);
	else
		wrong(name);
}

static void read_env_line(struct reader *r, struct str line)
{
	struct testcase *t = r->t;
	struct str rest = line, first = word(&rest);

	if (str_eq(first, STR("from")))
		t->env.sender = rest;
	else if (str_eq(first, STR("to")))
		vec_add(r->a, &r->rcpt, ((struct smtp_rcpt){ .address = rest }));
	else if (str_eq(first, STR("ip")))
		t->env.xforward_addr = rest;
	else if (str_eq(first, STR("out")))
		t->scan.trusted = true;
	else if (str_eq(first, STR("virus")))
		t->scan.virus = rest;
	else if (str_eq(first, STR("broken")))
		t->scan.broken = rest;
	else if (str_eq(first, STR("spam")))
		t->spam.level = number(rest);
	else if (str_eq(first, STR("hit")))
		read_hit(r, rest);
	else if (str_eq(first, STR("nospam")))
		t->no_spam = true;
	else if (str_eq(first, STR("nolists")))
		t->no_lists = true;
	else if (str_eq(first, STR("crlf")))
		t->crlf = true;
	else if (str_eq(first, STR("type")))
		read_type(r, rest);
	else if (str_eq(first, STR("inside")))
		read_inside(r, rest);
	else if (str_eq(first, STR("noarchives")))
		t->no_archives = true;
	else if (str_eq(first, STR("white")) || str_eq(first, STR("black")))
		read_list(r, rest, str_eq(first, STR("white")));
	else if (str_eq(first, STR("ldap")) || str_eq(first, STR("ldapbroken")))
		read_person(r, rest, str_eq(first, STR("ldapbroken")));
	else if (str_eq(first, STR("profile")))
		read_profile(r, rest);
	else if (str_eq(first, STR("time")))
		r->minutes = number(str_cut(&rest, ':')) * 60 + number(rest);
	else if (str_eq(first, STR("set")))
		read_set(t, rest);
	else
		wrong(line);
}

static struct str with_crlf(struct arena *a, struct str text)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			buf_addc(&b, '\r');
		buf_addc(&b, text.p[i]);
	}
	return buf_str(&b);
}

static void finish_tables(struct reader *r)
{
	r->t->tables = (struct rules_tables){
		.rules = r->rules.p, .n_rules = r->rules.n,
		.groups = r->groups.p, .n_groups = r->groups.n,
		.objects = r->objects.p, .n_objects = r->objects.n,
		.links = r->links.p, .n_links = r->links.n,
		.object_attrs = r->object_attrs.p, .n_object_attrs = r->object_attrs.n,
		.group_attrs = r->group_attrs.p, .n_group_attrs = r->group_attrs.n,
		.rule_attrs = r->rule_attrs.p, .n_rule_attrs = r->rule_attrs.n,
	};
}

static void finish_envelope(struct reader *r)
{
	struct testcase *t = r->t;
	struct str *pmail = NEW_N(r->a, struct str, r->rcpt.n);

	for (size_t i = 0; i < r->rcpt.n; i++) {
		size_t k = 0;

		while (!str_eq(r->rcpt.p[k].address, r->rcpt.p[i].address))
			k++;
		r->rcpt.p[i].same_as = k;
		pmail[i] = people_primary(&t->people, r->a, r->rcpt.p[i].address);
	}
	t->env.rcpt = r->rcpt.p;
	t->env.n_rcpt = r->rcpt.n;
	t->mail = (struct rules_mail){
		.scan = &t->scan, .pmail = pmail, .lists = read_lists, .lists_arg = t,
		.people = &t->people,
		.unique = STR("UNIQUE"), .version = STR("5.2/1/abc"),
	};
}

void testcase_set_mail(struct arena *a, struct testcase *t, struct str raw)
{
	struct scan *s = &t->scan;
	struct err e;

	s->raw = raw;
	if (mime_parse(a, raw, NULL, &s->mime, &e) < 0)
		wrong(str_of(e.msg));
	mime_read_again(a, s->mime, NULL, &s->readings);
	s->anomalies = s->mime->mail->anomalies | s->readings.anomalies;
	s->ambiguous = s->anomalies & MIME_AMBIGUOUS || s->readings.cut;
	s->parts = s->mime->mail->parts;
	s->n_parts = s->mime->mail->part_count;
	s->message_id = mime_message_id(a, s->mime);
	t->types = NEW_N(a, struct scan_types, s->n_parts);
	t->archives = NEW_N(a, struct scan_archive, s->n_parts);
	t->archive_of = NEW_N(a, struct scan_archive *, s->n_parts);
	for (uint32_t i = 0; i < s->n_parts; i++) {
		t->types[i].header = s->parts[i]->header_type;
		t->types[i].magic = STR("application/octet-stream");
		t->archive_of[i] = &t->archives[i];
	}
}

static void finish_types(struct reader *r)
{
	struct testcase *t = r->t;

	for (size_t i = 0; i < r->types.n; i++) {
		if (r->types.p[i].aid > t->scan.n_parts)
			wrong(STR("type: no such part"));
		t->types[r->types.p[i].aid - 1].magic = r->types.p[i].magic;
		t->types[r->types.p[i].aid - 1].glob = r->types.p[i].glob;
	}
}

static void finish_archives(struct reader *r)
{
	for (size_t i = 0; i < r->inside.n; i++) {
		const struct test_inside *in = &r->inside.p[i];
		struct scan_archive *archive;

		if (in->aid < 1 || in->aid > r->t->scan.n_parts)
			wrong(STR("inside: no such part"));
		archive = &r->t->archives[in->aid - 1];
		if (!archive->types) {
			archive->types = NEW_N(r->a, struct str, r->inside.n);
			archive->names = NEW_N(r->a, struct str, r->inside.n);
		}
		if (str_eq(in->what, STR("problem")))
			archive->problem = in->text;
		else if (str_eq(in->what, STR("name")))
			archive->names[archive->n_names++] = in->text;
		else
			archive->types[archive->n_types++] = in->text;
	}
}

static void finish_scan(struct reader *r)
{
	struct testcase *t = r->t;
	struct scan *s = &t->scan;

	t->ctx.cfg = &t->cfg;
	s->a = r->a;
	s->ctx = &t->ctx;
	s->env = &t->env;
	s->client_ip = t->env.xforward_addr;
	if (str_istarts(s->client_ip, STR("IPv6:")))
		s->client_ip = str_from(s->client_ip, 5);
	s->now = 1514764800 + r->minutes * 60; /* 2018-01-01, a Monday */
	testcase_set_mail(r->a, t, t->crlf ? with_crlf(r->a, r->mail) : r->mail);
	t->spam.hits = r->hits.p;
	t->spam.n_hits = r->hits.n;
	t->spam.required = 5;
	finish_types(r);
	finish_archives(r);
}

/* Up to the next section; what it is called is in *name. */
static struct str section(struct str *rest, struct str *name)
{
	struct str from = *rest, line;
	const char *end = rest->p;

	*name = STR_NONE;
	while (str_line(rest, &line)) {
		if (line.n > 2 && line.p[0] == '[' && line.p[line.n - 1] == ']' &&
		    ascii_is_alpha(line.p[1])) {
			*name = str_sub(line, 1, line.n - 2);
			break;
		}
		end = rest->n ? rest->p : from.p + from.n;
	}
	return (struct str){ from.p, (size_t)(end - from.p) };
}

static void read_lines(struct reader *r, struct str text,
		       void (*read)(struct reader *r, struct str line))
{
	struct str line;

	while (str_line(&text, &line)) {
		line = str_trim(line);
		if (line.n && line.p[0] != '#')
			read(r, line);
	}
}

/* A mail ends with one line end, however many blank lines follow it in the text. */
static struct str ended(struct arena *a, struct str mail)
{
	while (mail.n && mail.p[mail.n - 1] == '\n')
		mail.n--;
	return str_cat(a, mail, STR("\n"));
}

struct testcase *testcase_read(struct arena *a, struct str text)
{
	struct testcase *t = NEW(a, struct testcase);
	struct reader r = { .a = a, .t = t, .minutes = 12 * 60 };
	struct str name, next;

	t->cfg.admin.email = STR("admin@example.com");
	t->cfg.admin.admin_mail_from = STR("Proxmox Mail Gateway <postmaster>");
	t->cfg.mail.smtputf8 = true;
	t->cfg.dns.hostname = STR("gw");
	t->cfg.dns.domain = STR("example.com");
	t->cfg.dns.fqdn = STR("gw.example.com");
	t->env.sender = STR("");
	section(&text, &name);
	while (name.n) {
		struct str body = section(&text, &next);

		if (str_eq(name, STR("rules")))
			read_lines(&r, body, read_rules_line);
		else if (str_eq(name, STR("env")))
			read_lines(&r, body, read_env_line);
		else if (str_eq(name, STR("mail")))
			r.mail = ended(a, body);
		else if (str_eq(name, STR("outbox")))
			t->expected = body;
		else if (str_eq(name, STR("explain")))
			t->explained = body;
		else if (str_eq(name, STR("lint")))
			t->linted = body;
		else
			wrong(name);
		name = next;
	}
	finish_tables(&r);
	finish_envelope(&r);
	finish_scan(&r);
	return t;
}

void testcase_use(struct testcase *t)
{
	current = t;
}

struct str testcase_run(struct arena *a, struct testcase *t)
{
	struct rules *rules;
	struct plan *plan;
	struct outbox *o;
	struct err e;
	struct buf b;

	testcase_use(t);
	buf_init(&b, a, SIZE_MAX);
	if (rules_build(a, &t->tables, &rules, &e) < 0 ||
	    rules_match(a, rules, &t->mail, &plan, &e) < 0 ||
	    rules_act(a, rules, &t->mail, plan, &o, &e) < 0 ||
	    outbox_print(o, &t->scan, OUTBOX_FOR_TESTS, &b, &e) < 0)
		buf_addf(&b, "ERROR: %s\n", e.msg);
	buf_addf(&b, "ASKED spam %u, lists %u\n", t->asked_spam, t->asked_lists);
	return buf_str(&b);
}

struct str testcase_explain(struct arena *a, struct testcase *t)
{
	struct rules *rules;
	struct err e;
	struct buf b;

	testcase_use(t);
	buf_init(&b, a, SIZE_MAX);
	if (rules_build(a, &t->tables, &rules, &e) < 0)
		buf_addf(&b, "ERROR: %s\n", e.msg);
	else
		rules_explain(a, rules, &t->mail, &b);
	return buf_str(&b);
}

struct str testcase_lint(struct arena *a, struct testcase *t)
{
	struct rules *rules;
	struct err e;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	if (rules_build(a, &t->tables, &rules, &e) < 0)
		buf_addf(&b, "ERROR: %s\n", e.msg);
	else
		buf_addf(&b, "%zu\n", rules_lint(a, rules, t->ldap.n ? &t->ldap : NULL, &b));
	return buf_str(&b);
}
