/* Any text as a line of postscreen's. */
#include <stdint.h>

#include "gw/policy/postscreen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum postscreen_event event = postscreen_event((struct str){ (const char *)data, size });

	ASSERT(event == POSTSCREEN_OTHER || event == POSTSCREEN_RBL ||
	       event == POSTSCREEN_PREGREET);
	return 0;
}
