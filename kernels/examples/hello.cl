// Every work-item says who it is.
kernel void hello(int answer) {
    printf("Hello from %s! tid=%d, lid=%d, gid=%d, answer=%d\n", "kcc", (int)get_global_id(0),
           (int)get_local_id(0), (int)get_group_id(0), answer);
}
