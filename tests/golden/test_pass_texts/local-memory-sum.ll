; before
@"sum.tile" = internal addrspace(3) global [16 x i8] undef, align 4
define internal void @"__kcc_item.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz") nounwind
{
entry:
  %"in.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"in", ptr %"in.addr", align 8
  %"out.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  %"scratch.addr" = alloca ptr addrspace(3), align 8
  store ptr addrspace(3) %"scratch", ptr %"scratch.addr", align 8
  %"scale.addr" = alloca i16, align 2
  store i16 %"scale", ptr %"scale.addr", align 2
  br label %"body"
body:
  %".15" = load ptr addrspace(1), ptr %"in.addr", align 8
  %".16" = call i64 @"__kcc.get_global_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".17" = getelementptr inbounds i32, ptr addrspace(1) %".15", i64 %".16"
  %".18" = load i32, ptr addrspace(1) %".17", align 4
  %".19" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".20" = getelementptr inbounds i32, ptr addrspace(3) @"sum.tile", i64 %".19"
  store i32 %".18", ptr addrspace(3) %".20", align 4
  %".22" = load i16, ptr %"scale.addr", align 2
  %".23" = sext i16 %".22" to i32
  %".24" = load ptr addrspace(3), ptr %"scratch.addr", align 8
  %".25" = getelementptr inbounds i32, ptr addrspace(3) %".24", i64 0
  store i32 %".23", ptr addrspace(3) %".25", align 4
  %".27" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".28" = call i64 @"__kcc.get_group_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".29" = getelementptr inbounds i32, ptr addrspace(1) %".27", i64 %".28"
  %".30" = load i32, ptr addrspace(1) %".29", align 4
  %".31" = getelementptr inbounds i32, ptr addrspace(3) @"sum.tile", i64 1
  %".32" = load i32, ptr addrspace(3) %".31", align 4
  %".33" = load ptr addrspace(3), ptr %"scratch.addr", align 8
  %".34" = getelementptr inbounds i32, ptr addrspace(3) %".33", i64 0
  %".35" = load i32, ptr addrspace(3) %".34", align 4
  %".36" = mul nsw i32 %".32", %".35"
  %".37" = add nsw i32 %".30", %".36"
  store i32 %".37", ptr addrspace(1) %".29", align 4
  ret void
}

; after
define internal void @"__kcc_item.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz") nounwind
{
entry:
  %"in.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"in", ptr %"in.addr", align 8
  %"out.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  %"scratch.addr" = alloca ptr addrspace(3), align 8
  store ptr addrspace(3) %"scratch", ptr %"scratch.addr", align 8
  %"scale.addr" = alloca i16, align 2
  store i16 %"scale", ptr %"scale.addr", align 2
  br label %"body"
body:
  %".15" = load ptr addrspace(1), ptr %"in.addr", align 8
  %".16" = call i64 @"__kcc.get_global_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".17" = getelementptr inbounds i32, ptr addrspace(1) %".15", i64 %".16"
  %".18" = load i32, ptr addrspace(1) %".17", align 4
  %".19" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".20" = getelementptr inbounds i32, ptr addrspace(3) %"locals", i64 %".19"
  store i32 %".18", ptr addrspace(3) %".20", align 4
  %".22" = load i16, ptr %"scale.addr", align 2
  %".23" = sext i16 %".22" to i32
  %".24" = load ptr addrspace(3), ptr %"scratch.addr", align 8
  %".25" = getelementptr inbounds i32, ptr addrspace(3) %".24", i64 0
  store i32 %".23", ptr addrspace(3) %".25", align 4
  %".27" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".28" = call i64 @"__kcc.get_group_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".29" = getelementptr inbounds i32, ptr addrspace(1) %".27", i64 %".28"
  %".30" = load i32, ptr addrspace(1) %".29", align 4
  %".31" = getelementptr inbounds i32, ptr addrspace(3) %"locals", i64 1
  %".32" = load i32, ptr addrspace(3) %".31", align 4
  %".33" = load ptr addrspace(3), ptr %"scratch.addr", align 8
  %".34" = getelementptr inbounds i32, ptr addrspace(3) %".33", i64 0
  %".35" = load i32, ptr addrspace(3) %".34", align 4
  %".36" = mul nsw i32 %".32", %".35"
  %".37" = add nsw i32 %".30", %".36"
  store i32 %".37", ptr addrspace(1) %".29", align 4
  ret void
}

