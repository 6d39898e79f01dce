// Every work-item says who it is.
kernel void hello(void) {
    printf("Hello from clik_sync! tid=%d, lid=%d, gid=%d\n", (int)get_global_id(0),
           (int)get_local_id(0), (int)get_group_id(0));
}
