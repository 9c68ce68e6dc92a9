/*
 * table.c - the rows: commands, options, exit codes.
 */

#include "cli/cli_table.h"

#include "cli/ack.h"
#include "cli/commands.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/core/decide/flow.h"

const char cli_sentence[] =
    "relays lab-report events from a Redis queue to a reporting endpoint";

#define OUR_OPTIONS  (CLI_OPTION(CONFIG) | CLI_OPTION(ROUTE))
#define LIST_OPTIONS (OUR_OPTIONS | CLI_OPTION(JSON))
#define EXAMPLES(...)                                                                          \
    (const char *const[])                                                                      \
    {                                                                                          \
        __VA_ARGS__, NULL                                                                      \
    }

#define STATE_WORD(name, word, notice, gloss) " " word
#define REASON_WORD(name, word, sentence)     " " word
#define ACK_WORD(name, word)                  " " word
#define STATES                                &FLOW_STATE_LIST(STATE_WORD)[sizeof(" none") - 1]

const struct cli_option cli_options[CLI_OPTION_COUNT] = {
    [OPTION_CONFIG] = {"config", 'c', "FILE", NULL, "the configuration file"},
    [OPTION_ROUTE] = {"route", 'r', "NAME", NULL,
                      "this route of the configuration; NAME.K: its shard K"},
    [OPTION_JSON] = {"json", 'j', NULL, NULL, "print JSON"},
    [OPTION_CONNECT] = {"connect", 0, NULL, NULL, "also prove Redis and the endpoints"},
    [OPTION_REPAIR] = {"repair", 0, NULL, NULL, "make a vanished consumer group anew"},
    [OPTION_ACL] = {"acl", 0, NULL, NULL, "print the rights needed as a command for redis-cli"},
    [OPTION_HEADER] = {"header", 0, "MODE", " union first fixed",
                       "where the columns come from: union, first, or fixed"},
    [OPTION_INBOX] = {"inbox", 0, NULL, NULL, "push to the inbox list instead of the stream"},
    [OPTION_COUNT] = {"count", 'n', "N", NULL, "at most so many per route"},
    [OPTION_REVEAL] = {"reveal", 0, NULL, NULL, "print the content of events: patient data"},
    [OPTION_STATE] = {"state", 0, "WORD", STATES, "only batches in this state"},
    [OPTION_ALL] = {"all", 0, NULL, NULL, "all that were set aside"},
    [OPTION_DAY] = {"day", 0, "DAY", NULL, "the day, YYYY-MM-DD, of UTC"},
    [OPTION_CSV] = {"csv", 0, NULL, NULL, "print CSV"},
    [OPTION_SINCE] = {"since", 0, "TIME", NULL,
                      "from then on: 2026-11-22T03:04:05Z, or ago: 2h"},
    [OPTION_CODE] = {"code", 0, "CODE", ACK_LIST(ACK_WORD), "only those with this code"},
    [OPTION_FORMAT] = {"format", 0, "FORMAT", " json hl7", "json, a line each, or hl7"},
    [OPTION_DRY_RUN] = {"dry-run", 0, NULL, NULL, "only show what would be sent"},
    [OPTION_BATCHES] = {"batches", 0, "N", NULL, "with --dry-run: up to N batches per route"},
    [OPTION_TO] = {"to", 0, "WHERE", " queue dead", "where its events go: queue, or dead"},
    [OPTION_NOTE] = {"note", 0, "TEXT", NULL, "why, for the audit stream only"},
    [OPTION_WITH_REASON] = {"reason", 0, "WORD", REASON_LIST(REASON_WORD),
                            "only dead letters with this reason; elrelay(1) lists them"},
    [OPTION_NOTE_REASON] = {"reason", 0, "TEXT", NULL, "why, for the audit stream only"},
    [OPTION_HELP] = {"help", 'h', NULL, NULL, "print what the command does"},
};

const struct cli_command cli_commands[] = {
    {.words = "run",
     .options = CLI_OPTION(CONFIG),
     .sentence = "relay events until told to stop",
     .text =
         "The daemon. It reads the configuration, connects to Redis, and from then on "
         "sends what is queued on each route at its schedule. It logs to standard error, "
         "one line per thing that happened, and never writes the content of an event.\n\n"
         "SIGUSR1 flushes, SIGUSR2 writes the status to the log, and how long the turns of the "
         "loop were, "
         "SIGHUP reads the configuration again (a bad file keeps the old one whole), "
         "SIGTERM and SIGINT stop.",
     .examples = EXAMPLES("elrelay run --config elrelay.yaml"),
     .run = run_daemon},
    {.words = "flush",
     .options = LIST_OPTIONS | CLI_OPTION(DRY_RUN) | CLI_OPTION(BATCHES),
     .sentence = "send what is queued now, and wait for the outcome",
     .text = "One cycle of each route, or of the one named, outside the schedule and without "
             "shifting it. A running daemon does it and its answer is waited for; "
             "where none is alive, the cycle runs in this process. "
             "With NAME.K also a shard that the route has no more is drained.\n\n"
             "--dry-run shows what the next batch of each route would be, or the next ones "
             "with --batches: events, those that would be set aside by reason, the names of "
             "the columns, size and sha256 of the body, and the request that would carry it, "
             "with values of headers and secrets masked. Nothing is leased, sent or changed, "
             "and no daemon is needed. Batches that are open already, and the inbox, are "
             "only counted.",
     .examples = EXAMPLES("elrelay flush", "elrelay flush --route covid --json",
                          "elrelay flush --dry-run --batches 3"),
     .run = flush_routes},
    {.words = "check",
     .options = LIST_OPTIONS | CLI_OPTION(CONNECT) | CLI_OPTION(REPAIR) | CLI_OPTION(ACL),
     .sentence = "show the configuration in effect, and prove that it works",
     .text = "Prints each setting with its value and where that came from; secrets are masked. "
             "With --connect it then proves, one line each: Redis (version, role, "
             "memory policy, durability), each right that the Redis user needs, "
             "the type of each key, and the endpoint (secret, TLS, "
             "an answer to a request without a body; its list of submissions, "
             "where a batch in doubt is looked up there). What is left in a shard that the "
             "route has no more is one that failed. Nothing is changed anywhere.\n\n"
             "--repair does change something: where the consumer group vanished while batches "
             "were open, it is made anew so that nothing is sent twice and nothing is passed "
             "over. All daemons of the route must be stopped; when it was interrupted, call it "
             "again. Where the group is there, events that somebody else deleted or trimmed "
             "are taken note of, and not told any more. It stands in the audit stream.\n\n"
             "--acl prints one line and does nothing else: the command that gives the user "
             "elrelay of Redis exactly the rights that a daemon with this configuration needs.",
     .examples = EXAMPLES("elrelay check", "elrelay check --connect --route covid",
                          "elrelay check --repair --route covid",
                          "elrelay check --acl | redis-cli"),
     .run = check_all},
    {.words = "convert",
     .options = OUR_OPTIONS | CLI_OPTION(HEADER),
     .config_is_optional = true,
     .sentence = "convert events to CSV, from standard input to standard output",
     .text = "The conversion alone, with no Redis and no endpoint: "
             "one JSON object per line in, one CSV document out. "
             "A line that cannot be converted is named on standard error with its number "
             "and reason, the rest is written, and the exit code is 1.\n\n"
             "With --config the format is that of the route; without it no configuration "
             "is read, and --header says where the columns come from: all keys of the input, "
             "first seen first (union, the default), or the keys of the first event (first).",
     .examples = EXAMPLES(
         "elrelay convert < events.ndjson > events.csv",
         "elrelay convert --config elrelay.yaml --route covid < events.ndjson"),
     .run = convert_lines},
    {.words = "enqueue",
     .options = OUR_OPTIONS | CLI_OPTION(INBOX),
     .sentence = "put events on the queue, one per line of standard input",
     .text = "Each line becomes one event, byte for byte; blank lines are skipped and counted. "
             "Nothing is checked: what cannot be converted becomes a dead letter later. "
             "At the end, or when the connection breaks, it says exactly how many events are "
             "on the queue and how many are in doubt. The shards of a route take turns of a "
             "thousand events, beginning with any of them.",
     .examples = EXAMPLES("elrelay enqueue < events.ndjson",
                          "elrelay enqueue --route covid --inbox < events.ndjson"),
     .run = enqueue_lines},
    {.words = "peek",
     .options = LIST_OPTIONS | CLI_OPTION(COUNT) | CLI_OPTION(REVEAL),
     .sentence = "show the next events that wait, and leave them where they are",
     .text = "The events that would be sent next, without leasing them: "
             "id, time, size, and how many keys. Their content is printed only with --reveal. "
             "Up to 10 per route unless --count says otherwise.",
     .examples = EXAMPLES("elrelay peek --count 3", "elrelay peek --json"),
     .run = peek_events},
    {.words = "status",
     .options = LIST_OPTIONS,
     .sentence = "show what waits, what is under way, and what was set aside",
     .text = "Per route: whether it is paused, how many events wait, "
             "each open batch with its state, the dead letters by reason, "
             "the live daemons, the last accepted batch, and what survives a power loss; "
             "why a batch is held or nothing is sent, and the command that ends it. "
             "The exit code is 6 while a batch is held or in doubt, "
             "also one that is being sent by a daemon that is gone.",
     .examples = EXAMPLES("elrelay status", "elrelay status --json"),
     .run = status_show},
    {.words = "batch list",
     .options = LIST_OPTIONS | CLI_OPTION(COUNT) | CLI_OPTION(STATE),
     .sentence = "list the batches, open ones first",
     .text = "The open ones, then the finished ones, newest first: "
             "id, state, events, attempts, since when, and for one that is held why. "
             "Up to 50 per route unless --count says otherwise. "
             "Finished ones are kept for receipts.keep.",
     .examples = EXAMPLES("elrelay batch list --count 10",
                          "elrelay batch list --state failed --json"),
     .run = batch_list},
    {.words = "batch show",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = LIST_OPTIONS | CLI_OPTION(REVEAL),
     .sentence = "show one batch: its state, times, attempts, receipt",
     .text =
         "Everything that its manifest tells, which holds no content of events: "
         "also why it is held, how often it was looked up, what it was split from "
         "or goes on as, and the endpoint's receipt. What the endpoint said of the batch as a "
         "whole may quote events, and is printed only with --reveal.",
     .examples = EXAMPLES("elrelay batch show ID"),
     .run = batch_show},
    {.words = "batch terminate",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = OUR_OPTIONS | CLI_OPTION(TO) | CLI_OPTION(NOTE_REASON),
     .sentence = "end a batch that is sealed, failed or held",
     .text = "Its events go back to the queue, with their ids, and are sent in other batches; "
             "or to the dead letters. Without --to those of a batch that was in doubt once "
             "become dead letters, for they may have been taken; others go to the queue. "
             "The reason is required and stands in the route's audit stream.",
     .examples = EXAMPLES(
         "elrelay batch terminate ID --to queue --reason 'endpoint was replaced'"),
     .run = batch_terminate},
    {.words = "batch release",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = OUR_OPTIONS | CLI_OPTION(NOTE_REASON),
     .sentence = "send a failed batch after all",
     .text = "One that failed for too many invalid events is sealed as it stands, and sent. "
             "The reason is required and stands in the route's audit stream.",
     .examples = EXAMPLES("elrelay batch release ID --reason 'one laptop sent test data'"),
     .run = batch_release},
    {.words = "held list",
     .options = LIST_OPTIONS,
     .sentence = "list the batches that wait for a person, and why",
     .text = "Nothing of a held batch is lost and nothing of it moves until a person decides: "
             "the endpoint has it (accept), has not got it (resend), or it shall not be sent "
             "(terminate). The exit code is 6 while there are some.",
     .examples = EXAMPLES("elrelay held list", "elrelay held list --json"),
     .run = held_list},
    {.words = "held accept",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = OUR_OPTIONS | CLI_OPTION(NOTE_REASON),
     .sentence = "settle a held batch: the endpoint has taken it",
     .text = "Its events leave the queue as if the endpoint had answered so. "
             "The reason is required and stands in the route's audit stream.",
     .examples = EXAMPLES("elrelay held accept ID --reason 'the state confirms report 4711'"),
     .run = held_accept},
    {.words = "held resend",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = OUR_OPTIONS | CLI_OPTION(NOTE_REASON),
     .sentence = "send a held batch again: the endpoint has not got it",
     .text = "The same bytes under the same id; where they changed it is held again. "
             "A running daemon sends it at once, with all else that is queued. "
             "The reason is required and stands in the route's audit stream.",
     .examples = EXAMPLES(
         "elrelay held resend ID --reason 'the endpoint says that it came to nothing'"),
     .run = held_resend},
    {.words = "held terminate",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = OUR_OPTIONS | CLI_OPTION(TO) | CLI_OPTION(NOTE_REASON),
     .sentence = "end a held batch; its events are set aside",
     .text = "Without --to the events of a batch that was in doubt become dead letters, "
             "for they may have been taken; --to queue sends them again in other batches. "
             "The reason is required and stands in the route's audit stream.",
     .examples = EXAMPLES("elrelay held terminate ID --to dead --reason 'reported by fax'"),
     .run = held_terminate},
    {.words = "dead list",
     .options = LIST_OPTIONS | CLI_OPTION(COUNT) | CLI_OPTION(WITH_REASON),
     .sentence = "list the events that were set aside, newest first",
     .text = "The dead letters: id, when and why each was set aside. "
             "Up to 50 per route unless --count says otherwise.",
     .examples = EXAMPLES("elrelay dead list",
                          "elrelay dead list --reason not_json --count 500"),
     .run = dead_list},
    {.words = "dead show",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .options = LIST_OPTIONS | CLI_OPTION(REVEAL),
     .sentence = "show one event that was set aside",
     .text =
         "Everything that is known of one dead letter: the reason and what it means, "
         "where it was found, its batch, times and attempts. The event itself is printed only "
         "with --reveal; as text, with control characters escaped, or exactly with --json.",
     .examples = EXAMPLES("elrelay dead show 1764000000000-0",
                          "elrelay dead show 1764000000000-0 --reveal --json"),
     .run = dead_show},
    {.words = "dead replay",
     .operands = "[ID...]",
     .operands_max = SIZE_MAX,
     .options = OUR_OPTIONS | CLI_OPTION(WITH_REASON) | CLI_OPTION(ALL) | CLI_OPTION(NOTE),
     .sentence = "put events that were set aside back on the queue",
     .text = "Byte for byte as they came, the oldest first; attempts and replays are counted "
             "on. Which ones: by their ids, all with one reason, or all; "
             "exactly one of the three. An event that still cannot be sent is set aside again.",
     .examples = EXAMPLES("elrelay dead replay 1764000000000-0",
                          "elrelay dead replay --route covid --reason refused"),
     .run = dead_replay},
    {.words = "dead drop",
     .operands = "--note TEXT [ID...]",
     .operands_max = SIZE_MAX,
     .options = OUR_OPTIONS | CLI_OPTION(WITH_REASON) | CLI_OPTION(ALL) | CLI_OPTION(NOTE),
     .sentence = "throw events away that were set aside",
     .text = "For good: their content is gone afterwards. Which ones: by their ids, all with "
             "one reason, or all; exactly one of the three. "
             "--note is required: who dropped how many, and why, stands in the route's audit "
             "stream.",
     .examples = EXAMPLES("elrelay dead drop 1764000000000-0 --note 'test data'"),
     .run = dead_drop},
    {.words = "trace",
     .operands = "RESULT_ID",
     .operands_min = 1,
     .operands_max = 1,
     .operands_are_private = true,
     .options = LIST_OPTIONS,
     .sentence = "tell what became of one event",
     .text =
         "From Redis alone: where it waits; each batch it was in, with its row, report id, "
         "submission and times, across splits and attempts; each time it was set aside, and "
         "what a person did then. RESULT_ID is what the key or column has that "
         "format.tracking_id names; - reads it from standard input, so that it stands in no "
         "list of processes. What has left the queue is known for receipts.keep. "
         "All waiting events and dead letters are read, so a long queue takes a while. "
         "The exit code is 1 where nothing is known of it.",
     .examples = EXAMPLES("elrelay trace R-4711", "echo R-4711 | elrelay trace - --json"),
     .run = trace_event},
    {.words = "acks",
     .operands = "[RESULT_ID...]",
     .operands_max = SIZE_MAX,
     .operands_are_private = true,
     .options = OUR_OPTIONS | CLI_OPTION(SINCE) | CLI_OPTION(CODE) | CLI_OPTION(FORMAT),
     .sentence = "give senders their acknowledgments",
     .text =
         "For each event the acceptance (CA: the endpoint has taken it, CR: it was refused, by "
         "the endpoint or before, CE: it could not be sent) and what the endpoint said of it "
         "(AA: no error, AE: an error, AR: refused for what it holds), with each error and "
         "warning. From Redis alone. With --since, by tracking id: what the exceptions and the "
         "dead letters tell of. All others are told of by batch, in JSON only: receipts hold "
         "no tracking ids.\n\n"
         "With RESULT_ID..., or - for one a line on standard input: of just these, as `trace` "
         "finds them, also those that nothing was said of. In JSON `state` says why one has no "
         "code: waiting, in_doubt, not_sent (profile none), dropped, unknown. The exit code is "
         "1 where nothing is known of one.\n\n"
         "json is a line for each. hl7 is an ACK (v2.5.1) for each, MSA with the tracking id, "
         "ERR for each error; what has no tracking id or no code is counted on standard error. "
         "The endpoint's words may quote events: they are patient data.",
     .examples = EXAMPLES("elrelay acks --since 2h",
                          "elrelay acks --since 1d --code AE --format hl7",
                          "elrelay acks - < ids.txt"),
     .run = acks_give},
    {.words = "report",
     .options = LIST_OPTIONS | CLI_OPTION(DAY) | CLI_OPTION(CSV),
     .sentence = "count what became of a day's events",
     .text =
         "From the receipts alone, per route: batches and events that were accepted that day "
         "(of these, by a person's decision), with the endpoint's warnings and errors; "
         "duplicates that it had already; batches that were split or terminated; events that "
         "were set aside, by reason, also those that were replayed or dropped since. Batches "
         "that are held, in doubt or to be sent count on the day that they came to be so. "
         "The days are those of UTC, and known for receipts.keep: a route that keeps less is "
         "left out, and named on standard error.",
     .examples = EXAMPLES("elrelay report --day 2026-11-22",
                          "elrelay report --day 2026-11-22 --csv"),
     .run = report_day},
    {.words = "pause",
     .options = OUR_OPTIONS | CLI_OPTION(NOTE_REASON),
     .sentence = "send nothing from now on; what is queued stays queued",
     .text = "Kept in Redis, so it holds for every daemon of the route and survives restarts. "
             "A request that is on the wire is finished. "
             "Who paused, when and why stands in the route's audit stream.",
     .examples = EXAMPLES(
         "elrelay pause --route covid --reason 'endpoint maintenance until noon'"),
     .run = pause_routes},
    {.words = "resume",
     .options = OUR_OPTIONS | CLI_OPTION(NOTE_REASON),
     .sentence = "send again after a pause",
     .text = "The opposite of pause. A running daemon sends at once what is queued.",
     .examples = EXAMPLES("elrelay resume --route covid"),
     .run = resume_routes},
    {.words = "version",
     .options = CLI_OPTION(JSON),
     .sentence = "show the version of elrelay and of its libraries",
     .text = "The libraries are those that are loaded now, not those it was built with.",
     .examples = EXAMPLES("elrelay version"),
     .run = version_show},
    {.words = "help",
     .operands = "[COMMAND]",
     .operands_max = CLI_HELP_OPERANDS,
     .sentence = "show what a command does",
     .text = "The same as COMMAND --help; without a command, the list of all; "
             "with the first word of several, the list of these.",
     .examples = EXAMPLES("elrelay help dead", "elrelay help dead list"),
     .run = help_show},
};

const size_t cli_command_count = sizeof(cli_commands) / sizeof(cli_commands[0]);

const struct cli_exit cli_exits[] = {
    {0, "done"},
    {1, "an error"},
    {2, "the command line was wrong"},
    {3, "the configuration was wrong"},
    {4, "Redis could not be reached, or refused"},
    {5, "the endpoint could not be reached, or did not take what was sent"},
    {6, "something is held or unknown: a person should look at `elrelay status`"},
};

const size_t cli_exit_count = sizeof(cli_exits) / sizeof(cli_exits[0]);

const char *cli_version(void)
{
    return ELRELAY_VERSION;
}
