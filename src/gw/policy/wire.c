#include "gw/policy/wire.h"

static void add_bytes(struct buf *b, const void *p, size_t n)
{
	buf_add(b, (struct str){ p, n });
}

static void add_text(struct buf *b, struct str s)
{
	uint16_t n = (uint16_t)s.n;

	ASSERT(s.n <= UINT16_MAX);
	add_bytes(b, &n, sizeof(n));
	buf_add(b, s);
}

void wire_begin(struct buf *b, struct arena *a)
{
	uint32_t length = 0;

	buf_init(b, a, sizeof(length) + WIRE_FRAME_MAX);
	add_bytes(b, &length, sizeof(length));
}

void wire_end(struct buf *b)
{
	uint32_t length = (uint32_t)(b->n - sizeof(length));

	ASSERT(!b->failed);
	memcpy(b->p, &length, sizeof(length));
}

/* In the order in which they are sent. */
static const size_t fields[] = {
	offsetof(struct policy_request, instance),  offsetof(struct policy_request, client),
	offsetof(struct policy_request, helo),      offsetof(struct policy_request, sender),
	offsetof(struct policy_request, recipient),
};

void wire_add_question(struct buf *b, const struct wire_question *q)
{
	const uint8_t head[] = { (uint8_t)q->step, q->header_given };

	add_bytes(b, &q->id, sizeof(q->id));
	add_bytes(b, head, sizeof(head));
	add_bytes(b, &q->request.now, sizeof(q->request.now));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		add_text(b, *(const struct str *)((const char *)&q->request + fields[i]));
	add_text(b, q->text);
}

void wire_add_answer(struct buf *b, const struct wire_answer *w)
{
	const uint8_t step = (uint8_t)w->step;

	add_bytes(b, &w->id, sizeof(w->id));
	add_bytes(b, &step, sizeof(step));
	add_text(b, w->text);
}

static bool take(struct str *in, void *to, size_t n)
{
	if (in->n < n)
		return false;
	memcpy(to, in->p, n);
	*in = str_from(*in, n);
	return true;
}

static bool take_text(struct str *in, struct str *out)
{
	uint16_t n;

	if (!take(in, &n, sizeof(n)) || in->n < n)
		return false;
	*out = str_sub(*in, 0, n);
	*in = str_from(*in, n);
	return true;
}

int wire_frame(struct str *in, struct str *frame)
{
	struct str rest = *in;
	uint32_t length;

	if (!take(&rest, &length, sizeof(length)))
		return 0;
	if (length > WIRE_FRAME_MAX)
		return -1;
	if (rest.n < length)
		return 0;
	*frame = str_sub(rest, 0, length);
	*in = str_from(rest, length);
	return 1;
}

static bool take_question(struct str *frame, struct wire_question *out)
{
	uint8_t head[2];

	if (!take(frame, &out->id, sizeof(out->id)) || !take(frame, head, sizeof(head)) ||
	    head[0] >= POLICY_STEPS || !take(frame, &out->request.now, sizeof(out->request.now)))
		return false;
	out->step = (enum policy_step)head[0];
	out->header_given = head[1];
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!take_text(frame, (struct str *)((char *)&out->request + fields[i])))
			return false;
	return take_text(frame, &out->text);
}

bool wire_question(struct str *frame, struct wire_question *out, bool *broken)
{
	*broken = false;
	if (!frame->n)
		return false;
	*broken = !take_question(frame, out);
	return !*broken;
}

static bool take_answer(struct str *frame, struct wire_answer *out)
{
	uint8_t step;

	if (!take(frame, &out->id, sizeof(out->id)) || !take(frame, &step, sizeof(step)) ||
	    step >= POLICY_STEPS || !take_text(frame, &out->text))
		return false;
	out->step = (enum policy_step)step;
	return out->text.n <= POLICY_TEXT_MAX;
}

bool wire_answer(struct str *frame, struct wire_answer *out, bool *broken)
{
	*broken = false;
	if (!frame->n)
		return false;
	*broken = !take_answer(frame, out);
	return !*broken;
}

int wire_receive(struct conn *c, struct arena *a, struct str *frame, bool *eof, struct err *e)
{
	struct buf b;

	*eof = false;
	buf_init(&b, a, sizeof(uint32_t) + WIRE_FRAME_MAX);
	for (;;) {
		struct str in = buf_str(&b), got;
		int whole = wire_frame(&in, frame);

		if (whole > 0 && in.n == 0)
			return 0;
		if (whole || b.failed)
			return err_set(e, ERR_BUG, "a frame that cannot be");
		if (conn_peek(c, &got, e) < 0)
			return -1;
		if (got.n == 0 && b.n == 0) {
			*eof = true;
			return 0;
		}
		if (got.n == 0)
			return err_set(e, ERR_TEMP, "the front closed inside a frame");
		buf_add(&b, got);
		conn_take(c, got.n);
	}
}
