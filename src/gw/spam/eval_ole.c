/* OLEVBMacro: office documents with macros and the like, among the attachments and in zip files. */
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"
#include "gw/spam/ole.h"

enum { COUNT_MAX = 1000, SIZE_MAX_BYTES = 64 << 20 };

/* Patterns of names; the content type, and a script that fetches something. */
enum { RE_SKIP, RE_SKIP_TYPE, RE_ZIP, RE_MACRO, RE_DOCUMENT, RE_DOWNLOAD, SETTABLE };

static const struct {
	const char *key, *otherwise;
} settable[SETTABLE] = {
	[RE_SKIP] = { "olemacro_skip_exts", "(?:dotx|potx|ppsx|pptx|sldx)$" },
	[RE_SKIP_TYPE] = { "olemacro_skip_ctypes", "^text/" },
	[RE_ZIP] = { "olemacro_zips", "zip$" },
	[RE_MACRO] = { "olemacro_macro_exts",
		       "(?:docm|dotm|ppam|potm|ppst|ppsm|pptm|sldm|xlm|xlam|xlsb|xlsm|xltm|xps)$" },
	[RE_DOCUMENT] = { "olemacro_exts", "(?:doc|docx|dot|pot|ppa|pps|ppt|rtf|sldm|xl|xla|xls|"
					   "xlsx|xlt|xltx|xslb)$" },
	[RE_DOWNLOAD] = { "olemacro_download_marker",
			  "cmd(?:\\.exe)? /c ms\\^h\\^ta ht\\^tps?:/\\^/" },
};

enum { RE_NAME, RE_FILENAME, RE_CSV, FIXED };

static const char *const fixed[FIXED] = {
	[RE_NAME] = "(?is)name\\s*=\\s*[\"']?([^\"';]*)",
	[RE_FILENAME] = "(?is)filename\\s*=\\s*[\"']?([^\"';]*)",
	[RE_CSV] = "MSEXCEL\\|.{1,20}Windows\\\\System32\\\\cmd\\.exe",
};

struct ole_conf {
	struct re *re[SETTABLE], *fixed[FIXED];
	struct ole_patterns patterns;
	int64_t parts, zip_members, zip_depth, max_file;
	bool extended, prefer_disposition;
};

struct ole_mail {
	struct ole_facts facts;
	bool csv, renamed, zip_password, download;
};

static void conf_init(struct spam_conf *c, void *conf)
{
	struct ole_conf *o = conf;

	o->parts = 5;
	o->zip_members = 8;
	o->zip_depth = 2;
	o->max_file = 1024000;
	o->prefer_disposition = true;
	for (size_t i = 0; i < SETTABLE; i++)
		eval_patterns(c, &settable[i].otherwise, 1, &o->re[i]);
	eval_patterns(c, fixed, FIXED, o->fixed);
	ole_patterns_init(&o->patterns, c->keep);
}

static enum conf_verdict set_pattern(struct conf_parser *p, struct str value, struct re **re)
{
	struct err e;

	if (value.n == 0)
		return CONF_MISSING;
	if (re_compile_perl(p->conf->keep, value, 0, re, &e) == 0)
		return CONF_OK;
	conf_note(p, "pattern: %s", e.msg);
	return CONF_NOTED;
}

static enum conf_verdict set_number(struct str value, int64_t most, int64_t *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	return str_int(value, 0, most, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct ole_conf *o = conf;

	for (size_t i = 0; i < SETTABLE; i++)
		if (str_eq(key, str_of(settable[i].key)))
			return set_pattern(p, value, &o->re[i]);
	if (str_eq(key, STR("olemacro_num_mime")))
		return set_number(value, COUNT_MAX, &o->parts);
	if (str_eq(key, STR("olemacro_num_zip")))
		return set_number(value, COUNT_MAX, &o->zip_members);
	if (str_eq(key, STR("olemacro_zip_depth")))
		return set_number(value, COUNT_MAX, &o->zip_depth);
	if (str_eq(key, STR("olemacro_max_file")))
		return set_number(value, SIZE_MAX_BYTES, &o->max_file);
	if (str_eq(key, STR("olemacro_extended_scan")))
		return conf_bool(value, &o->extended);
	if (str_eq(key, STR("olemacro_prefer_contentdisposition")))
		return conf_bool(value, &o->prefer_disposition);
	return CONF_UNKNOWN;
}

static bool is(struct eval_run *r, size_t which, struct str s)
{
	const struct ole_conf *o = r->conf;

	return re_match(o->re[which], s) == RE_MATCH;
}

static void check_download(struct eval_run *r, struct str data)
{
	struct ole_mail *mail = r->mail;

	mail->download |= ole_downloads(data) || is(r, RE_DOWNLOAD, data);
}

static bool check_encrypted(struct eval_run *r, struct str data)
{
	struct ole_mail *mail = r->mail;

	return ole_check_encrypted(data, &mail->facts);
}

static bool check_marks(struct eval_run *r, struct str data)
{
	const struct ole_conf *o = r->conf;
	struct ole_mail *mail = r->mail;

	return ole_check_marks(&o->patterns, data, &mail->facts);
}

static bool check_zipped(struct eval_run *r, struct str name, struct str data)
{
	const struct ole_conf *o = r->conf;
	struct ole_mail *mail = r->mail;

	return ole_check_zipped(r->a, &o->patterns, name, data, &mail->facts);
}

static void check_csv(struct eval_run *r, struct str name, struct str data)
{
	const struct ole_conf *o = r->conf;
	struct ole_mail *mail = r->mail;

	if (str_iends(name, STR(".csv")))
		mail->csv |= re_match(o->fixed[RE_CSV], data) == RE_MATCH;
}

static void check_macro(struct eval_run *r, struct str name, struct str data)
{
	check_encrypted(r, data);
	check_zipped(r, name, data);
	check_download(r, data);
}

static void check_document(struct eval_run *r, struct str name, struct str data)
{
	check_encrypted(r, data);
	check_marks(r, data);
	check_zipped(r, name, data);
	check_download(r, data);
}

/* Something else by its name. */
static void check_other(struct eval_run *r, struct str name, struct str data)
{
	struct ole_mail *mail = r->mail;
	bool renamed = ole_is_compound(data);

	renamed |= check_encrypted(r, data);
	renamed |= check_marks(r, data);
	renamed |= check_zipped(r, name, data);
	if (renamed) {
		mail->renamed = true;
		check_download(r, data);
	}
}

static void check_zip(struct eval_run *r, struct str name, struct str data, int64_t depth);

/* False if nothing was to be looked at. */
static bool check_file(struct eval_run *r, struct str name, struct str data, int64_t depth)
{
	const struct ole_conf *o = r->conf;

	if (is(r, RE_ZIP, name)) {
		check_zip(r, name, data, depth);
	} else if (is(r, RE_MACRO, name)) {
		check_macro(r, name, data);
	} else if (is(r, RE_DOCUMENT, name)) {
		check_document(r, name, data);
	} else if (o->extended) {
		check_other(r, name, data);
		check_zip(r, name, data, depth);
	} else {
		return false;
	}
	return true;
}

/* False if it does not count as one that was looked at. */
static bool check_member(struct eval_run *r, const struct zip_member *m, int64_t depth)
{
	const struct ole_conf *o = r->conf;
	struct ole_mail *mail = r->mail;
	bool csv = str_iends(m->name, STR(".csv")), macro;
	struct str data;

	if (is(r, RE_SKIP, m->name))
		return false;
	macro = is(r, RE_MACRO, m->name) && (m->encrypted || !is(r, RE_ZIP, m->name));
	mail->facts.macro |= macro;
	if (m->encrypted) {
		mail->zip_password = true;
		return false;
	}
	if (!csv && !macro && !o->extended && !is(r, RE_ZIP, m->name) &&
	    !is(r, RE_DOCUMENT, m->name))
		return false;
	if (!ole_unpack(r->a, m, &mail->facts, &data))
		return !csv;
	check_csv(r, m->name, data);
	return check_file(r, m->name, data, depth);
}

static void check_zip(struct eval_run *r, struct str name, struct str data, int64_t depth)
{
	const struct ole_conf *o = r->conf;
	struct zip_member *members;
	int64_t looked = 0;
	size_t n;

	if (depth >= o->zip_depth || !data.n || !ole_is_zip(name, data) ||
	    !zip_read(r->a, data, &members, &n))
		return;
	for (size_t i = 0; i < n && looked < o->zip_members; i++)
		looked += check_member(r, &members[i], depth + 1);
}

static struct str captured(const struct re *re, struct str text)
{
	struct re_caps caps;

	if (re_search(re, text, 0, &caps) != RE_MATCH)
		return STR_NONE;
	return str_rtrim(re_group(&caps, text, 1));
}

/* Both headers may name the file; one of them is believed. */
static struct str file_name(struct eval_run *r, struct spam_node *node)
{
	const struct ole_conf *o = r->conf;
	struct str type = spam_field_text(r->m, node, "Content-Type");
	struct str disposition = spam_field_text(r->m, node, "Content-Disposition");
	struct str name = captured(o->fixed[RE_NAME], type);
	struct str file = captured(o->fixed[RE_FILENAME], disposition);

	if (file.n == 0)
		return name;
	return name.n == 0 || o->prefer_disposition || str_ieq(name, file) ? file : name;
}

static bool is_attachment(struct eval_run *r, struct spam_node *node)
{
	return node->part.leaf && !is(r, RE_SKIP_TYPE, node->part.type) &&
	       spam_field_last(node, STR("Content-Type")) &&
	       (str_eq(node->part.encoding, STR("base64")) ||
		str_eq(node->part.encoding, STR("quoted-printable")));
}

static void read_documents(struct eval_run *r)
{
	const struct ole_conf *o = r->conf;
	struct ole_mail *mail = r->mail;
	int64_t looked = 0;

	for (size_t i = 0; i < r->m->parts.n && looked < o->parts; i++) {
		struct spam_node *node = (struct spam_node *)r->m->parts.p[i];
		struct str name, data;

		if (!is_attachment(r, node))
			continue;
		name = file_name(r, node);
		if (name.n == 0 || is(r, RE_SKIP, name))
			continue;
		data = spam_node_decoded(r->m, node);
		if (o->max_file)
			data = str_sub(data, 0, (size_t)o->max_file);
		if (data.n == 0)
			continue;
		check_csv(r, name, data);
		mail->facts.macro |= is(r, RE_MACRO, name) && !is(r, RE_ZIP, name);
		looked += check_file(r, name, data, 0);
	}
	for (size_t i = 0; i < mail->facts.n_links; i++)
		spam_add_uri(r->m, mail->facts.links[i]);
}

#define FACT_EVAL(function, fact)                                                                  \
	static unsigned function(struct eval_run *r, const struct eval_args *args)                 \
	{                                                                                          \
		const struct ole_mail *mail = r->mail;                                             \
                                                                                                   \
		(void)args;                                                                        \
		return (fact) ? 1 : 0;                                                             \
	}

FACT_EVAL(csv, mail->csv)
FACT_EVAL(download_exe, mail->download)
FACT_EVAL(encrypted, mail->facts.encrypted)
FACT_EVAL(macro, mail->facts.macro)
FACT_EVAL(malice, mail->facts.malice)
FACT_EVAL(mhtml_uri, mail->facts.mhtml)
FACT_EVAL(object, mail->facts.object)
FACT_EVAL(redirect_uri, mail->facts.n_links)
FACT_EVAL(renamed, mail->renamed)
FACT_EVAL(rtf_object, mail->facts.rtf_object)
FACT_EVAL(zip_password, mail->zip_password)

static const struct eval evals[] = {
	{ .name = "check_olemacro", .call = macro },
	{ .name = "check_olemacro_csv", .call = csv },
	{ .name = "check_olemacro_download_exe", .call = download_exe },
	{ .name = "check_olemacro_encrypted", .call = encrypted },
	{ .name = "check_olemacro_malice", .call = malice },
	{ .name = "check_olemacro_mhtml_uri", .call = mhtml_uri },
	{ .name = "check_olemacro_redirect_uri", .call = redirect_uri },
	{ .name = "check_olemacro_renamed", .call = renamed },
	{ .name = "check_olemacro_zip_password", .call = zip_password },
	{ .name = "check_oleobject", .call = object },
	{ .name = "check_olertfobject", .call = rtf_object },
	{ 0 },
};

const struct eval_family eval_ole = {
	.plugin = "OLEVBMacro",
	.evals = evals,
	.conf_size = sizeof(struct ole_conf),
	.mail_size = sizeof(struct ole_mail),
	.conf_init = conf_init,
	.setting = setting,
	.read = read_documents,
};
