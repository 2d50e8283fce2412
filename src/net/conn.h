/* Connections: bytes in, bytes out, deadlines. What the bytes mean is the protocol's: HTTP/1.1
 * (http1.h) to begin with; after an upgrade another one may take the connection over. */
#ifndef VIVIM_NET_CONN_H
#define VIVIM_NET_CONN_H

#include "base/str.h"
#include "net/address.h"
#include "net/loop.h"

struct net_conn;
struct net_cork;
struct net_listener;
struct net_peers;

struct net_protocol {
    /* Bytes have come; they are the loop's and end with the call. The connection may be closed in it. */
    void (*data)(struct net_conn *c, char *bytes, size_t n);
    /* The other side has said all that it will. Does it still wait for an answer? Then nothing more is read until net_resume,
     * which finds out again; else it has gone. May be NULL: it has. */
    bool (*waits)(struct net_conn *c);
    /* Everything given to net_write is with the kernel. May be NULL. */
    void (*drained)(struct net_conn *c);
    /* The deadline passed (it is cleared before the call). */
    void (*timeout)(struct net_conn *c);
    /* The server is stopping: end at once, or soon, what can end. May be NULL. */
    void (*stopping)(struct net_conn *c);
    /* The other side has gone, or we closed: give up what `state` holds. The last call. */
    void (*closed)(struct net_conn *c);
};

struct net_peer {
    char address[NET_ADDRESS_TEXT_BYTES]; /* as text; "local" over a Unix socket */
    char network[NET_ADDRESS_TEXT_BYTES]; /* that counts as one stranger: net_address_network */
};

/* There may be thousands that say nothing: what only some protocol wants to know (who the peer is) that one keeps. */
struct net_conn {
    struct net_loop *loop;
    struct net_peers *peers;       /* among whom it counts (peers.h) */
    struct net_conn *next, **link; /* the loop's list */
    const struct net_protocol *protocol;
    void *state;         /* the protocol's */
    int64_t deadline_ms; /* monotonic; 0: none */
    size_t
        unsent_bytes; /* given to net_write, not yet with the kernel; with what keeping it costs */
    struct net_cork *cork;  /* what goes out at the end of the loop's turn; NULL: nothing */
    uint32_t dropped_bytes; /* read since the last answer went out, for nobody */
    uint16_t peer_slot;     /* of its network, where `counted` (peers.h) */
    bool closing : 1, local : 1, paused : 1, ended : 1, counted : 1;
    union { /* the last: there is only as much of it as its kind needs (net_conn_new) */
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_handle_t handle;
    };
};

/* Writing. What the kernel takes at once needs no memory; the rest waits, in order. At most 8 parts. */

/* Copies nothing: `parts` must live until `sent` (may be NULL) is called, also when the connection ends first. */
void net_write(struct net_conn *c, const struct str *parts, size_t count,
               void (*sent)(void *context), void *context);
/* As net_write, for bytes that the caller will not keep: what the kernel leaves is copied. */
void net_write_copies(struct net_conn *c, const struct str *parts, size_t count);
static inline void net_write_copy(struct net_conn *c, struct str bytes)
{
    net_write_copies(c, &bytes, 1);
}
/* How many of the bytes the kernel takes now; 0 while something waits. The rest is the caller's. */
size_t net_write_now(struct net_conn *c, struct str bytes);
/* Small bytes for many, or many for one: they are copied, and go out in one call with whatever else is corked for this connection
 * in the loop's turn. False: they are too large for that, or something waits: write them. The order of all writes is kept. */
bool net_write_corked(struct net_conn *c, const struct str *parts, size_t count);
size_t net_corked_bytes(const struct net_conn *c); /* not counted in unsent_bytes */
void net_close(struct net_conn *c);                /* at once; what is unsent is dropped */
void net_close_after(struct net_conn *c);          /* when everything is sent, with a bound */
void net_pause(struct net_conn *c);                /* read no more until net_resume */
void net_resume(struct net_conn *c);
/* Another loop serves the connection from now on: the descriptor goes there, `state` and `protocol` stay. Nothing may be
 * unsent. Until `arrived`, which runs on the other loop before anything is read there, the connection is nobody's to
 * touch. If it cannot be moved it is closed there, after `arrived`. */
void net_move(struct net_conn *c, struct net_loop *to,
              void (*arrived)(struct net_loop *l, void *arg), void *arg);
static inline void net_deadline(struct net_conn *c, int64_t monotonic_ms)
{
    c->deadline_ms = monotonic_ms;
}

/* --- listening -------------------------------------------------------------------------------- */

struct net_listen_options {
    const struct net_protocol *protocol;
    /* A connection was accepted: set its state. false refuses it. On the loop's thread; `peer` ends with the call. */
    bool (*accepted)(struct net_conn *c, const struct net_peer *peer, void *context);
    void *context;
    size_t connections_max, per_address_max; /* per_address: an IPv6 /64 is one */
    struct str
        proxies; /* addresses, parted by commas, that speak for many: without per_address_max */
};
/* Does a list parted by commas hold this address (canonical)? Those of the list may be written in any form. */
bool net_address_listed(struct str list, struct str address);

/* Is this an address to listen on that stands for all of a family ("0.0.0.0:8420", "[::]:8420")? */
bool net_listens_everywhere(struct str address, bool *ret_ipv6);
/* Can this be listened on at all, as far as its words say? Opens nothing. E_INVALID: the note shows how it is written. */
NODISCARD err_t net_listen_check(struct str address);
NODISCARD err_t net_listen_unix_check(const char *path);
/* Listen on every loop (SO_REUSEPORT; which of them gets a connection: placement.h), without accepting yet. address: "127.0.0.1:8420", "[::1]:0", "localhost:3000" (both families; one port).
 * ret_port: the bound one. E_INVALID, E_CONFLICT (in use, and still after LISTEN_WAIT_MS), E_IO. */
NODISCARD err_t net_listen(struct net_loop *loops, int loop_count, struct str address,
                           const struct net_listen_options *o, struct net_listener **ret,
                           int *ret_port);
/* Listen on a Unix socket, mode 0600, on the first loop; only our own user or root may connect (SO_PEERCRED). A stale file is replaced. */
NODISCARD err_t net_listen_unix(struct net_loop *loop, const char *path,
                                const struct net_listen_options *o, struct net_listener **ret);
/* Accept, from here on: what whoever is called for a connection needs must be there by now. What came before waits in
 * the kernel. When it returns every loop accepts. E_BUSY. Accepts NULL. Not on a loop's thread. */
NODISCARD err_t net_listener_begin(struct net_listener *l);
/* Accept no more. The listener's memory lives until the loops have stopped: net_listener_free. */
void net_listener_close(struct net_listener *l);
void net_listener_free(struct net_listener *l);
size_t net_listener_connections(const struct net_listener *l);

/* Inside the room. */
struct net_conn *net_conn_new(
    bool local); /* zeroed, its kind set; freed when its handle has closed. NULL: no memory */
void net_conn_begin(struct net_conn *c); /* into the loop's list, reading */
void net_conn_leave(struct net_conn *c); /* out of that list; its handle is closed */
void net_conns_tick(struct net_loop *l, int64_t now_ms);
void net_corks_flush(struct net_loop *l); /* at the end of each turn */
void net_corks_free(struct net_loop *l);  /* those that are kept for use again */
void net_conns_close(struct net_loop *l);
/* Tell every connection of this loop that the server is stopping. On the loop. */
void net_conns_stopping(struct net_loop *l);

#endif
