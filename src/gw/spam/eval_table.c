#include "gw/spam/eval_table.h"

const struct eval_family *const eval_families[] = {
	&eval_relay,
	NULL,
};
