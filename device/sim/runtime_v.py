"""The runtime's part for vectors: loads and stores of any shape, one element after the other.

Units make the common accesses by themselves, as host vectors, where their own check finds all of
one in a remembered region. Whatever it refuses comes here: edges of regions, device registers,
misaligned elements, and shapes that host vectors do not pay for. The vector registers are in
the hart's state meanwhile, so an element is a place in memory on both sides.
"""

from __future__ import annotations

from . import state
from .fields import at, load, store

# What the code below is told of an access in one constant, from the low bit up: name -> bits.
_SHAPE = {
    "store": 1,
    "masked": 1,
    "trims": 1,  # fault-only-first
    "indexed": 1,  # else element i is at i * stride
    "index_log2": 2,  # bytes of an index
    "fields": 4,  # of a segment; 1: no segments
    "data": 12,  # bytes from v0 to the data,
    "index": 12,  # and to the indices
    "spacing": 11,  # bytes from a field's registers to the next one's
}


def _low(name: str) -> int:
    low = 0
    for field, bits in _SHAPE.items():
        if field == name:
            return low
        low += bits
    raise KeyError(name)


def shape(**values: int) -> int:
    """The constant that says how an access goes; what is not given is 0."""
    total = 0
    for name, value in values.items():
        assert 0 <= value < 1 << _SHAPE[name], (name, value)
        total |= value << _low(name)
    return total


def _take(name: str) -> str:
    """IR for %name, from the shape."""
    mask = (1 << _SHAPE[name]) - 1
    return f"""%{name}.low = lshr i64 %shape, {_low(name)}
  %{name} = and i64 %{name}.low, {mask}"""


def _flag(name: str) -> str:
    """IR for %is.name, an i1 from the shape."""
    return f"""{_take(name)}
  %is.{name} = icmp ne i64 %{name}, 0"""


# base, stride:  element i of field f is at base + i * stride + f * size, or base + index + ...
# first, end:    its first element, and one past its last.
# site:          as for scalars; log2 of an element's size in it.
# Returns where it ended: `end`, or sooner where a fault-only-first load met a fault.
TEXT = f"""
define preserve_mostcc i64 @kcc_vector(ptr %hart, i64 %base, i64 %stride, i64 %first,
    i64 %end, i64 %pc, i64 %budget, i64 %site, i64 %shape) noinline {{
entry:
  {at("hart", "v", "hart", "file")}
  {_flag("store")}
  {_flag("masked")}
  {_flag("trims")}
  {_flag("indexed")}
  {_take("index_log2")}
  {_take("fields")}
  {_take("data")}
  {_take("index")}
  {_take("spacing")}
  %log2 = and i64 %site, 7
  %size = shl i64 1, %log2
  %odd.mask = sub i64 %size, 1
  %values = getelementptr i8, ptr %file, i64 %data
  %indices = getelementptr i8, ptr %file, i64 %index
  {at("hart", "guesses", "hart", "guesses")}
  %guess.index = lshr i64 %site, {state.SITE_GUESS_SHIFT}
  %guess.off = mul i64 %guess.index, {state.GUESS_SIZE}
  %guess = getelementptr i8, ptr %guesses, i64 %guess.off
  %guess.8 = getelementptr i8, ptr %guess, i64 8
  %guess.16 = getelementptr i8, ptr %guess, i64 16
  br label %elements
elements:
  %i = phi i64 [ %first, %entry ], [ %i.next, %skip ]
  %more = icmp ult i64 %i, %end
  br i1 %more, label %one, label %done
one:
  br i1 %is.masked, label %mask, label %active
mask:
  %byte.off = lshr i64 %i, 3
  %byte.at = getelementptr i8, ptr %file, i64 %byte.off
  %byte = load i8, ptr %byte.at
  %wide = zext i8 %byte to i64
  %turn = and i64 %i, 7
  %turned = lshr i64 %wide, %turn
  %bit = trunc i64 %turned to i1
  br i1 %bit, label %active, label %skip
active:
  br i1 %is.indexed, label %look.up, label %step
look.up:
  %index.off = shl i64 %i, %index_log2
  %index.at = getelementptr i8, ptr %indices, i64 %index.off
  %far = call i64 @peek(ptr %index.at, i64 %index_log2)
  br label %segment
step:
  %way = mul i64 %i, %stride
  br label %segment
segment:
  %distance = phi i64 [ %far, %look.up ], [ %way, %step ]
  %segment.addr = add i64 %base, %distance
  %i.off = shl i64 %i, %log2
  %segment.at = getelementptr i8, ptr %values, i64 %i.off
  %later = icmp ne i64 %i, 0
  %careful = and i1 %is.trims, %later
  br i1 %careful, label %look, label %fields.all
; A device is never read ahead: what is past the new vl will be loaded once more.
look:
  %low = and i64 %segment.addr, %odd.mask
  %odd = icmp ne i64 %low, 0
  br i1 %odd, label %trim, label %find
find:
  %segment.size = shl i64 %fields, %log2
  %r = call ptr @granting(ptr %hart, i64 %segment.addr, i64 %segment.size, i64 0)
  %none = icmp eq ptr %r, null
  br i1 %none, label %trim, label %found
found:
  {load("region", "flags", "r", "flags")}
  %io = and i64 %flags, {state.IO}
  %is.io = icmp ne i64 %io, 0
  br i1 %is.io, label %trim, label %fields.all
fields.all:
  br label %field
field:
  %f = phi i64 [ 0, %fields.all ], [ %f.next, %next ]
  %f.addr = shl i64 %f, %log2
  %addr = add i64 %segment.addr, %f.addr
  %f.off = mul i64 %f, %spacing
  %place = getelementptr i8, ptr %segment.at, i64 %f.off
  %known.base = load i64, ptr %guess
  %known.size = load i64, ptr %guess.8
  %off = sub i64 %addr, %known.base
  %turned.off = call i64 @llvm.fshr.i64(i64 %off, i64 %off, i64 %log2)
  %limit = lshr i64 %known.size, %log2
  %known = icmp ult i64 %turned.off, %limit
  br i1 %known, label %here, label %elsewhere
here:
  %bias = load i64, ptr %guess.16
  %host.addr = add i64 %bias, %addr
  %host = inttoptr i64 %host.addr to ptr
  %from = select i1 %is.store, ptr %place, ptr %host
  %to = select i1 %is.store, ptr %host, ptr %place
  %moved = call i64 @peek(ptr %from, i64 %log2)
  call void @poke(ptr %to, i64 %log2, i64 %moved)
  br label %next
elsewhere:
  {store("hart", "vstart", "hart", "%i", "trap")}
  br i1 %is.store, label %write, label %read
write:
  %written = call i64 @peek(ptr %place, i64 %log2)
  call preserve_mostcc void @kcc_store(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site,
    i64 %written)
  br label %next
read:
  %value = call preserve_mostcc i64 @kcc_load(ptr %hart, i64 %addr, i64 %pc, i64 %budget,
    i64 %site)
  call void @poke(ptr %place, i64 %log2, i64 %value)
  br label %next
next:
  %f.next = add i64 %f, 1
  %all = icmp eq i64 %f.next, %fields
  br i1 %all, label %skip, label %field
skip:
  %i.next = add i64 %i, 1
  br label %elements
done:
  {store("hart", "vstart", "hart", "0", "end")}
  ret i64 %end
trim:
  {store("hart", "vstart", "hart", "0", "cut")}
  ret i64 %i
}}

declare i64 @llvm.fshr.i64(i64, i64, i64)
"""
