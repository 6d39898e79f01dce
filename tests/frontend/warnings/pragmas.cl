#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-value"
void off(int n) { n; }  // missing-prototypes@everything
#pragma clang diagnostic pop
void on(int n) { n; }  // missing-prototypes@everything unused-value
#pragma clang diagnostic warning "-Wunused-variable"
void one(int n) { int k; }  // missing-prototypes@everything unused-parameter@all unused-variable
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused"
void none(int n) { int k; n; }  // missing-prototypes@everything
#pragma clang diagnostic pop
void two(int n) { int k; n; }  // missing-prototypes@everything unused-value unused-variable
void inside(int n) {  // missing-prototypes@everything
#pragma clang diagnostic ignored "-Wunused-value"
 n;
}
#pragma clang diagnostic warning "-Wunused-value"
#define QUIET _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wunused-value\"")
#define LOUD _Pragma("clang diagnostic pop")
QUIET
void macro(int n) { n; }  // missing-prototypes@everything
LOUD
void loud(int n) { n; }  // missing-prototypes@everything unused-value
#pragma GCC diagnostic ignored "-Wunused-value"
void gcc(int n) { n; }  // missing-prototypes@everything
#pragma clang diagnostic ignored "-Wmacro-redefined"
#define A 1
#define A 2
#pragma clang diagnostic warning "-Wmacro-redefined"
#define A 3  // macro-redefined
