define internal void @"__kcc_group.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr noalias align 8 dereferenceable(136) %"wg") alwaysinline nounwind
{
entry:
  %".8" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".9" = getelementptr inbounds i64, ptr %".8", i64 0
  %".10" = load i64, ptr %".9", align 8, !invariant.load !1, !range !2
  %".11" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".12" = getelementptr inbounds i64, ptr %".11", i64 1
  %".13" = load i64, ptr %".12", align 8, !invariant.load !1, !range !2
  %".14" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".15" = getelementptr inbounds i64, ptr %".14", i64 2
  %".16" = load i64, ptr %".15", align 8, !invariant.load !1, !range !2
  %".17" = mul i64 %".10", %".13"
  %".18" = mul i64 %".17", %".16"
  %".19" = mul i64 %".18", 8
  %".20" = alloca i8, i64 %".19", align 4
  %".21" = mul i64 %".18", 4
  %".22" = alloca i8, i64 %".21", align 4
  %".23" = alloca i8, i64 4, align 128
  %".24" = alloca i8, i64 4, align 128
  br label %"z.body"
end:
  ret void
from.1:
  br label %"z.body.1"
z.body:
  %"z" = phi  i64 [0, %"entry"], [%".39", %"y.end"]
  br label %"y.body"
z.end:
  call void @"llvm.memcpy.p0.p0.i64"(ptr align 128 %".23", ptr align 128 %".24", i64 4, i1 false)
  switch i32 %".32", label %"end" [i32 1, label %"from.1"]
y.body:
  %"y" = phi  i64 [0, %"z.body"], [%".36", %"x.end"]
  br label %"x.body"
y.end:
  %".39" = add nuw nsw i64 %"z", 1
  %".40" = icmp ult i64 %".39", %".16"
  br i1 %".40", label %"z.body", label %"z.end", !llvm.loop !7
x.body:
  %"x" = phi  i64 [0, %"y.body"], [%".33", %"x.body"]
  %".28" = mul i64 %"z", %".13"
  %".29" = add i64 %".28", %"y"
  %".30" = mul i64 %".29", %".10"
  %".31" = add nuw nsw i64 %".30", %"x"
  %".32" = call i32 @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x", i64 %"y", i64 %"z", i32 0, i64 %".31", ptr %".23", ptr %".24", ptr noalias %".20", ptr noalias %".22")
  %".33" = add nuw nsw i64 %"x", 1
  %".34" = icmp ult i64 %".33", %".10"
  br i1 %".34", label %"x.body", label %"x.end", !llvm.loop !5
x.end:
  %".36" = add nuw nsw i64 %"y", 1
  %".37" = icmp ult i64 %".36", %".13"
  br i1 %".37", label %"y.body", label %"y.end", !llvm.loop !6
z.body.1:
  %"z.1" = phi  i64 [0, %"from.1"], [%".58", %"y.end.1"]
  br label %"y.body.1"
z.end.1:
  call void @"llvm.memcpy.p0.p0.i64"(ptr align 128 %".23", ptr align 128 %".24", i64 4, i1 false)
  switch i32 %".51", label %"end" [i32 1, label %"from.1"]
y.body.1:
  %"y.1" = phi  i64 [0, %"z.body.1"], [%".55", %"x.end.1"]
  br label %"x.body.1"
y.end.1:
  %".58" = add nuw nsw i64 %"z.1", 1
  %".59" = icmp ult i64 %".58", %".16"
  br i1 %".59", label %"z.body.1", label %"z.end.1", !llvm.loop !10
x.body.1:
  %"x.1" = phi  i64 [0, %"y.body.1"], [%".52", %"x.body.1"]
  %".47" = mul i64 %"z.1", %".13"
  %".48" = add i64 %".47", %"y.1"
  %".49" = mul i64 %".48", %".10"
  %".50" = add nuw nsw i64 %".49", %"x.1"
  %".51" = call i32 @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x.1", i64 %"y.1", i64 %"z.1", i32 1, i64 %".50", ptr %".23", ptr %".24", ptr noalias %".20", ptr noalias %".22")
  %".52" = add nuw nsw i64 %"x.1", 1
  %".53" = icmp ult i64 %".52", %".10"
  br i1 %".53", label %"x.body.1", label %"x.end.1", !llvm.loop !8
x.end.1:
  %".55" = add nuw nsw i64 %"y.1", 1
  %".56" = icmp ult i64 %".55", %".13"
  br i1 %".56", label %"y.body.1", label %"y.end.1", !llvm.loop !9
}
