"""Special values of the mathematical functions, as data: rows of `function: x [y] -> result, ...`.

Sources: OpenCL C 3.0, section 7.5.1 (what it adds to C), and C99, annex F.9. Results that are no
special values need only be as accurate as the function. A row of every kind of zero, infinity and
NaN that the standards name; `big` is an even number that is greater than any exponent, `tiny` the
least number.
"""

ROWS = """
acos: 1 -> 0, 1.5 -> nan, -1.5 -> nan, inf -> nan, nan -> nan
acosh: 1 -> 0, 0.5 -> nan, -1 -> nan, -inf -> nan, inf -> inf, nan -> nan
acospi: 1 -> 0, -1 -> 1, 0 -> 0.5, 1.5 -> nan, -1.5 -> nan, nan -> nan
asin: 0 -> 0, -0 -> -0, 1.5 -> nan, -1.5 -> nan, nan -> nan
asinh: 0 -> 0, -0 -> -0, inf -> inf, -inf -> -inf, tiny -> tiny, nan -> nan
asinpi: 0 -> 0, -0 -> -0, 1 -> 0.5, -1 -> -0.5, 1.5 -> nan, -inf -> nan, nan -> nan
atan: 0 -> 0, -0 -> -0, tiny -> tiny, nan -> nan
atan2: 0 -0 -> pi, -0 -0 -> -pi, 0 0 -> 0, -0 0 -> -0, 0 -2 -> pi, -0 -2 -> -pi, 0 2 -> 0
atan2: -0 2 -> -0, -2 0 -> -pi/2, -2 -0 -> -pi/2, 2 0 -> pi/2, 2 -0 -> pi/2, 2 -inf -> pi
atan2: -2 -inf -> -pi, 2 inf -> 0, -2 inf -> -0, inf 2 -> pi/2, -inf 2 -> -pi/2
atan2: inf -inf -> 3pi/4, -inf -inf -> -3pi/4, inf inf -> pi/4, -inf inf -> -pi/4
atan2: nan 1 -> nan, 1 nan -> nan, nan inf -> nan
atan2pi: 0 -0 -> 1, -0 -0 -> -1, 0 0 -> 0, -0 0 -> -0, 0 -2 -> 1, -0 -2 -> -1, 0 2 -> 0
atan2pi: -0 2 -> -0, -2 0 -> -0.5, -2 -0 -> -0.5, 2 0 -> 0.5, 2 -0 -> 0.5, 2 -inf -> 1
atan2pi: -2 -inf -> -1, 2 inf -> 0, -2 inf -> -0, inf 2 -> 0.5, -inf 2 -> -0.5
atan2pi: inf -inf -> 0.75, -inf -inf -> -0.75, inf inf -> 0.25, -inf inf -> -0.25, nan 1 -> nan
atanh: 0 -> 0, -0 -> -0, 1 -> inf, -1 -> -inf, 1.5 -> nan, -inf -> nan, nan -> nan
atanpi: 0 -> 0, -0 -> -0, inf -> 0.5, -inf -> -0.5, 1 -> 0.25, nan -> nan
cbrt: 0 -> 0, -0 -> -0, inf -> inf, -inf -> -inf, 8 -> 2, -27 -> -3, nan -> nan
ceil: 0 -> 0, -0 -> -0, -0.5 -> -0, inf -> inf, -inf -> -inf, tiny -> 1, nan -> nan
copysign: 1 -0 -> -1, -inf 0 -> inf, 0 -nan -> -0
cos: 0 -> 1, -0 -> 1, inf -> nan, -inf -> nan, nan -> nan
cosh: 0 -> 1, -0 -> 1, inf -> inf, -inf -> inf, nan -> nan
cospi: 0 -> 1, -0 -> 1, 0.5 -> 0, -0.5 -> 0, 1.5 -> 0, -7.5 -> 0, 3 -> -1, big -> 1
cospi: inf -> nan, -inf -> nan, nan -> nan
erf: 0 -> 0, -0 -> -0, inf -> 1, -inf -> -1, nan -> nan
erfc: 0 -> 1, inf -> 0, -inf -> 2, nan -> nan
exp: 0 -> 1, -0 -> 1, -inf -> 0, inf -> inf, nan -> nan
exp10: 0 -> 1, -0 -> 1, -inf -> 0, inf -> inf, 2 -> 100, nan -> nan
exp2: 0 -> 1, -0 -> 1, -inf -> 0, inf -> inf, -3 -> 0.125, nan -> nan
expm1: 0 -> 0, -0 -> -0, -inf -> -1, inf -> inf, tiny -> tiny, nan -> nan
fabs: -0 -> 0, -inf -> inf, nan -> nan
fdim: inf inf -> 0, inf -inf -> inf, 1 nan -> nan, nan 1 -> nan, 1 1 -> 0, 1 2 -> 0
floor: 0 -> 0, -0 -> -0, 0.5 -> 0, -0.5 -> -1, inf -> inf, -inf -> -inf, nan -> nan
fmax: nan 1 -> 1, 1 nan -> 1, inf 1 -> inf, nan nan -> nan, 1 -inf -> 1
fmin: nan 1 -> 1, 1 nan -> 1, inf 1 -> 1, nan nan -> nan, 1 -inf -> -inf
fmod: 0 1 -> 0, -0 1 -> -0, inf 1 -> nan, 1 0 -> nan, 1 -0 -> nan, 1 inf -> 1, -1 -inf -> -1
fmod: nan 1 -> nan, 1 nan -> nan, -4 2 -> -0, 5.5 -2 -> 1.5
hypot: inf nan -> inf, nan -inf -> inf, 1 nan -> nan, 3 4 -> 5, -0 -0 -> 0, -3 0 -> 3
lgamma: 1 -> 0, 2 -> 0, 0 -> inf, -0 -> inf, -1 -> inf, -7 -> inf, inf -> inf, -inf -> inf
lgamma: nan -> nan
log: 0 -> -inf, -0 -> -inf, 1 -> 0, -1 -> nan, -inf -> nan, inf -> inf, nan -> nan
log10: 0 -> -inf, -0 -> -inf, 1 -> 0, -1 -> nan, inf -> inf, 1000 -> 3, nan -> nan
log1p: 0 -> 0, -0 -> -0, -1 -> -inf, -2 -> nan, inf -> inf, tiny -> tiny, nan -> nan
log2: 0 -> -inf, -0 -> -inf, 1 -> 0, -1 -> nan, inf -> inf, 0.125 -> -3, nan -> nan
logb: 0 -> -inf, -0 -> -inf, inf -> inf, -inf -> inf, -6 -> 2, nan -> nan
maxmag: -2 1 -> -2, 1 -2 -> -2, 2 -2 -> 2, nan 1 -> 1, 1 nan -> 1, nan nan -> nan
minmag: -2 1 -> 1, 1 -2 -> 1, 2 -2 -> -2, nan 1 -> 1, 1 nan -> 1, nan nan -> nan
nextafter: 0 1 -> tiny, -0 1 -> tiny, 0 -1 -> -tiny, tiny 0 -> 0, -tiny 0 -> -0, 0 -0 -> -0
nextafter: -0 0 -> 0, nan 1 -> nan, 1 nan -> nan, inf inf -> inf
pow: 0 -3 -> inf, -0 -3 -> -inf, 0 -2 -> inf, -0 -2 -> inf, 0 -inf -> inf, -0 -inf -> inf
pow: 0 3 -> 0, -0 3 -> -0, 0 2.5 -> 0, -0 2 -> 0, -0 0.5 -> 0, -0 -0.5 -> inf, 0 inf -> 0
pow: -1 inf -> 1, -1 -inf -> 1, 1 nan -> 1, 1 inf -> 1, nan 0 -> 1, nan -0 -> 1, inf 0 -> 1
pow: -2 0.5 -> nan, -2 -2.5 -> nan, -2 tiny -> nan, -1 nan -> nan, nan 1 -> nan, 2 nan -> nan
pow: 0.5 -inf -> inf, 2 -inf -> 0, 0.5 inf -> 0, 2 inf -> inf, -0.5 -inf -> inf, -2 inf -> inf
pow: -inf -3 -> -0, -inf -2 -> 0, -inf -0.5 -> 0, -inf 3 -> -inf, -inf 2 -> inf, -inf 0.5 -> inf
pow: inf -1 -> 0, inf 0.5 -> inf, -inf inf -> inf, -inf -inf -> 0, -2 3 -> -8, -1 big -> 1
pown: 0 0 -> 1, -0 0 -> 1, inf 0 -> 1, nan 0 -> 1, 0 -3 -> inf, -0 -3 -> -inf, 0 -2 -> inf
pown: -0 -2 -> inf, -0 2 -> 0, 0 3 -> 0, -0 3 -> -0, -2 3 -> -8, -inf 3 -> -inf, nan 1 -> nan
powr: 2 0 -> 1, 2 -0 -> 1, 0 -2 -> inf, -0 -3 -> inf, 0 -inf -> inf, -0 -inf -> inf, 0 3 -> 0
powr: -0 3 -> 0, 1 2.5 -> 1, -1 2 -> nan, -1 0 -> nan, 0 0 -> nan, -0 0 -> nan, inf 0 -> nan
powr: inf -0 -> nan, 1 inf -> nan, 1 -inf -> nan, 2 nan -> nan, 0 nan -> nan, nan 1 -> nan
powr: nan 0 -> nan, inf 2 -> inf, inf -2 -> 0, -inf 2 -> nan
remainder: 0 1 -> 0, -0 1 -> -0, inf 1 -> nan, 1 0 -> nan, 1 inf -> 1, nan 1 -> nan, 1 nan -> nan
remainder: -4 2 -> -0, 5 2 -> 1, 7 2 -> -1
rint: -0 -> -0, -0.5 -> -0, 0.5 -> 0, 1.5 -> 2, 2.5 -> 2, -inf -> -inf, nan -> nan
rootn: 0 -3 -> inf, -0 -3 -> -inf, 0 -2 -> inf, -0 -2 -> inf, 0 2 -> 0, -0 2 -> 0, 0 3 -> 0
rootn: -0 3 -> -0, -8 2 -> nan, -8 -2 -> nan, -8 3 -> -2, 2 0 -> nan, nan 3 -> nan
rootn: -inf 3 -> -inf, inf -2 -> 0, -inf -3 -> -0
round: -0 -> -0, -0.4 -> -0, 0.5 -> 1, -0.5 -> -1, 2.5 -> 3, inf -> inf, nan -> nan
rsqrt: 0 -> inf, -0 -> -inf, inf -> 0, -1 -> nan, 4 -> 0.5, nan -> nan
sin: 0 -> 0, -0 -> -0, inf -> nan, -inf -> nan, nan -> nan
sinh: 0 -> 0, -0 -> -0, inf -> inf, -inf -> -inf, nan -> nan
sinpi: 0 -> 0, -0 -> -0, 1 -> 0, 2 -> 0, -1 -> -0, -2 -> -0, big -> 0, 0.5 -> 1, 1.5 -> -1
sinpi: inf -> nan, -inf -> nan, nan -> nan
sqrt: 0 -> 0, -0 -> -0, inf -> inf, -1 -> nan, -inf -> nan, nan -> nan
tan: 0 -> 0, -0 -> -0, inf -> nan, -inf -> nan, nan -> nan
tanh: 0 -> 0, -0 -> -0, inf -> 1, -inf -> -1, tiny -> tiny, nan -> nan
tanpi: 0 -> 0, -0 -> -0, 1 -> -0, -1 -> 0, 2 -> 0, -2 -> -0, 0.5 -> inf, 1.5 -> -inf
tanpi: -0.5 -> -inf, 2.5 -> inf, -1.5 -> inf, inf -> nan, -inf -> nan, nan -> nan
tgamma: 0 -> inf, -0 -> -inf, -1 -> nan, -2 -> nan, inf -> inf, -inf -> nan, 1 -> 1, 5 -> 24
tgamma: nan -> nan
trunc: 0.5 -> 0, -0.5 -> -0, -0 -> -0, inf -> inf, -inf -> -inf, nan -> nan
"""
SYMBOLS = {"pi": 1.0, "pi/2": 0.5, "pi/4": 0.25, "3pi/4": 0.75}  # times pi
Case = tuple[tuple[str, ...], str]


def cases() -> dict[str, list[Case]]:
    """By function: arguments and results, as they are written."""
    found: dict[str, list[Case]] = {}
    for line in ROWS.strip().split("\n"):
        name, _, pairs = line.partition(": ")
        for pair in pairs.split(", "):
            args, _, result = pair.partition(" -> ")
            found.setdefault(name, []).append((tuple(args.split()), result))
    return found
