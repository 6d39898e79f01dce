"""Every builtin function of OpenCL C as a row of text; builtins.py says what the words mean.

    lanes counts: result name name ...(parameters) @since @needs

A row declares each of its names for every lane type and count it lists. In it,

    T t          the lane type in so many lanes, and the lane type itself
    U u, S s     the unsigned and the signed integers of the same size, likewise
    W            integers of twice the size
    TM           the lane type in 2, 4, 8 or 16 lanes, whatever T has
    intN         an int for each lane
    A            the atomic type of the lane type
    T* const T*  pointers into every address space that can be written, or read
    name#        the name with the number of lanes behind it

@since is the OpenCL C version as __OPENCL_C_VERSION__ has it, 100 when it is missing; @needs an
extension's macro, or a feature of OpenCL C 3.0, without which the function does not exist.

Source: OpenCL C 3.0, section 6.15; OpenCL C 1.2, section 6.12. printf is check_printf's.
"""

from __future__ import annotations

ROWS = """
uint get_work_dim()
size_t get_global_size get_global_id get_local_size get_local_id get_num_groups get_group_id(uint)
size_t get_global_offset(uint) @110
size_t get_enqueued_local_size(uint) @200
size_t get_global_linear_id get_local_linear_id() @200
uint get_sub_group_size get_max_sub_group_size get_num_sub_groups() @200 @subgroups
uint get_enqueued_num_sub_groups() @200 @subgroups
uint get_sub_group_id get_sub_group_local_id() @200 @subgroups

FLOATS n: T acos acosh acospi asin asinh asinpi atan atanh atanpi cbrt cos cosh cospi erf erfc(T)
FLOATS n: T exp exp2 exp10 expm1 lgamma log log2 log10 log1p sin sinh sinpi tan tanh tanpi tgamma(T)
FLOATS n: T ceil fabs floor logb rint round rsqrt sqrt trunc(T)
FLOATS n: T atan2 atan2pi hypot pow powr copysign fdim fmax fmin fmod nextafter remainder(T, T)
FLOATS n: T maxmag minmag(T, T)
FLOATS v: T fmax fmin(T, t)
FLOATS n: T fma mad(T, T, T)
FLOATS n: T fract modf sincos(T, T*)
FLOATS n: T frexp lgamma_r(T, intN*)
FLOATS n: T remquo(T, T, intN*)
FLOATS n: intN ilogb(T)
FLOATS n: T ldexp pown rootn(T, intN)
FLOATS v: T ldexp(T, int)
FLOATS n: T nan(U)
float n: T half_cos half_exp half_exp2 half_exp10 half_log half_log2 half_log10 half_recip(T)
float n: T half_rsqrt half_sin half_sqrt half_tan(T)
float n: T native_cos native_exp native_exp2 native_exp10 native_log native_log2 native_log10(T)
float n: T native_recip native_rsqrt native_sin native_sqrt native_tan(T)
float n: T half_divide half_powr native_divide native_powr(T, T)

INTS n: U abs(T)
INTS n: U abs_diff(T, T)
INTS n: T add_sat hadd rhadd mul_hi rotate sub_sat(T, T)
INTS n: T mad_hi mad_sat(T, T, T)
INTS n: T clz(T)
INTS n: T popcount(T) @120
INTS n: T ctz(T) @200
WORDS n: T mul24(T, T)
WORDS n: T mad24(T, T, T)
NARROW n: W upsample(T, U)

ALL n: T max min(T, T)
ALL v: T max min(T, t)
ALL n: T clamp(T, T, T)
ALL v: T clamp(T, t, t)
FLOATS n: T degrees radians sign(T)
FLOATS n: T mix smoothstep(T, T, T)
FLOATS v: T mix(T, T, t)
FLOATS v: T smoothstep(t, t, T)
FLOATS n: T step(T, T)
FLOATS v: T step(t, T)

FLOATS x: T cross(T, T)
FLOATS g: t dot distance(T, T)
FLOATS g: t length(T)
FLOATS g: T normalize(T)
float g: t fast_distance(T, T)
float g: t fast_length(T)
float g: T fast_normalize(T)

FLOATS 1: int isequal isnotequal isgreater isgreaterequal isless islessequal islessgreater(T, T)
FLOATS v: S isequal isnotequal isgreater isgreaterequal isless islessequal islessgreater(T, T)
FLOATS 1: int isordered isunordered(T, T)
FLOATS v: S isordered isunordered(T, T)
FLOATS 1: int isfinite isinf isnan isnormal signbit(T)
FLOATS v: S isfinite isinf isnan isnormal signbit(T)
SIGNED n: int any all(T)
ALL n: T bitselect(T, T, T)
ALL n: T select(T, T, S)
ALL n: T select(T, T, U)

ALL v: T vload#(size_t, const t*)
ALL v: void vstore#(T, size_t, t*)
float 1: T vload_half(size_t, const half*)
float v: T vload_half# vloada_half#(size_t, const half*)
SINGLES 1: void vstore_half vstore_half_rte vstore_half_rtz vstore_half_rtp(T, size_t, half*)
SINGLES 1: void vstore_half_rtn(T, size_t, half*)
SINGLES v: void vstore_half# vstore_half#_rte vstore_half#_rtz vstore_half#_rtp(T, size_t, half*)
SINGLES v: void vstore_half#_rtn vstorea_half# vstorea_half#_rte(T, size_t, half*)
SINGLES v: void vstorea_half#_rtz vstorea_half#_rtp vstorea_half#_rtn(T, size_t, half*)
ALL p: T shuffle(TM, U) @110
ALL p: T shuffle2(TM, TM, U) @110

void barrier mem_fence read_mem_fence write_mem_fence(uint)
void work_group_barrier(uint) @200
void work_group_barrier(uint, int) @200
void sub_group_barrier(uint) @200 @subgroups
void sub_group_barrier(uint, int) @200 @subgroups

ALL n: event_t async_work_group_copy(local T*, const global T*, size_t, event_t)
ALL n: event_t async_work_group_copy(global T*, const local T*, size_t, event_t)
ALL n: event_t async_work_group_strided_copy(local T*, const global T*, size_t, size_t, event_t)
ALL n: event_t async_work_group_strided_copy(global T*, const local T*, size_t, size_t, event_t)
void wait_group_events(int, generic event_t*)
ALL n: void prefetch(const global T*, size_t)

WORDS 1: T atomic_add atomic_sub atomic_xchg atomic_min atomic_max(volatile global T*, T) @110
WORDS 1: T atomic_add atomic_sub atomic_xchg atomic_min atomic_max(volatile local T*, T) @110
WORDS 1: T atomic_and atomic_or atomic_xor(volatile global T*, T) @110
WORDS 1: T atomic_and atomic_or atomic_xor(volatile local T*, T) @110
float 1: T atomic_xchg(volatile global T*, T) @110
float 1: T atomic_xchg(volatile local T*, T) @110
WORDS 1: T atomic_inc atomic_dec(volatile global T*) @110
WORDS 1: T atomic_inc atomic_dec(volatile local T*) @110
WORDS 1: T atomic_cmpxchg(volatile global T*, T, T) @110
WORDS 1: T atomic_cmpxchg(volatile local T*, T, T) @110
WORDS 1: T atom_add atom_sub atom_xchg(volatile global T*, T) @cl_khr_global_int32_base_atomics
WORDS 1: T atom_add atom_sub atom_xchg(volatile local T*, T) @cl_khr_local_int32_base_atomics
WORDS 1: T atom_inc atom_dec(volatile global T*) @cl_khr_global_int32_base_atomics
WORDS 1: T atom_inc atom_dec(volatile local T*) @cl_khr_local_int32_base_atomics
WORDS 1: T atom_cmpxchg(volatile global T*, T, T) @cl_khr_global_int32_base_atomics
WORDS 1: T atom_cmpxchg(volatile local T*, T, T) @cl_khr_local_int32_base_atomics
WORDS 1: T atom_min atom_max atom_and(volatile global T*, T) @cl_khr_global_int32_extended_atomics
WORDS 1: T atom_min atom_max atom_and(volatile local T*, T) @cl_khr_local_int32_extended_atomics
WORDS 1: T atom_or atom_xor(volatile global T*, T) @cl_khr_global_int32_extended_atomics
WORDS 1: T atom_or atom_xor(volatile local T*, T) @cl_khr_local_int32_extended_atomics
LONGS 1: T atom_add atom_sub atom_xchg(volatile global T*, T) @cl_khr_int64_base_atomics
LONGS 1: T atom_add atom_sub atom_xchg(volatile local T*, T) @cl_khr_int64_base_atomics
LONGS 1: T atom_inc atom_dec(volatile global T*) @cl_khr_int64_base_atomics
LONGS 1: T atom_inc atom_dec(volatile local T*) @cl_khr_int64_base_atomics
LONGS 1: T atom_cmpxchg(volatile global T*, T, T) @cl_khr_int64_base_atomics
LONGS 1: T atom_cmpxchg(volatile local T*, T, T) @cl_khr_int64_base_atomics
LONGS 1: T atom_min atom_max atom_and(volatile global T*, T) @cl_khr_int64_extended_atomics
LONGS 1: T atom_min atom_max atom_and(volatile local T*, T) @cl_khr_int64_extended_atomics
LONGS 1: T atom_or atom_xor(volatile global T*, T) @cl_khr_int64_extended_atomics
LONGS 1: T atom_or atom_xor(volatile local T*, T) @cl_khr_int64_extended_atomics

ATOMIC 1: void atomic_init atomic_store(volatile A*, T) @200
ATOMIC 1: void atomic_store_explicit(volatile A*, T, int) @200
ATOMIC 1: void atomic_store_explicit(volatile A*, T, int, int) @200
ATOMIC 1: T atomic_load(volatile A*) @200
ATOMIC 1: T atomic_load_explicit(volatile A*, int) @200
ATOMIC 1: T atomic_load_explicit(volatile A*, int, int) @200
ATOMIC 1: T atomic_exchange(volatile A*, T) @200
ATOMIC 1: T atomic_exchange_explicit(volatile A*, T, int) @200
ATOMIC 1: T atomic_exchange_explicit(volatile A*, T, int, int) @200
ATOMIC 1: bool atomic_compare_exchange_strong(volatile A*, T*, T) @200
ATOMIC 1: bool atomic_compare_exchange_weak(volatile A*, T*, T) @200
ATOMIC 1: bool atomic_compare_exchange_strong_explicit(volatile A*, T*, T, int, int) @200
ATOMIC 1: bool atomic_compare_exchange_weak_explicit(volatile A*, T*, T, int, int) @200
ATOMIC 1: bool atomic_compare_exchange_strong_explicit(volatile A*, T*, T, int, int, int) @200
ATOMIC 1: bool atomic_compare_exchange_weak_explicit(volatile A*, T*, T, int, int, int) @200
WORDS 1: T atomic_fetch_add atomic_fetch_sub(volatile A*, T) @200
WORDS 1: T atomic_fetch_add_explicit atomic_fetch_sub_explicit(volatile A*, T, int) @200
WORDS 1: T atomic_fetch_add_explicit atomic_fetch_sub_explicit(volatile A*, T, int, int) @200
WORDS 1: T atomic_fetch_or atomic_fetch_xor atomic_fetch_and(volatile A*, T) @200
WORDS 1: T atomic_fetch_or_explicit atomic_fetch_xor_explicit(volatile A*, T, int) @200
WORDS 1: T atomic_fetch_and_explicit(volatile A*, T, int) @200
WORDS 1: T atomic_fetch_or_explicit atomic_fetch_xor_explicit(volatile A*, T, int, int) @200
WORDS 1: T atomic_fetch_and_explicit(volatile A*, T, int, int) @200
WORDS 1: T atomic_fetch_min atomic_fetch_max(volatile A*, T) @200
WORDS 1: T atomic_fetch_min_explicit atomic_fetch_max_explicit(volatile A*, T, int) @200
WORDS 1: T atomic_fetch_min_explicit atomic_fetch_max_explicit(volatile A*, T, int, int) @200
LONGS 1: T atomic_fetch_add atomic_fetch_sub(volatile A*, T) @200
LONGS 1: T atomic_fetch_add_explicit atomic_fetch_sub_explicit(volatile A*, T, int) @200
LONGS 1: T atomic_fetch_add_explicit atomic_fetch_sub_explicit(volatile A*, T, int, int) @200
LONGS 1: T atomic_fetch_or atomic_fetch_xor atomic_fetch_and(volatile A*, T) @200
LONGS 1: T atomic_fetch_or_explicit atomic_fetch_xor_explicit(volatile A*, T, int) @200
LONGS 1: T atomic_fetch_and_explicit(volatile A*, T, int) @200
LONGS 1: T atomic_fetch_or_explicit atomic_fetch_xor_explicit(volatile A*, T, int, int) @200
LONGS 1: T atomic_fetch_and_explicit(volatile A*, T, int, int) @200
LONGS 1: T atomic_fetch_min atomic_fetch_max(volatile A*, T) @200
LONGS 1: T atomic_fetch_min_explicit atomic_fetch_max_explicit(volatile A*, T, int) @200
LONGS 1: T atomic_fetch_min_explicit atomic_fetch_max_explicit(volatile A*, T, int, int) @200
ulong atomic_fetch_add atomic_fetch_sub(volatile atomic_ulong*, long) @200
ulong atomic_fetch_add_explicit atomic_fetch_sub_explicit(volatile atomic_ulong*, long, int) @200
ulong atomic_fetch_add_explicit(volatile atomic_ulong*, long, int, int) @200
ulong atomic_fetch_sub_explicit(volatile atomic_ulong*, long, int, int) @200
bool atomic_flag_test_and_set(volatile atomic_flag*) @200
bool atomic_flag_test_and_set_explicit(volatile atomic_flag*, int) @200
bool atomic_flag_test_and_set_explicit(volatile atomic_flag*, int, int) @200
void atomic_flag_clear(volatile atomic_flag*) @200
void atomic_flag_clear_explicit(volatile atomic_flag*, int) @200
void atomic_flag_clear_explicit(volatile atomic_flag*, int, int) @200
void atomic_work_item_fence(uint, int, int) @200

int work_group_all work_group_any(int) @200 @collective
SCAN 1: T work_group_broadcast(T, size_t) @200 @collective
SCAN 1: T work_group_broadcast(T, size_t, size_t) @200 @collective
SCAN 1: T work_group_broadcast(T, size_t, size_t, size_t) @200 @collective
SCAN 1: T work_group_reduce_add work_group_reduce_min work_group_reduce_max(T) @200 @collective
SCAN 1: T work_group_scan_exclusive_add work_group_scan_exclusive_min(T) @200 @collective
SCAN 1: T work_group_scan_exclusive_max work_group_scan_inclusive_add(T) @200 @collective
SCAN 1: T work_group_scan_inclusive_min work_group_scan_inclusive_max(T) @200 @collective
int sub_group_all sub_group_any(int) @200 @subgroups
SCAN 1: T sub_group_broadcast(T, uint) @200 @subgroups
SCAN 1: T sub_group_reduce_add sub_group_reduce_min sub_group_reduce_max(T) @200 @subgroups
SCAN 1: T sub_group_scan_exclusive_add sub_group_scan_exclusive_min(T) @200 @subgroups
SCAN 1: T sub_group_scan_exclusive_max sub_group_scan_inclusive_add(T) @200 @subgroups
SCAN 1: T sub_group_scan_inclusive_min sub_group_scan_inclusive_max(T) @200 @subgroups
"""

# Names that no row declares, since types that they take do not exist here, and what they are of.
OUTSIDE = {
    "images are": """
        read_imagef read_imagei read_imageui read_imageh write_imagef write_imagei write_imageui
        write_imageh get_image_width get_image_height get_image_depth get_image_dim
        get_image_array_size get_image_channel_data_type get_image_channel_order
        get_image_num_samples get_image_num_mip_levels""",
    "pipes are": """
        read_pipe write_pipe reserve_read_pipe reserve_write_pipe commit_read_pipe
        commit_write_pipe is_valid_reserve_id work_group_reserve_read_pipe
        work_group_reserve_write_pipe work_group_commit_read_pipe work_group_commit_write_pipe
        sub_group_reserve_read_pipe sub_group_reserve_write_pipe sub_group_commit_read_pipe
        sub_group_commit_write_pipe get_pipe_num_packets get_pipe_max_packets""",
    "device-side enqueue is": """
        enqueue_kernel enqueue_marker get_default_queue ndrange_1D ndrange_2D ndrange_3D
        get_kernel_work_group_size get_kernel_preferred_work_group_size_multiple
        get_kernel_sub_group_count_for_ndrange get_kernel_max_sub_group_size_for_ndrange
        retain_event release_event create_user_event is_valid_event set_user_event_status
        capture_event_profiling_info""",
}

# The constants of memory_order and memory_scope (OpenCL C 3.0, section 6.15.12), with the values
# that C11's and clang's have; since OpenCL C 2.0.
ENUMERATORS = {
    "memory_order_relaxed": 0,
    "memory_order_acquire": 2,
    "memory_order_release": 3,
    "memory_order_acq_rel": 4,
    "memory_order_seq_cst": 5,
    "memory_scope_work_item": 0,
    "memory_scope_work_group": 1,
    "memory_scope_device": 2,
    "memory_scope_all_svm_devices": 3,
    "memory_scope_all_devices": 3,
    "memory_scope_sub_group": 4,
}
