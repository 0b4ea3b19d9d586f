/* AntiVirus: attachments that are programs, or named as something else than they are said to be. */
#include "gw/spam/ctype.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"

enum { RE_PROGRAM_NAME, RE_PROGRAM_BASE64, RE_PROGRAM_UUENCODED, RES };

static const char *const patterns[RES] = {
	[RE_PROGRAM_NAME] =
		"\\.(?:ade|adp|asx|bas|bat|chm|cmd|com|cpl|crt|dll|exe|hlp|hta|inf|ins|isp|js|jse|"
		"lnk|mda|mdb|mde|mdt|mdw|mdz|msc|msi|msp|mst|nws|ops|pcd|pif|prf|reg|scf|scr\\??|"
		"sct|"
		"shb|shs|shm|swf|url|vb|vbe|vbs|vbx|vxd|wsc|wsf|wsh)$",
	[RE_PROGRAM_BASE64] = "\\ATV[opqr].A..[AB].[AQgw][A-H].A",
	[RE_PROGRAM_UUENCODED] = "(?m)^M35[GHIJK].`..`..*````",
};

/* What the last name of a file may be called, without x- and vnd.: any other type is odd. */
static const struct {
	const char *name, *type;
} expected[] = {
	{ "^(?:txt|[px]?html?|xml)$",
	  "^(?:text/(?:plain|[px]?html?|english|sgml|xml|enriched|richtext)|"
	  "message/external-body)" },
	{ "^(?:jpe?g|tiff?|gif|png)$", "^(?:image/|application/mac-binhex)" },
	{ "^vcf$", "^text/vcard\\z" },
	{ "^(?:bat|com|exe|pif|scr|swf|vbs)$", "^application/" },
	{ "^doc$", "^application/.*word$" },
	{ "^ppt$", "^application/.*(?:powerpoint|ppt)$" },
	{ "^xls$", "^application/.*excel$" },
};

struct antivirus_conf {
	struct re *re[RES], *name[ARRAY_LEN(expected)], *type[ARRAY_LEN(expected)];
};

struct antivirus_mail {
	bool known, program, suspect;
};

static void conf_init(struct spam_conf *c, void *conf)
{
	struct antivirus_conf *v = conf;

	eval_patterns(c, patterns, RES, v->re);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		eval_patterns(c, &expected[i].name, 1, &v->name[i]);
		eval_patterns(c, &expected[i].type, 1, &v->type[i]);
	}
}

static bool is(struct eval_run *r, size_t which, struct str s)
{
	const struct antivirus_conf *v = r->conf;

	return re_match(v->re[which], s) == RE_MATCH;
}

static bool is_program(struct eval_run *r, const struct spam_node *node,
		       const struct spam_ctype *type)
{
	if (is(r, RE_PROGRAM_NAME, type->name))
		return true;
	if (str_find(node->part.encoding, STR("base64")) >= 0 && node->raw.n &&
	    is(r, RE_PROGRAM_BASE64, node->raw))
		return true;
	return str_starts(type->type, STR("text/")) && is(r, RE_PROGRAM_UUENCODED, node->raw);
}

/* "application/vnd.ms-excel" is "application/ms-excel". */
static struct str plain_type(struct arena *a, struct str type)
{
	static const struct str prefixes[] = { STR_INIT("x-"), STR_INIT("vnd.") };
	struct str sub = type, top = str_cut(&sub, '/');

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(sub, prefixes[i]))
			return str_fmt(a, "%.*s/%.*s", STR_ARG(top),
				       STR_ARG(str_from(sub, prefixes[i].n)));
	return type;
}

static bool is_suspect(struct eval_run *r, const struct spam_ctype *type)
{
	const struct antivirus_conf *v = r->conf;
	struct str last = str_from(type->name, (size_t)(str_rchr(type->name, '.') + 1));
	struct str plain = plain_type(r->a, type->type);

	if (type->name.n == 0 || str_eq(type->type, STR("application/octet-stream")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		if (re_match(v->name[i], last) == RE_MATCH &&
		    re_match(v->type[i], plain) != RE_MATCH)
			return true;
	return false;
}

static const struct antivirus_mail *facts(struct eval_run *r)
{
	struct antivirus_mail *mail = r->mail;

	if (mail->known)
		return mail;
	mail->known = true;
	for (size_t i = 0; i < r->m->parts.n; i++) {
		struct spam_node *node = (struct spam_node *)r->m->parts.p[i];
		struct spam_ctype type;

		if (!node->part.leaf)
			continue;
		spam_ctype_parse(r->a, spam_field_text(r->m, node, "Content-Type"), &type);
		type.name = str_lower(r->a, type.name);
		mail->program |= is_program(r, node, &type);
		mail->suspect |= is_suspect(r, &type);
	}
	return mail;
}

static unsigned executable(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return facts(r)->program;
}

static unsigned suspect_name(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return facts(r)->suspect;
}

static const struct eval evals[] = {
	{ .name = "check_microsoft_executable", .call = executable },
	{ .name = "check_suspect_name", .call = suspect_name },
	{ 0 },
};

const struct eval_family eval_antivirus = {
	.plugin = "AntiVirus",
	.evals = evals,
	.conf_size = sizeof(struct antivirus_conf),
	.mail_size = sizeof(struct antivirus_mail),
	.conf_init = conf_init,
};
