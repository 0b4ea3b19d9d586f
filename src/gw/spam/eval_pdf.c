/* PDFInfo: what is in the PDFs of a mail. */
#include "gw/spam/eval_number.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"
#include "gw/spam/pdf.h"
#include "gw/spam/ruleset.h"

struct pdf_mail {
	unsigned count;        /* of files that are said to be PDFs */
	VEC(struct str) names; /* of those that are */
	struct pdf_facts facts;
};

static bool may_be_pdf(const struct spam_part *part)
{
	return part->leaf && (str_eq(part->effective, STR("image/pdf")) ||
			      str_eq(part->effective, STR("image/octet-stream")) ||
			      str_eq(part->effective, STR("application/pdf")) ||
			      str_eq(part->effective, STR("application/octet-stream")));
}

static bool says_pdf(const struct spam_part *part)
{
	return str_ends(part->type, STR("/pdf")) || str_iends(part->name, STR(".pdf")) ||
	       str_iends(part->name, STR(".fdf"));
}

static const char *const tags[] = {
	"PDFCOUNT",   "PDFIMGCOUNT", "PDFNAME",  "PDFVERSION", "PDFAUTHOR", "PDFCREATOR",
	"PDFPRODUCER", "PDFTITLE",   "PDFIMGDIM", "PDFIMGAREA", "PDFMD5",   "PDFMD5FUZZY1",
	"PDFMD5FUZZY2", NULL,
};

static void tell(struct eval_run *r)
{
	const struct pdf_mail *mail = r->mail;

	captures_tell(r->captures, "PDFCOUNT", str_fmt(r->a, "%u", mail->count));
	captures_tell(r->captures, "PDFIMGCOUNT", str_fmt(r->a, "%u", mail->facts.images));
	for (size_t i = 0; i < mail->names.n; i++)
		captures_tell(r->captures, "PDFNAME", mail->names.p[i]);
	for (size_t i = 0; i < mail->facts.notes.n; i++)
		captures_tell(r->captures, mail->facts.notes.p[i].tag,
			      mail->facts.notes.p[i].value);
}

/* Before anything is matched, since links in PDFs are links of the mail. */
static void read_pdfs(struct eval_run *r)
{
	struct pdf_mail *mail = r->mail;

	pdf_facts_init(&mail->facts, r->a);
	for (size_t i = 0; i < r->m->parts.n; i++) {
		struct spam_node *node = (struct spam_node *)r->m->parts.p[i];

		if (!may_be_pdf(&node->part) || !says_pdf(&node->part))
			continue;
		mail->count++;
		if (pdf_read(r->a, spam_node_decoded(r->m, node), &mail->facts) &&
		    node->part.name.n)
			vec_add(r->a, &mail->names, node->part.name);
	}
	for (size_t i = 0; i < mail->facts.uris.n; i++)
		spam_add_uri(r->m, mail->facts.uris.p[i]);
	tell(r);
}

static bool in_range(const struct eval_args *args, double value)
{
	return args->n > 0 && value >= eval_number(eval_arg(args, 0)) &&
	       (args->n < 2 || value <= eval_number(eval_arg(args, 1)));
}

static unsigned pdf_count(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	return in_range(args, mail->count);
}

static unsigned image_count(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	return in_range(args, mail->facts.images);
}

static unsigned pixel_coverage(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	return mail->facts.has_area && in_range(args, mail->facts.area);
}

/* Octets of the text that the rule is about, per pixel. */
static unsigned image_to_text_ratio(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;
	struct spam_texts texts;
	double n = 0;

	if (!mail->facts.has_area || args->n < 2)
		return 0;
	texts = args->type == RULE_RAWBODY_EVAL ? spam_rawbody(r->m) : spam_body(r->m);
	for (size_t i = 0; i < texts.n; i++)
		n += (double)texts.v[i].n;
	n /= mail->facts.area;
	return n > 0 && in_range(args, n) && n < eval_number(eval_arg(args, 1));
}

static bool is_blank(struct str s)
{
	return str_trim(s).n == 0;
}

/* No more than so many octets of text besides the PDF. */
static unsigned is_empty_body(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;
	struct spam_texts body = spam_body(r->m);
	double n = 0;

	for (size_t i = 1; i < body.n; i++)
		if (!is_blank(body.v[i]))
			n += (double)body.v[i].n;
	return mail->count > 0 && (n <= eval_number(eval_arg(args, 0)));
}

static unsigned image_size_exact(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	for (size_t i = 0; args->n >= 2 && i < mail->facts.sizes.n; i++)
		if (mail->facts.sizes.p[i].height == eval_number(eval_arg(args, 0)) &&
		    mail->facts.sizes.p[i].width == eval_number(eval_arg(args, 1)))
			return 1;
	return 0;
}

static unsigned image_size_range(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	for (size_t i = 0; args->n >= 2 && i < mail->facts.sizes.n; i++) {
		const struct pdf_size *s = &mail->facts.sizes.p[i];

		if (s->height >= eval_number(eval_arg(args, 0)) &&
		    s->width >= eval_number(eval_arg(args, 1)) &&
		    (args->n < 3 || s->height <= eval_number(eval_arg(args, 2))) &&
		    (args->n < 4 || s->width <= eval_number(eval_arg(args, 3))))
			return 1;
	}
	return 0;
}

static unsigned is_named(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	for (size_t i = 0; args->n && i < mail->names.n; i++)
		if (str_eq(mail->names.p[i], args->v[0]))
			return 1;
	return 0;
}

static bool any_match(const struct re *re, const struct str *v, size_t n)
{
	for (size_t i = 0; re && i < n; i++)
		if (re_match(re, v[i]) == RE_MATCH)
			return true;
	return false;
}

static unsigned name_regex(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	return any_match(args->prepared, mail->names.p, mail->names.n);
}

static unsigned match_details(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;
	enum pdf_property which = pdf_property_named(eval_arg(args, 0));

	return which < PDF_PROPERTIES && any_match(args->prepared, mail->facts.properties[which].p,
						   mail->facts.properties[which].n);
}

static unsigned is_encrypted(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	(void)args;
	return mail->facts.encrypted;
}

/* As it is given, in small letters or capitals. */
static bool has_checksum(struct eval_run *r, const struct map *sums, struct str md5)
{
	char *p = str_z(r->a, md5);

	for (size_t i = 0; i < md5.n; i++)
		if (p[i] >= 'a' && p[i] <= 'f')
			p[i] = (char)(p[i] - 'a' + 'A');
	return map_get(sums, str_of(p)) != NULL;
}

static unsigned match_md5(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	return has_checksum(r, &mail->facts.checksums, eval_arg(args, 0));
}

static unsigned match_fuzzy_md5(struct eval_run *r, const struct eval_args *args)
{
	const struct pdf_mail *mail = r->mail;

	return has_checksum(r, &mail->facts.fuzzy, eval_arg(args, 0));
}

/* A pattern with delimiters or without; the last argument. */
static int prepare_pattern(struct spam_conf *c, struct eval_args *args, size_t i, struct err *e)
{
	struct str pattern = eval_arg(args, i);
	struct re *re;

	if (!pattern.n)
		return 0;
	if (conf_pattern_bare(c, pattern, &re, e) < 0)
		return -1;
	args->prepared = re;
	return 0;
}

static int prepare_name(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return prepare_pattern(c, args, 0, e);
}

static int prepare_detail(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return prepare_pattern(c, args, 1, e);
}

static const struct eval evals[] = {
	{ .name = "pdf_count", .call = pdf_count },
	{ .name = "pdf_image_count", .call = image_count },
	{ .name = "pdf_image_size_exact", .call = image_size_exact },
	{ .name = "pdf_image_size_range", .call = image_size_range },
	{ .name = "pdf_image_to_text_ratio", .call = image_to_text_ratio },
	{ .name = "pdf_is_empty_body", .call = is_empty_body },
	{ .name = "pdf_is_encrypted", .call = is_encrypted },
	{ .name = "pdf_match_details", .call = match_details, .prepare = prepare_detail },
	{ .name = "pdf_match_fuzzy_md5", .call = match_fuzzy_md5 },
	{ .name = "pdf_match_md5", .call = match_md5 },
	{ .name = "pdf_name_regex", .call = name_regex, .prepare = prepare_name },
	{ .name = "pdf_named", .call = is_named },
	{ .name = "pdf_pixel_coverage", .call = pixel_coverage },
	{ 0 },
};

const struct eval_family eval_pdf = {
	.plugin = "PDFInfo",
	.evals = evals,
	.mail_size = sizeof(struct pdf_mail),
	.read = read_pdfs,
	.tags = tags,
};
