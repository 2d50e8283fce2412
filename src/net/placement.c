#include "net/placement.h"

#include <linux/filter.h>
#include <sys/socket.h>

enum placement placement_of(const struct net_loop *loops, int count, enum placement now)
{
    size_t first = loops[0].conn_count, all = first;
    bool busy = loops[0].busy;
    for (int i = 1; i < count; i++) {
        all += loops[i].conn_count;
        busy |= now != PLACE_FIRST && loops[i].busy;
    }
    if (!busy && all < (now == PLACE_FIRST ? PLACE_FEW : PLACE_FEW / 2))
        return PLACE_FIRST;
    return first * (size_t)count > all ? PLACE_OTHERS : PLACE_ALL;
}

/* The program gives the number of a socket in its group, in the order in which they began to listen; to a number that none has the
 * kernel prefers its hash. */
bool placement_set(int fd, int count, enum placement p)
{
    struct sock_filter others[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (uint32_t)count - 1),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_filter one[] = { BPF_STMT(BPF_RET | BPF_K, p == PLACE_FIRST ? 0 : UINT32_MAX) };
    struct sock_fprog program = { .len = COUNTOF(one), .filter = one };
    assert(count > 1);
    if (p == PLACE_OTHERS)
        program = (struct sock_fprog){ .len = COUNTOF(others), .filter = others };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0;
}
