; before
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
  %".18" = load i32, ptr addrspace(1) %".17", align 4, !llvm.access.group !2
  %".19" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".20" = getelementptr inbounds i32, ptr addrspace(3) %"locals", i64 %".19"
  store i32 %".18", ptr addrspace(3) %".20", align 4, !llvm.access.group !2
  %".22" = load i16, ptr %"scale.addr", align 2
  %".23" = sext i16 %".22" to i32
  %".24" = load ptr addrspace(3), ptr %"scratch.addr", align 8
  %".25" = getelementptr inbounds i32, ptr addrspace(3) %".24", i64 0
  store i32 %".23", ptr addrspace(3) %".25", align 4, !llvm.access.group !2
  %".27" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".28" = call i64 @"__kcc.get_group_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".29" = getelementptr inbounds i32, ptr addrspace(1) %".27", i64 %".28"
  %".30" = load i32, ptr addrspace(1) %".29", align 4, !llvm.access.group !2
  %".31" = getelementptr inbounds i32, ptr addrspace(3) %"locals", i64 1
  %".32" = load i32, ptr addrspace(3) %".31", align 4, !llvm.access.group !2
  %".33" = load ptr addrspace(3), ptr %"scratch.addr", align 8
  %".34" = getelementptr inbounds i32, ptr addrspace(3) %".33", i64 0
  %".35" = load i32, ptr addrspace(3) %".34", align 4, !llvm.access.group !2
  %".36" = mul nsw i32 %".32", %".35"
  %".37" = add nsw i32 %".30", %".36"
  store i32 %".37", ptr addrspace(1) %".29", align 4, !llvm.access.group !2
  ret void
}

define internal void @"__kcc_group.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr noalias align 8 dereferenceable(136) %"wg") alwaysinline nounwind
{
entry:
  %".8" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".9" = getelementptr inbounds i64, ptr %".8", i64 0
  %".10" = load i64, ptr %".9", align 8, !invariant.load !0, !range !1
  %".11" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".12" = getelementptr inbounds i64, ptr %".11", i64 1
  %".13" = load i64, ptr %".12", align 8, !invariant.load !0, !range !1
  %".14" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".15" = getelementptr inbounds i64, ptr %".14", i64 2
  %".16" = load i64, ptr %".15", align 8, !invariant.load !0, !range !1
  br label %"z.body"
z.body:
  %"z" = phi  i64 [0, %"entry"], [%".27", %"y.end"]
  br label %"y.body"
z.end:
  ret void
y.body:
  %"y" = phi  i64 [0, %"z.body"], [%".24", %"x.end"]
  br label %"x.body"
y.end:
  %".27" = add nuw nsw i64 %"z", 1
  %".28" = icmp ult i64 %".27", %".16"
  br i1 %".28", label %"z.body", label %"z.end", !llvm.loop !7
x.body:
  %"x" = phi  i64 [0, %"y.body"], [%".21", %"x.body"]
  call void @"__kcc_item.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x", i64 %"y", i64 %"z")
  %".21" = add nuw nsw i64 %"x", 1
  %".22" = icmp ult i64 %".21", %".10"
  br i1 %".22", label %"x.body", label %"x.end", !llvm.loop !5
x.end:
  %".24" = add nuw nsw i64 %"y", 1
  %".25" = icmp ult i64 %".24", %".13"
  br i1 %".25", label %"y.body", label %"y.end", !llvm.loop !6
}

