#ifndef ELRELAY_CLI_COMMANDS_H
#define ELRELAY_CLI_COMMANDS_H

/*
 * commands.h - the functions behind the rows of the table of commands.
 */

#include "cli/cli_table.h"

bool run_daemon(const struct cli_call *call, struct fault *fault);
bool flush_routes(const struct cli_call *call, struct fault *fault);
bool check_all(const struct cli_call *call, struct fault *fault);
bool convert_lines(const struct cli_call *call, struct fault *fault);
bool enqueue_lines(const struct cli_call *call, struct fault *fault);
bool peek_events(const struct cli_call *call, struct fault *fault);
bool status_show(const struct cli_call *call, struct fault *fault);
bool batch_list(const struct cli_call *call, struct fault *fault);
bool batch_show(const struct cli_call *call, struct fault *fault);
bool batch_terminate(const struct cli_call *call, struct fault *fault);
bool batch_release(const struct cli_call *call, struct fault *fault);
bool held_list(const struct cli_call *call, struct fault *fault);
bool held_accept(const struct cli_call *call, struct fault *fault);
bool held_resend(const struct cli_call *call, struct fault *fault);
bool held_terminate(const struct cli_call *call, struct fault *fault);
bool dead_list(const struct cli_call *call, struct fault *fault);
bool dead_show(const struct cli_call *call, struct fault *fault);
bool dead_replay(const struct cli_call *call, struct fault *fault);
bool dead_drop(const struct cli_call *call, struct fault *fault);
bool trace_event(const struct cli_call *call, struct fault *fault);
bool acks_give(const struct cli_call *call, struct fault *fault);
bool report_day(const struct cli_call *call, struct fault *fault);
bool pause_routes(const struct cli_call *call, struct fault *fault);
bool resume_routes(const struct cli_call *call, struct fault *fault);
bool version_show(const struct cli_call *call, struct fault *fault);
bool help_show(const struct cli_call *call, struct fault *fault);

#endif
