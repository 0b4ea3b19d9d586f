#include "gw/policy/wire.h"

/* The first byte chooses who reads; what is whole says the same when it is sent again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_answers(struct str frame)
{
	struct wire_answer w;
	bool broken;

	while (wire_answer(&frame, &w, &broken))
		ASSERT(w.step < POLICY_STEPS && w.text.n <= POLICY_TEXT_MAX && !broken);
}

static void read_questions(struct str frame)
{
	struct wire_question q;
	bool broken;

	while (wire_question(&frame, &q, &broken))
		ASSERT(q.step < POLICY_STEPS && !broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, frame;

	if (!size)
		return 0;
	in = str_from(in, 1);
	while (wire_frame(&in, &frame) > 0) {
		if (data[0] & 1)
			read_answers(frame);
		else
			read_questions(frame);
	}
	return 0;
}
