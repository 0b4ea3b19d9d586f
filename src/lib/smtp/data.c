#include "lib/smtp/data.h"

/* Text runs to the next CR, which alone can begin a line end. */
static size_t text(struct smtp_data_in *d, struct str in, void (*emit)(void *, struct str),
		   void *ctx)
{
	ptrdiff_t cr = str_chr(in, '\r');
	size_t n = cr < 0 ? in.n : (size_t)cr;

	if (n)
		emit(ctx, str_sub(in, 0, n));
	d->state = cr < 0 ? SMTP_DATA_TEXT : SMTP_DATA_CR;
	return cr < 0 ? n : n + 1;
}

/* One step from a state that waits for a particular byte; returns the bytes used (0 or 1). */
static size_t step(struct smtp_data_in *d, char c, void (*emit)(void *, struct str), void *ctx)
{
	switch (d->state) {
	case SMTP_DATA_LINE_START:
		d->state = c == '.' ? SMTP_DATA_DOT : SMTP_DATA_TEXT;
		return c == '.';
	case SMTP_DATA_DOT:
		d->state = c == '\r' ? SMTP_DATA_DOT_CR : SMTP_DATA_TEXT;
		return c == '\r';
	case SMTP_DATA_DOT_CR:
		d->state = c == '\n' ? SMTP_DATA_END : SMTP_DATA_CR;
		return c == '\n';
	case SMTP_DATA_CR:
		emit(ctx, c == '\n' ? STR("\n") : STR("\r"));
		if (c != '\r')
			d->state = c == '\n' ? SMTP_DATA_LINE_START : SMTP_DATA_TEXT;
		return c == '\n' || c == '\r';
	default:
		return 0;
	}
}

size_t smtp_data_decode(struct smtp_data_in *d, struct str in, void (*emit)(void *, struct str),
			void *ctx)
{
	size_t at = 0;

	while (at < in.n && d->state != SMTP_DATA_END) {
		if (d->state == SMTP_DATA_TEXT)
			at += text(d, str_from(in, at), emit, ctx);
		else
			at += step(d, in.p[at], emit, ctx);
	}
	return at;
}

static int send_line_part(struct smtp_data_out *d, struct conn *c, struct str part, struct err *e)
{
	if (!d->in_line && part.n && part.p[0] == '.' && conn_write(c, STR("."), e) < 0)
		return -1;
	d->in_line = d->in_line || part.n > 0;
	return conn_write(c, part, e);
}

int smtp_data_send(struct smtp_data_out *d, struct conn *c, struct str piece, struct err *e)
{
	while (piece.n) {
		ptrdiff_t lf = str_chr(piece, '\n');
		size_t n = lf < 0 ? piece.n : (size_t)lf;

		if (send_line_part(d, c, str_sub(piece, 0, n), e) < 0)
			return -1;
		if (lf < 0)
			return 0;
		if (conn_write(c, STR("\r\n"), e) < 0)
			return -1;
		d->in_line = false;
		piece = str_from(piece, n + 1);
	}
	return 0;
}

int smtp_data_finish(struct smtp_data_out *d, struct conn *c, struct err *e)
{
	if (d->in_line && conn_write(c, STR("\r\n"), e) < 0)
		return -1;
	if (conn_write(c, STR(".\r\n"), e) < 0)
		return -1;
	return conn_flush(c, e);
}
