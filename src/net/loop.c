#include "net/loop.h"

#include <stdlib.h>

#include "net/conn.h"
#include "os/clock.h"

struct net_letter {
    struct net_letter *next;
    void (*fn)(struct net_loop *l, void *arg);
    void *arg;
    _Alignas(16) char copy[];
};

struct loop_start {
    struct net_loop *loop;
    void (*begin)(struct net_loop *l, void *context);
    void (*end)(struct net_loop *l, void *context);
    void *context;
};

/* --- mailbox ------------------------------------------------------------------------------- */

static struct net_letter *letter_new(void (*fn)(struct net_loop *l, void *arg), void *arg,
                                     struct str copy)
{
    struct net_letter *letter = malloc(sizeof *letter + copy.n);
    if (!letter)
        abort(); /* a lost letter is a request that never ends: better to start again */
    letter->next = NULL;
    letter->fn = fn;
    letter->arg = copy.n ? letter->copy : arg;
    if (copy.n)
        memcpy(letter->copy, copy.s, copy.n);
    return letter;
}

static void send_letter(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), void *arg,
                        struct str copy)
{
    struct net_letter *letter = letter_new(fn, arg, copy);
    mutex_lock(&l->mail_lock);
    *l->last = letter;
    l->last = &letter->next;
    if (!l->mail_closed) /* else net_loops_stop reads what still came */
        uv_async_send(&l->mail);
    mutex_unlock(&l->mail_lock);
}

void net_post(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), void *arg)
{
    send_letter(l, fn, arg, STR_NONE);
}

void net_post_copy(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), struct str bytes)
{
    assert(bytes.n);
    send_letter(l, fn, NULL, bytes);
}

static void read_all(struct net_loop *l, struct net_letter *letter)
{
    while (letter) {
        struct net_letter *next = letter->next;
        l->more = next != NULL;
        letter->fn(l, letter->arg);
        free(letter);
        letter = next;
    }
    l->more = false;
}

/* Was there any? */
static bool read_letters(struct net_loop *l)
{
    mutex_lock(&l->mail_lock);
    struct net_letter *letter = l->first;
    l->first = NULL;
    l->last = &l->first;
    mutex_unlock(&l->mail_lock);
    read_all(l, letter);
    return letter != NULL;
}

static void read_mail(uv_async_t *async)
{
    read_letters(async->data);
}

/* What these leave for the turn behind this one stays. */
static bool read_left(struct net_loop *l)
{
    struct net_letter *letter = l->left;
    l->left = NULL;
    l->last_left = &l->left;
    read_all(l, letter);
    return letter != NULL;
}

static void on_idle(uv_idle_t *idle)
{
    struct net_loop *l = idle->data;
    read_left(l);
    if (!l->left)
        uv_idle_stop(idle);
}

void net_next_turn(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), void *arg)
{
    struct net_letter *letter = letter_new(fn, arg, STR_NONE);
    *l->last_left = letter;
    l->last_left = &letter->next;
    if (!uv_is_closing((uv_handle_t *)&l->idle)) /* else net_loops_stop reads it */
        uv_idle_start(&l->idle, on_idle);
}

/* --- life -------------------------------------------------------------------------------------- */

/* libuv looks at the clock when it has waited and when it has called back all that was due: between the two is the turn. Its
 * milliseconds are whole ones, but what the many short turns lose some of them gain. */
static void on_woken(uv_check_t *woken)
{
    struct net_loop *l = woken->data;
    l->woke_ms = (int64_t)uv_now(&l->uv);
}

static void see_how_busy(struct net_loop *l)
{
    int64_t now_ms = (int64_t)uv_now(&l->uv);
    l->busy = l->worked_ms * 2 >= now_ms - l->ticked_ms;
    l->worked_ms = 0;
    l->ticked_ms = now_ms;
}

static void on_tick(uv_timer_t *timer)
{
    struct net_loop *l = timer->data;
    net_conns_tick(l, clock_monotonic_ms());
    see_how_busy(l);
}

static void on_turn(uv_prepare_t *turn)
{
    struct net_loop *l = turn->data;
    if (l->woke_ms)
        l->worked_ms += (int64_t)uv_now(&l->uv) - l->woke_ms;
    if (l->before_wait)
        l->before_wait(l, l->before_wait_context);
    net_corks_flush(l);
}

static void run(void *arg)
{
    struct loop_start start = *(struct loop_start *)arg;
    free(arg);
    thread_is_waited_for();
    if (start.begin)
        start.begin(start.loop, start.context);
    uv_run(&start.loop->uv, UV_RUN_DEFAULT);
    if (start.end)
        start.end(start.loop, start.context);
}

static err_t loop_init(struct net_loop *l, int number)
{
    l->number = number;
    l->last = &l->first;
    l->last_left = &l->left;
    mutex_init(&l->mail_lock);
    l->read_buffer = malloc(NET_READ_BYTES);
    if (!l->read_buffer || uv_loop_init(&l->uv) != 0)
        return E_BUSY;
    l->mail.data = l->tick.data = l->turn.data = l->woken.data = l->idle.data = l;
    if (uv_async_init(&l->uv, &l->mail, read_mail) != 0 || uv_timer_init(&l->uv, &l->tick) != 0)
        return E_BUSY;
    uv_idle_init(&l->uv, &l->idle); /* none of these fails */
    uv_prepare_init(&l->uv, &l->turn);
    uv_prepare_start(&l->turn, on_turn);
    uv_check_init(&l->uv, &l->woken);
    uv_check_start(&l->woken, on_woken);
    l->ticked_ms = (int64_t)uv_now(&l->uv);
    return uv_timer_start(&l->tick, on_tick, NET_TICK_MS, NET_TICK_MS) == 0 ? OK : E_BUSY;
}

err_t net_loops_start(int count, void (*begin)(struct net_loop *l, void *context),
                      void (*end)(struct net_loop *l, void *context), void *context,
                      struct net_loop **ret)
{
    struct net_loop *loops = calloc((size_t)count, sizeof *loops);
    if (!loops)
        return E_BUSY;
    for (int i = 0; i < count; i++) {
        struct loop_start *start = malloc(sizeof *start);
        err_t e = start ? loop_init(&loops[i], i) : E_BUSY;
        if (e == OK) {
            *start = (struct loop_start){ &loops[i], begin, end, context };
            e = thread_start(&loops[i].thread, "loop", run, start);
        }
        if (e != OK) {
            free(start);
            net_loops_stop(loops, i);
            return e;
        }
    }
    *ret = loops;
    return OK;
}

static void close_any(uv_handle_t *handle, void *arg)
{
    UNUSED(arg);
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_all(struct net_loop *l, void *arg)
{
    UNUSED(arg);
    net_conns_close(l);
    mutex_lock(&l->mail_lock);
    l->mail_closed = true;
    mutex_unlock(&l->mail_lock);
    uv_close((uv_handle_t *)&l->tick, NULL);
    uv_close((uv_handle_t *)&l->turn, NULL);
    uv_close((uv_handle_t *)&l->woken, NULL);
    uv_close((uv_handle_t *)&l->mail, NULL);
    uv_close((uv_handle_t *)&l->idle, NULL);
}

/* What one loop posted to another that had ended already (a connection that moved) still has to be cleaned up. */
static void read_late_letters(struct net_loop *loops, int count)
{
    bool any;
    do {
        any = false;
        for (int i = 0; i < count; i++) {
            any |= read_letters(&loops[i]) | read_left(&loops[i]);
            uv_run(&loops[i].uv, UV_RUN_NOWAIT);
        }
    } while (any);
}

void net_loops_stop(struct net_loop *loops, int count)
{
    if (!loops)
        return;
    for (int i = 0; i < count; i++) {
        loops[i].stopping = true;
        net_post(&loops[i], close_all, NULL);
    }
    for (int i = 0; i < count; i++)
        thread_join(&loops[i].thread);
    read_late_letters(loops, count);
    for (int i = 0; i < count; i++) {
        uv_walk(&loops[i].uv, close_any, NULL);
        uv_run(&loops[i].uv, UV_RUN_DEFAULT);
        uv_loop_close(&loops[i].uv);
        mutex_free(&loops[i].mail_lock);
        net_corks_free(&loops[i]);
        free(loops[i].read_buffer);
    }
    free(loops);
}
