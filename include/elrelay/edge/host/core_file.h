#ifndef ELRELAY_EDGE_HOST_CORE_FILE_H
#define ELRELAY_EDGE_HOST_CORE_FILE_H

/*
 * core_file.h - a crash leaves no image of our memory, which holds events and secrets.
 */

/* From now on the kernel writes no core file of this process and hands none to a crash handler,
 * and other processes of the same user may not read its memory. A core that root takes with a
 * debugger has the registers, but nothing of the memory. */
void core_file_forbid(void);

#endif
