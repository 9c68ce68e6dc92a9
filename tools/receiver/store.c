/*
 * store.c - one lock around all of it: the order of the accepted file is the order of
 * submission ids.
 */

#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "elrelay/ground/json_out.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/time_text.h"
#include "wake.h"

enum {
    STORE_FIRST_ID = 101,
    STORE_PATH_MAX = 4096,
    STORE_LINE_MAX = 64 * 1024,
    SHA256_TEXT_LEN = 64
};

static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;

void delivery_free(struct delivery *delivery)
{
    mem_free(delivery->path);
    mem_free(delivery->sender);
    mem_free(delivery->payload_name);
    mem_free(delivery->idempotency_key);
    mem_free(delivery->content_type);
    buf_free(&delivery->body);
}

bool store_open(struct store *store, const char *accepted, const char *bodies,
                struct fault *fault)
{
    *store = (struct store){.accepted_fd = -1, .bodies = bodies};
    if (bodies && mkdir(bodies, 0700) < 0 && errno != EEXIST)
        return fault_set(fault, FAULT_GENERAL, "--bodies %s: %s", bodies, strerror(errno));
    if (!accepted)
        return true;
    store->accepted_fd = open(accepted, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (store->accepted_fd < 0)
        return fault_set(fault, FAULT_GENERAL, "--accepted %s: %s", accepted, strerror(errno));
    return true;
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        struct submission *submission = store->submissions[i];
        remarks_free(&submission->remarks);
        mem_free(submission->sender);
        mem_free(submission->payload_name);
        mem_free(submission->idempotency_key);
        mem_free(submission);
    }
    mem_free(store->submissions);
    if (store->accepted_fd >= 0)
        close(store->accepted_fd);
}

static bool write_whole(int fd, struct slice bytes)
{
    while (bytes.len) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno != EINTR)
            return false;
        bytes = slice_part(bytes, put < 0 ? 0 : (size_t)put, bytes.len);
    }
    return fsync(fd) == 0;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

static bool body_write(const struct store *store, const char *name, struct slice body)
{
    char path[STORE_PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", store->bodies, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write_whole(fd, body);
    close(fd);
    return ok && sync_folder(store->bodies);
}

static void sha256_text(char text[SHA256_TEXT_LEN + 1], struct slice bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_Digest(bytes.ptr, bytes.len, digest, &len, EVP_sha256(), NULL);
    for (unsigned i = 0; i < len; i++)
        snprintf(text + (size_t)i * 2, 3, "%02x", digest[i]);
}

/* A text that is "" is written as null. */
static void write_optional(struct json_out *out, const char *key, const char *text)
{
    if (*text)
        json_out_text(out, key, slice_of(text));
    else
        json_out_null(out, key);
}

static void accepted_write_line(struct buf *line, const struct delivery *delivery,
                                const struct submission *submission, const char *body_name)
{
    char time[TIME_TEXT_MAX];
    char sha256[SHA256_TEXT_LEN + 1];
    time_text_write(time, submission->unix_ms);
    sha256_text(sha256, buf_slice(&delivery->body));
    struct json_out out = {.buf = line};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "time", slice_of(time));
    json_out_number(&out, "request", delivery->request);
    json_out_text(&out, "path", slice_of(delivery->path));
    write_optional(&out, "payload_name", delivery->payload_name);
    write_optional(&out, "idempotency_key", delivery->idempotency_key);
    json_out_number(&out, "submission_id", submission->id);
    json_out_text(&out, "report_id", slice_of(submission->report_id.text));
    if (delivery->has_rows)
        json_out_number(&out, "rows", delivery->rows);
    else
        json_out_null(&out, "rows");
    json_out_number(&out, "bytes", delivery->body.len);
    json_out_text(&out, "sha256", slice_of(sha256));
    write_optional(&out, "body", body_name);
    json_out_end_object(&out);
    buf_add_byte(line, '\n');
}

static bool delivery_write(const struct store *store, const struct delivery *delivery,
                           const struct submission *submission)
{
    char name[UUID_TEXT_LEN + 8] = "";
    bool is_csv = strcmp(delivery->content_type, "text/csv") == 0;
    if (store->bodies)
        snprintf(name, sizeof(name), "%s.%s", submission->report_id.text,
                 is_csv ? "csv" : "body");
    if (store->bodies && !body_write(store, name, buf_slice(&delivery->body)))
        return false;
    if (store->accepted_fd < 0)
        return true;
    struct buf line;
    buf_init(&line, STORE_LINE_MAX);
    accepted_write_line(&line, delivery, submission, name);
    bool ok = !line.full && write_whole(store->accepted_fd, buf_slice(&line));
    buf_free(&line);
    return ok;
}

static struct submission *submission_new(const struct store *store, unsigned http_status)
{
    struct submission *submission = mem_zalloc(sizeof(*submission));
    submission->id = STORE_FIRST_ID + store->count;
    submission->unix_ms = clock_unix_ms();
    submission->http_status = http_status;
    return submission;
}

static void store_add(struct store *store, struct submission *submission,
                      struct remarks *remarks)
{
    submission->remarks = *remarks;
    *remarks = (struct remarks){0};
    store->submissions = mem_resize(store->submissions, store->count + 1,
                                    sizeof(struct submission *));
    store->submissions[store->count++] = submission;
}

static char *copy_text(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

/* Submissions of the API have a sender, those of plain paths have none. */
static const struct submission *store_find_key(const struct store *store, const char *key)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->submissions[i]->idempotency_key && !*store->submissions[i]->sender &&
            strcmp(store->submissions[i]->idempotency_key, key) == 0)
            return store->submissions[i];
    return NULL;
}

static const struct submission *
store_take_new(struct store *store, const struct delivery *delivery, struct remarks *remarks)
{
    uint8_t random[UUID_RANDOM_BYTES];
    struct submission *submission = submission_new(store, 201);
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        abort();
    uuid_make(&submission->report_id, submission->unix_ms, random);
    if (!delivery_write(store, delivery, submission)) {
        fprintf(stderr, "elrelay-receiver: cannot store a delivery: %s\n", strerror(errno));
        mem_free(submission);
        return NULL;
    }
    submission->sender = copy_text(delivery->sender);
    submission->payload_name = copy_text(delivery->payload_name);
    submission->idempotency_key = copy_text(delivery->idempotency_key);
    submission->rows = delivery->rows;
    store_add(store, submission, remarks);
    return submission;
}

const struct submission *store_take(struct store *store, const struct delivery *delivery,
                                    struct remarks *remarks)
{
    pthread_mutex_lock(&store_lock);
    const struct submission *submission = NULL;
    if (delivery->once && *delivery->idempotency_key)
        submission = store_find_key(store, delivery->idempotency_key);
    if (!submission)
        submission = store_take_new(store, delivery, remarks);
    pthread_mutex_unlock(&store_lock);
    return submission;
}

const struct submission *store_note(struct store *store, unsigned http_status,
                                    struct remarks *remarks)
{
    pthread_mutex_lock(&store_lock);
    struct submission *submission = submission_new(store, http_status);
    store_add(store, submission, remarks);
    pthread_mutex_unlock(&store_lock);
    return submission;
}

const struct submission *store_find(struct store *store, struct slice id)
{
    const struct submission *found = NULL;
    struct uuid report_id = {0};
    uint64_t number = 0;
    bool is_number = number_read_u64(id, &number);
    if (!is_number && !uuid_parse(&report_id, id))
        return NULL;
    pthread_mutex_lock(&store_lock);
    if (is_number && number >= STORE_FIRST_ID && number - STORE_FIRST_ID < store->count)
        found = store->submissions[number - STORE_FIRST_ID];
    for (size_t i = store->count; !is_number && !found && i > 0; i--)
        if (uuid_is(&store->submissions[i - 1]->report_id, &report_id))
            found = store->submissions[i - 1];
    pthread_mutex_unlock(&store_lock);
    return found;
}

size_t store_count(struct store *store)
{
    pthread_mutex_lock(&store_lock);
    size_t count = store->count;
    pthread_mutex_unlock(&store_lock);
    return count;
}

const struct submission *store_at(struct store *store, size_t place)
{
    pthread_mutex_lock(&store_lock);
    const struct submission *submission = store->submissions[place];
    pthread_mutex_unlock(&store_lock);
    return submission;
}
