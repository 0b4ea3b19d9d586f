/*
 * wire - what the front of the policy daemon and its workers say to each other: frames of records
 * over a socket pair, in the machine's own byte order.
 *
 * A worker has read what strangers sent, so the front takes a record apart as carefully as a
 * stranger's.
 */
#pragma once

#include "base/buf.h"
#include "base/net.h"
#include "gw/policy/decide.h"

enum {
	WIRE_BATCH_MAX = 256, /* records of one frame */
	WIRE_FRAME_MAX = WIRE_BATCH_MAX * (5 * 256 + POLICY_TEXT_MAX + 64),
};

/* Front to worker. `step` says how far the request is: POLICY_NEED_MX is at the beginning. */
struct wire_question {
	uint32_t id;
	enum policy_step step;
	bool header_given;
	struct policy_request request;
	struct str text;
};

/* Worker to front: POLICY_ANSWER, or how far it is now. */
struct wire_answer {
	uint32_t id;
	enum policy_step step;
	struct str text;
};

/* A frame is begun, gets its records, and is ended: then buf_str() is what goes over the wire. */
void wire_begin(struct buf *b, struct arena *a);
void wire_add_question(struct buf *b, const struct wire_question *q);
void wire_add_answer(struct buf *b, const struct wire_answer *w);
void wire_end(struct buf *b);

/*
 * Takes a whole frame from the front of *in: 1 and its records in *frame, 0 if it is not all there
 * yet, -1 if there cannot be such a frame.
 */
int wire_frame(struct str *in, struct str *frame);

/* Takes the next record from a frame; false at its end, or with *broken where it makes no sense. */
bool wire_question(struct str *frame, struct wire_question *out, bool *broken);
bool wire_answer(struct str *frame, struct wire_answer *out, bool *broken);

/* The next frame from a blocking peer; *eof when it has closed between two. */
MUST_CHECK int wire_receive(struct conn *c, struct arena *a, struct str *frame, bool *eof,
			    struct err *e);
