#include "base/file.h"
#include "base/log.h"
#include "gw/report/report_int.h"

#define FALLBACK "verbose"

static int load(void *ctx, struct arena *a, struct str name, struct str *text, struct err *e)
{
	const struct report *r = ctx;

	if (!name.n || name.p[0] == '/' || str_find(name, STR("..")) >= 0)
		return err_set(e, ERR_NOTFOUND, "not the name of a template");
	for (const char *const *dir = r->template_dirs; *dir; dir++) {
		struct str path = str_fmt(a, "%s/%.*s", *dir, STR_ARG(name));

		if (file_read(a, str_z(a, path), TMPL_FILE_MAX, text, e) == 0)
			return 0;
		if (e->code != ERR_NOTFOUND)
			return -1;
	}
	return err_set(e, ERR_NOTFOUND, "there is no template %.*s", STR_ARG(name));
}

/* *out is STR_NONE if there is no such template. */
static int render(struct arena *a, const struct report *r, struct str style, const char *suffix,
		  struct tmpl_value *vars, struct str *out, struct err *e)
{
	struct str name = str_fmt(a, "spamreport-%.*s%s", STR_ARG(style), suffix), text;
	const struct tmpl_source source = { load, (void *)(uintptr_t)r };
	struct tmpl *t;

	*out = STR_NONE;
	if (load((void *)(uintptr_t)r, a, name, &text, e) < 0)
		return e->code == ERR_NOTFOUND ? 0 : -1;
	if (tmpl_parse(a, name, text, &t, e) < 0 ||
	    tmpl_render(a, t, vars, &source, out, NULL, e) < 0)
		return err_wrap(e, "template");
	return 0;
}

static int render_both(struct arena *a, const struct report *r, struct str style,
		       const struct quar_row *rows, size_t n, struct report_mail *m, struct err *e)
{
	struct tmpl_value *vars;

	/* each template gets variables of its own: what one sets, the next does not see */
	if (report_vars(a, r, rows, n, &vars, e) < 0 ||
	    render(a, r, style, ".tt", vars, &m->html, e) < 0 ||
	    report_vars(a, r, rows, n, &vars, e) < 0 ||
	    render(a, r, style, ".plain.tt", vars, &m->plain, e) < 0)
		return -1;
	return 0;
}

int report_spam(struct arena *a, const struct report *r, const struct quar_row *rows, size_t n,
		struct str *out, struct err *e)
{
	struct report_mail m = { .to = rows[0].pmail };

	if (render_both(a, r, r->style, rows, n, &m, e) < 0)
		return -1;
	if (!m.html.p && !m.plain.p) {
		log_warn("there is no template for spam reports of style '%.*s', using " FALLBACK,
			 STR_ARG(r->style));
		if (render_both(a, r, STR(FALLBACK), rows, n, &m, e) < 0)
			return -1;
	}
	if (!m.html.p && !m.plain.p)
		return err_set(e, ERR_NOTFOUND, "there is no template for spam reports");
	*out = report_message(a, r, &m);
	return 0;
}
