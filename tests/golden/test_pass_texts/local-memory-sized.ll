; before
@"sized.room" = internal addrspace(3) global [64 x i8] undef, align 4
define internal void @"__kcc_item.sized"(ptr addrspace(1) %"out", ptr addrspace(3) %"tile", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz") nounwind
{
entry:
  %"out.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  %"tile.addr" = alloca ptr addrspace(3), align 8
  store ptr addrspace(3) %"tile", ptr %"tile.addr", align 8
  %"x" = alloca i32, align 4
  %"kept" = alloca i32, align 4
  br label %"body"
body:
  %".11" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".12" = trunc i64 %".11" to i32
  store i32 %".12", ptr %"x", align 4
  %".14" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".15" = load i32, ptr %"x", align 4
  %".16" = sext i32 %".15" to i64
  %".17" = getelementptr inbounds i32, ptr addrspace(1) %".14", i64 %".16"
  %".18" = load i32, ptr addrspace(1) %".17", align 4
  store i32 %".18", ptr %"kept", align 4
  %".20" = load i32, ptr %"kept", align 4
  %".21" = load i32, ptr %"x", align 4
  %".22" = sext i32 %".21" to i64
  %".23" = getelementptr inbounds i32, ptr addrspace(3) @"sized.room", i64 %".22"
  store i32 %".20", ptr addrspace(3) %".23", align 4
  call void @"__kcc.barrier"()
  %".26" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".27" = getelementptr inbounds i32, ptr addrspace(1) %".26", i64 0
  %".28" = load i32, ptr addrspace(1) %".27", align 4
  %".29" = icmp sgt i32 %".28", 0
  br i1 %".29", label %"if.then", label %"if.end"
if.then:
  %".31" = load i32, ptr %"x", align 4
  %".32" = xor i32 %".31", 1
  %".33" = sext i32 %".32" to i64
  %".34" = getelementptr inbounds i32, ptr addrspace(3) @"sized.room", i64 %".33"
  %".35" = load i32, ptr addrspace(3) %".34", align 4
  %".36" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".37" = load i32, ptr %"x", align 4
  %".38" = sext i32 %".37" to i64
  %".39" = getelementptr inbounds i32, ptr addrspace(3) %".36", i64 %".38"
  store i32 %".35", ptr addrspace(3) %".39", align 4
  call void @"__kcc.barrier"()
  br label %"if.end"
if.end:
  %".43" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".44" = load i32, ptr %"x", align 4
  %".45" = sext i32 %".44" to i64
  %".46" = getelementptr inbounds i32, ptr addrspace(3) %".43", i64 %".45"
  %".47" = load i32, ptr addrspace(3) %".46", align 4
  %".48" = load i32, ptr %"kept", align 4
  %".49" = add nsw i32 %".47", %".48"
  %".50" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".51" = load i32, ptr %"x", align 4
  %".52" = sext i32 %".51" to i64
  %".53" = getelementptr inbounds i32, ptr addrspace(1) %".50", i64 %".52"
  store i32 %".49", ptr addrspace(1) %".53", align 4
  ret void
}

; after
define internal void @"__kcc_item.sized"(ptr addrspace(1) %"out", ptr addrspace(3) %"tile", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz") nounwind
{
entry:
  %"out.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  %"tile.addr" = alloca ptr addrspace(3), align 8
  store ptr addrspace(3) %"tile", ptr %"tile.addr", align 8
  %"x" = alloca i32, align 4
  %"kept" = alloca i32, align 4
  br label %"body"
body:
  %".11" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".12" = trunc i64 %".11" to i32
  store i32 %".12", ptr %"x", align 4
  %".14" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".15" = load i32, ptr %"x", align 4
  %".16" = sext i32 %".15" to i64
  %".17" = getelementptr inbounds i32, ptr addrspace(1) %".14", i64 %".16"
  %".18" = load i32, ptr addrspace(1) %".17", align 4
  store i32 %".18", ptr %"kept", align 4
  %".20" = load i32, ptr %"kept", align 4
  %".21" = load i32, ptr %"x", align 4
  %".22" = sext i32 %".21" to i64
  %".23" = getelementptr inbounds i32, ptr addrspace(3) %"locals", i64 %".22"
  store i32 %".20", ptr addrspace(3) %".23", align 4
  call void @"__kcc.barrier"()
  %".26" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".27" = getelementptr inbounds i32, ptr addrspace(1) %".26", i64 0
  %".28" = load i32, ptr addrspace(1) %".27", align 4
  %".29" = icmp sgt i32 %".28", 0
  br i1 %".29", label %"if.then", label %"if.end"
if.then:
  %".31" = load i32, ptr %"x", align 4
  %".32" = xor i32 %".31", 1
  %".33" = sext i32 %".32" to i64
  %".34" = getelementptr inbounds i32, ptr addrspace(3) %"locals", i64 %".33"
  %".35" = load i32, ptr addrspace(3) %".34", align 4
  %".36" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".37" = load i32, ptr %"x", align 4
  %".38" = sext i32 %".37" to i64
  %".39" = getelementptr inbounds i32, ptr addrspace(3) %".36", i64 %".38"
  store i32 %".35", ptr addrspace(3) %".39", align 4
  call void @"__kcc.barrier"()
  br label %"if.end"
if.end:
  %".43" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".44" = load i32, ptr %"x", align 4
  %".45" = sext i32 %".44" to i64
  %".46" = getelementptr inbounds i32, ptr addrspace(3) %".43", i64 %".45"
  %".47" = load i32, ptr addrspace(3) %".46", align 4
  %".48" = load i32, ptr %"kept", align 4
  %".49" = add nsw i32 %".47", %".48"
  %".50" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".51" = load i32, ptr %"x", align 4
  %".52" = sext i32 %".51" to i64
  %".53" = getelementptr inbounds i32, ptr addrspace(1) %".50", i64 %".52"
  store i32 %".49", ptr addrspace(1) %".53", align 4
  ret void
}

