#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/cfg/cfg.h"

static struct arena *a;
static char dir[] = "/tmp/pmg-cfg-test.XXXXXX";

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	return mkdtemp(dir) ? 0 : -1;
}

static const char *in_dir(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", dir, name));
}

static int close_arena(void **state)
{
	(void)state;
	unlink(in_dir("pmg.conf"));
	unlink(in_dir("resolv.conf"));
	rmdir(dir);
	arena_close(a);
	return 0;
}

static void put(const char *name, struct str content)
{
	const struct file_attr attr = { 0644, (uid_t)-1, (gid_t)-1 };
	struct err e;

	if (file_replace(in_dir(name), content, &attr, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct cfg *load(void)
{
	const struct cfg_env env = { dir, "Gate1.ignored.example", in_dir("resolv.conf"), 2000 };
	struct cfg *c;
	struct err e;

	if (cfg_load(a, &env, &c, &e) < 0)
		fail_msg("%s", e.msg);
	return c;
}

static void assert_text(struct str got, const char *want)
{
	assert_string_equal(str_z(a, got), want);
}

static void test_missing_file_gives_defaults(void **state)
{
	struct cfg *c;

	(void)state;
	unlink(in_dir("pmg.conf"));
	c = load();
	assert_int_equal(c->problems.list.n, 0);
	assert_int_equal(c->mail.maxsize, 10485760);
	assert_true(c->admin.clamav);
	assert_true(c->spam.use_bayes && c->spam.use_awl && c->admin.advfilter);
	assert_text(c->admin.email, "admin@domain.tld");
	assert_text(c->admin.admin_mail_from, "Proxmox Mail Gateway <postmaster>");
	assert_int_equal(c->mail.verifyreceivers, VERIFY_OFF);
	assert_int_equal(c->spamquar.reportstyle, REPORT_VERBOSE);
	assert_int_equal(c->virusquar.viewimages, IMAGES_YES);
	assert_int_equal(c->spamquar.protocol, QUAR_HTTPS);
	assert_int_equal(c->admin.dkim_use_domain, DKIM_DOMAIN_ENVELOPE);
	assert_null(c->mail.relay.p);
	assert_text(c->digest, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_false(cfg_given(c, "mail", "maxsize"));
}

static void test_values_and_problems(void **state)
{
	static const char *const want[] = {
		"pmg.conf:3: section mail, setting maxsice, value '5': there is no such setting",
		"pmg.conf:4: section mail, setting tls, value 'maybe': must be 0 or 1",
		"pmg.conf:7: section mail, setting maxsize, value '9': given twice",
		"pmg.conf:9: there is no section 'section: mial'",
	};
	struct cfg *c;

	(void)state;
	put("pmg.conf", STR("section: mail\n"
			    "\tmaxsize 2048\n"
			    "\tmaxsice 5\n"
			    "\ttls maybe\n"
			    "\tfilter-timeout 30\n"
			    "\tverifyreceivers 550\n"
			    "\tmaxsize 9\n"
			    "\n"
			    "section: mial\n"
			    "\ttls 1\n"
			    "\n"
			    "section: spamquar\n"
			    "\tviewimages on-demand\n"));
	c = load();
	assert_int_equal(c->mail.maxsize, 2048);
	assert_int_equal(c->mail.filter_timeout, 30);
	assert_int_equal(c->mail.verifyreceivers, VERIFY_550);
	assert_int_equal(c->spamquar.viewimages, IMAGES_ON_DEMAND);
	assert_false(c->mail.tls);
	assert_true(cfg_given(c, "mail", "maxsize"));
	assert_false(cfg_given(c, "mail", "tls"));
	assert_int_equal(c->problems.list.n, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct str text = cfg_problem_text(a, &c->problems.list.p[i]);

		assert_true(str_starts(text, str_of(dir)));
		assert_text(str_from(text, strlen(dir) + 1), want[i]);
	}
}

static void test_ports_must_differ(void **state)
{
	struct cfg *c;

	(void)state;
	put("pmg.conf", STR("section: mail\n\text_port 26\n"));
	c = load();
	assert_int_equal(c->problems.list.n, 1);
	assert_true(str_ends(cfg_problem_text(a, &c->problems.list.p[0]),
			     STR("pmg.conf: section mail, setting ext_port: must be a different "
				 "number than int_port")));
	put("pmg.conf", STR("section: mail\n\text_port 10025\n\tint_port 8006\n"));
	c = load();
	assert_int_equal(c->problems.list.n, 2);
	assert_true(str_ends(cfg_problem_text(a, &c->problems.list.p[0]),
			     STR("setting int_port: port 8006 is used by pmgproxy")));
	assert_true(str_ends(cfg_problem_text(a, &c->problems.list.p[1]),
			     STR("setting ext_port: port 10025 is used by Postfix, for mail that "
				 "comes back from the filter")));
}

static void test_idle_settings(void **state)
{
	(void)state;
	unlink(in_dir("pmg.conf"));
	assert_null(cfg_idle(a, load()).p);
	put("pmg.conf", STR("section: mail\n\tgreylist 1\n\ttls 1\n\n"
			    "section: clamav\n\tsafebrowsing 1\n"));
	assert_text(cfg_idle(a, load()), "clamav.safebrowsing");
}

static void test_file_too_large(void **state)
{
	const struct cfg_env env = { dir, "gw", in_dir("resolv.conf"), 2000 };
	struct cfg *c;
	struct err e;

	(void)state;
	put("pmg.conf", (struct str){ arena_alloc(a, CFG_FILE_MAX + 1), CFG_FILE_MAX + 1 });
	assert_int_equal(cfg_load(a, &env, &c, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

/* config.md section 2, worked by hand; 2000 MiB gives what the manual prints for smtpd. */
static void test_process_formulas(void **state)
{
	(void)state;
	assert_int_equal(cfg_default_filters(256), 3);	  /* base 512: no more than 5 - 2 */
	assert_int_equal(cfg_default_filters(2000), 8);	  /* base 1250: 750/150 = 5 */
	assert_int_equal(cfg_default_filters(3839), 12);  /* base 2399: 1440/150 = 9 */
	assert_int_equal(cfg_default_filters(3840), 11);  /* base 2560: 1280/150 = 8 */
	assert_int_equal(cfg_default_filters(16384), 38); /* capped */
	assert_int_equal(cfg_default_smtpd(512), 25);
	assert_int_equal(cfg_default_smtpd(2000), 99);
	assert_int_equal(cfg_default_smtpd(100000), 100);
	assert_int_equal(cfg_default_policy(499), 2);
	assert_int_equal(cfg_default_policy(500), 5);
}

static void test_names_of_the_machine(void **state)
{
	(void)state;
	unlink(in_dir("pmg.conf"));
	unlink(in_dir("resolv.conf"));
	assert_text(load()->dns.fqdn, "gate1.localdomain");
	put("resolv.conf", STR("nameserver 192.0.2.53\n# search no.example\n"
			       "domain a.example\nsearch Mail.Example. other.example\n"));
	assert_text(load()->dns.hostname, "gate1");
	assert_text(load()->dns.domain, "mail.example");
	put("resolv.conf", STR("search in_valid $(x)\n"));
	assert_text(load()->dns.domain, "localdomain");
}

/* The contract: exactly these keys, with these types, limits and defaults. */

static const char *limit_text(int64_t v)
{
	return v >= PROP_N ? "N" : str_z(a, str_fmt(a, "%lld", (long long)v));
}

static struct str row_text(const char *section, const struct prop *p)
{
	const char *type, *lo = "-", *hi = "-", *def = p->def && p->def[0] ? p->def : "-";

	if (p->type == PROP_BOOL) {
		type = "boolean";
	} else if (p->type == PROP_ENUM) {
		type = str_z(a, str_fmt(a, "enum:%s", p->values));
	} else if (p->type == PROP_INT) {
		type = "integer";
		lo = str_z(a, str_fmt(a, "%lld", (long long)p->min));
		hi = limit_text(p->max);
	} else {
		type = "string";
	}
	if (p->flags & PROP_COMPUTED)
		def = "(memory)";
	return str_fmt(a, "%s\t%s\t%s\t%s\t%s\t%s", section, p->name, type, lo, hi, def);
}

static bool in_lines(struct str text, struct str wanted)
{
	struct str line;

	while (str_line(&text, &line))
		if (str_eq(line, wanted))
			return true;
	return false;
}

/* Where the contract has a length it is ours; where it has none, ours is a limit on input. */
static struct str without_length(struct str line)
{
	struct str rest = line, field[6];
	int64_t longest;

	for (size_t i = 0; i < ARRAY_LEN(field); i++)
		field[i] = str_cut(&rest, '\t');
	if (!str_eq(field[2], STR("string")))
		return line;
	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		if (str_eq(field[0], str_of(s->name)) && str_int(field[4], 0, INT64_MAX, &longest))
			assert_int_equal(prop_find(s->props, field[1])->max, longest);
	return str_fmt(a, "%.*s\t%.*s\tstring\t-\t-\t%.*s", STR_ARG(field[0]), STR_ARG(field[1]),
		       STR_ARG(field[5]));
}

static void test_contract(void **state)
{
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str text, line, contract = STR_NONE;
	size_t rows = 0, listed = 0;
	struct err e;

	(void)state;
	assert_non_null(root);
	if (file_read(a, str_z(a, str_fmt(a, "%s/tests/contract/pmg.conf.keys", root)), 65536,
		      &text, &e) < 0)
		fail_msg("%s", e.msg);
	while (str_line(&text, &line)) {
		if (line.p[0] == '#')
			continue;
		contract =
			str_fmt(a, "%.*s%.*s\n", STR_ARG(contract), STR_ARG(without_length(line)));
		listed++;
	}
	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		for (const struct prop *p = s->props; p->type != PROP_END; p++, rows++)
			if (!in_lines(contract, row_text(s->name, p)))
				fail_msg("not in the contract: %s", str_z(a, row_text(s->name, p)));
	assert_int_equal(rows, listed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_file_gives_defaults),
		cmocka_unit_test(test_values_and_problems),
		cmocka_unit_test(test_ports_must_differ),
		cmocka_unit_test(test_idle_settings),
		cmocka_unit_test(test_file_too_large),
		cmocka_unit_test(test_process_formulas),
		cmocka_unit_test(test_names_of_the_machine),
		cmocka_unit_test(test_contract),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
