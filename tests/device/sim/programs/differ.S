// Runs cases: loads a case's registers and memory, jumps to its form (the code under test), and
// appends to the output what it left. A form may use any register but x1..x4 freely, finds x3 and
// x4 as they are, and returns by a jump to RET(x4). Under Linux a trap is a signal, which makes
// the outcome of the case; where nobody delivers signals, a trap ends the run.
//
// Defined outside: VLENB (0: no vector registers), FLAGS (1: read fflags), MEMORY (1: keep the
// sandbox), CONTROL and SANDBOX (addresses), and FORMS (the file with the forms).

#define PAGE 4096
// A case.
#define FORM 0
#define RET 8
#define AVL 16
#define VTYPE 24
#define VSTART 32
#define VCSR 40
#define FFLAGS 48
#define FRM 56
#define X_IMAGE 64
#define V_IMAGE 72
#define MEMORY_IMAGE 80
#define CASE_SIZE 88
// The control block: first and last case, where output goes on, what is under way,
// where output starts.
#define FIRST 0
#define END 8
#define OUTPUT 16
#define CURRENT 24
#define FIRST_OUTPUT 32

.macro each_x op, base, at
  .irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op x\n, \at + 8 * (\n - 5)(\base)
  .endr
.endm
.macro each_f op, base, at
  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op f\n, \at + 8 * \n(\base)
  .endr
.endm
.macro copy_page from, to
  li x7, PAGE / 32
8:
  .irp n, 0,8,16,24
    ld x8, \n(\from)
    sd x8, \n(\to)
  .endr
  addi \from, \from, 32
  addi \to, \to, 32
  addi x7, x7, -1
  bnez x7, 8b
.endm

.text
.globl _start
_start:
  la a0, altstack
  li a1, 0
  li a7, 132                    // sigaltstack
  ecall
  .irp signal, 4, 7, 11         // SIGILL, SIGBUS, SIGSEGV
    li a0, \signal
    la a1, action
    li a2, 0
    li a3, 8
    li a7, 134                  // rt_sigaction
    ecall
  .endr
  li x1, CONTROL
  ld x4, FIRST(x1)
  ld x3, OUTPUT(x1)

next:
  li x1, CONTROL
  ld x2, END(x1)
  bgeu x4, x2, finish
  sd x4, CURRENT(x1)
  sd x3, OUTPUT(x1)
#if VLENB
  ld x1, V_IMAGE(x4)
  li x2, 8 * VLENB
  csrwi vstart, 0
  vl8re64.v v0, (x1)
  add x1, x1, x2
  vl8re64.v v8, (x1)
  add x1, x1, x2
  vl8re64.v v16, (x1)
  add x1, x1, x2
  vl8re64.v v24, (x1)
  ld x1, VCSR(x4)
  csrw vcsr, x1
#endif
#if MEMORY
  ld x5, MEMORY_IMAGE(x4)
  li x6, SANDBOX
  copy_page x5, x6
#endif
  ld x1, FRM(x4)
  frrm x2
  beq x1, x2, 1f
  fsrm x1
1:
#if FLAGS
  ld x1, FFLAGS(x4)
  csrw fflags, x1
#endif
  ld x2, X_IMAGE(x4)
  each_x ld, x2, 0
  each_f fld, x2, 216
  ld x1, FORM(x4)
  jr x1

.globl done
done:
  li x2, 0
trapped:                        // x2: the signal
  sd x2, 0(x3)
  each_x sd, x3, 8
  each_f fsd, x3, 224
#if FLAGS
  csrr x2, fcsr
#else
  li x2, 0
#endif
  sd x2, 480(x3)
#if VLENB
  csrr x1, vl
  sd x1, 488(x3)
  csrr x1, vtype
  sd x1, 496(x3)
  csrr x1, vstart
  sd x1, 504(x3)
  csrr x1, vcsr
  sd x1, 512(x3)
  addi x3, x3, 520
  vsetvli x1, x0, e64, m8, ta, ma  // QEMU is faster at wide elements
  li x2, 8 * VLENB
  vse64.v v0, (x3)
  add x3, x3, x2
  vse64.v v8, (x3)
  add x3, x3, x2
  vse64.v v16, (x3)
  add x3, x3, x2
  vse64.v v24, (x3)
  add x3, x3, x2
#else
  addi x3, x3, 520
#endif
#if MEMORY
  li x5, SANDBOX
  copy_page x5, x3
#endif
  addi x4, x4, CASE_SIZE
  j next

finish:                         // write all output; exit(0)
  sd x4, CURRENT(x1)
  sd x3, OUTPUT(x1)
  mv s1, x3
  ld s0, FIRST_OUTPUT(x1)
2:
  bgeu s0, s1, 3f
  li a0, 1
  mv a1, s0
  sub a2, s1, s0
  li a7, 64
  ecall
  add s0, s0, a0
  bgtz a0, 2b
3:
  li a0, 0
  li a7, 93
  ecall

handler:                        // (signal, info, context): go on at `trapped`
  la t0, trapped
  sd t0, 176(a2)                // the context's pc
  sd a0, 176 + 8 * 2(a2)        // and its x2
  ret

.balign 8
action:
  .dword handler, 0x48000004, 0 // SA_SIGINFO | SA_ONSTACK | SA_NODEFER
altstack:
  .dword SIGNAL_STACK, 0, 16384

.balign 8
#include FORMS
