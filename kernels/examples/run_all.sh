#!/bin/sh
# Run every example here on a device and check what it computes: run_all.sh [DEVICE [FLAG...]].
# DEVICE is what `kcc run --device` takes, m1 by default; KCC is the command, if it is not `kcc`.
# Exits with 1 if any example fails.

here=$(dirname "$0")
device=${1:-m1}
[ $# -gt 0 ] && shift
flags=$*
status=0

check() { # check NAME WORD...: one example, with its arguments and what to expect
    name=$1
    shift
    # shellcheck disable=SC2086 # KCC and flags are words
    if ${KCC:-kcc} run "$here/$name.cl" --device "$device" $flags "$@"; then
        echo "$name: ok"
    else
        echo "$name: FAILED" >&2
        status=1
    fi
}

check vector_add -g 1000 -l 8 a=range:1000 b=random:1000 c=zeros:1000 --expect 'c == a + b'
check saxpy -g 1008 -l 16 x=range:1000 y=random:1000 alpha=2 n=1000 \
    --expect 'y == 2 * x + initial.y'
check copy -g 777 src=random:777 dst=zeros:777 --expect 'dst == src'
check matrix_multiply -g 40,20 -l 8,4 a=range:85:-40 b=range:165:-80 c=zeros:561 m=17 n=33 k=5 \
    --expect 'reshape(c, (17, 33)) == reshape(a, (17, 5)) @ reshape(b, (5, 33))'
check transpose -g 40,16 -l 8,8 src=random:407 dst=zeros:407 width=37 height=11 \
    --expect 'reshape(dst, (37, 11)) == transpose(reshape(src, (11, 37)))'
check prefix_rows -g 8 -l 4 src=random:650 dst=zeros:650 width=130 rows=5 \
    --expect 'reshape(dst, (5, 130)) == int32(cumsum(reshape(src, (5, 130)), axis=1))'
check histogram -g 8 -l 1 data=random:1000 counts=fill:2048:99 n=1000 per_item=130 \
    --expect 'sum(reshape(counts, (8, 256)), axis=0) == bincount(data, minlength=256)'
check hash -g 32 -l 32 keys=range:8 hashes=zeros:8 n=8 --expect 'hashes == [1732945234,
    1815794837, 3208613103, 519498286, 3676434597, 2422751019, 4053619446, 1230425474]'
check mandelbrot -g 16,4 -l 16,4 iterations=zeros:27 width=9 height=3 limit=50 \
    --expect 'iterations == [1, 1, 1, 2, 3, 3, 3, 2, 2, 1, 1, 3, 5, 6, 50, 50, 50, 4, 1, 1, 3, 5,
    6, 50, 50, 50, 4]'
check blur -g 8,4 -l 8,4 src='[0,37,74,111,148,185,222,3,40,77,114,151,188,225,6,43,80,117,154,191,228,9,46,83]' \
    dst=zeros:24 width=6 height=4 --expect 'dst == [60, 58, 70, 99, 133, 158, 120, 92, 75, 84, 111,
    135, 162, 134, 97, 76, 85, 105, 172, 164, 127, 81, 67, 82]'
check hello -g 8 -l 4 answer=42
exit $status
