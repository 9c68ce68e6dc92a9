/*
 * secret.c - read at each use, so that a file may rotate; wiped after it.
 */

#include "edge/http/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/slice.h"

/* Up to cap bytes; false with errno where the file cannot be read. */
static bool secret_read_bytes(const char *path, char *bytes, size_t cap, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    *len = 0;
    ssize_t got = 0;
    do {
        got = read(fd, bytes + *len, cap - *len);
        if (got > 0)
            *len += (size_t)got;
    } while (*len < cap && (got > 0 || (got < 0 && errno == EINTR)));
    int error = errno;
    close(fd);
    errno = error;
    return got >= 0;
}

static size_t secret_len_without_line_end(const char *bytes, size_t len)
{
    if (len && bytes[len - 1] == '\n')
        len--;
    else
        return len;
    return len && bytes[len - 1] == '\r' ? len - 1 : len;
}

static bool secret_has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

static bool secret_take(struct secret *secret, const char *path, struct fault *fault)
{
    size_t len = 0;
    if (!secret_read_bytes(path, secret->text, secret->cap, &len))
        return fault_set(fault, FAULT_CONF, "endpoint.auth.secret_file: %s cannot be read: %s",
                         path, strerror(errno));
    if (len > SECRET_MAX)
        return fault_set(fault, FAULT_CONF,
                         "endpoint.auth.secret_file: %s is larger than 64 KiB", path);
    len = secret_len_without_line_end(secret->text, len);
    if (!len)
        return fault_set(fault, FAULT_CONF, "endpoint.auth.secret_file: %s is empty", path);
    if (secret_has_control((struct slice){secret->text, len}))
        return fault_set(fault, FAULT_CONF,
                         "endpoint.auth.secret_file: %s holds a line break or another control "
                         "character; it must be one line",
                         path);
    secret->text[len] = '\0';
    return true;
}

bool secret_read(struct secret *secret, const char *path, struct fault *fault)
{
    *secret = (struct secret){.text = mem_zalloc(SECRET_MAX + 1), .cap = SECRET_MAX + 1};
    if (secret_take(secret, path, fault))
        return true;
    secret_free(secret);
    return false;
}

void secret_free(struct secret *secret)
{
    mem_wipe(secret->text, secret->cap);
    mem_free(secret->text);
    *secret = (struct secret){0};
}
