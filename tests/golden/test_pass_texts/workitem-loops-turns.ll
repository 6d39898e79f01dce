; before

; after
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
  %".21" = mul i64 %".10", %".13"
  %".22" = mul i64 %".21", %".16"
  %".23" = mul i64 %".22", 4
  %".24" = alloca i8, i64 %".23", align 4
  %".25" = alloca i8, i64 4, align 128
  %".26" = alloca i8, i64 4, align 128
  br label %"z.body"
end:
  ret void
from.1:
  br label %"z.body.1"
z.body:
  %"z" = phi  i64 [0, %"entry"], [%".41", %"y.end"]
  br label %"y.body"
z.end:
  call void @"llvm.memcpy.p0.p0.i64"(ptr align 128 %".25", ptr align 128 %".26", i64 4, i1 false)
  switch i32 %".34", label %"end" [i32 1, label %"from.1"]
y.body:
  %"y" = phi  i64 [0, %"z.body"], [%".38", %"x.end"]
  br label %"x.body"
y.end:
  %".41" = add nuw nsw i64 %"z", 1
  %".42" = icmp ult i64 %".41", %".16"
  br i1 %".42", label %"z.body", label %"z.end", !llvm.loop !7
x.body:
  %"x" = phi  i64 [0, %"y.body"], [%".35", %"x.body"]
  %".30" = mul i64 %"z", %".13"
  %".31" = add i64 %".30", %"y"
  %".32" = mul i64 %".31", %".10"
  %".33" = add nuw nsw i64 %".32", %"x"
  %".34" = call i32 @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x", i64 %"y", i64 %"z", i32 0, i64 %".33", ptr %".25", ptr %".26", ptr noalias %".20", ptr noalias %".24")
  %".35" = add nuw nsw i64 %"x", 1
  %".36" = icmp ult i64 %".35", %".10"
  br i1 %".36", label %"x.body", label %"x.end", !llvm.loop !5
x.end:
  %".38" = add nuw nsw i64 %"y", 1
  %".39" = icmp ult i64 %".38", %".13"
  br i1 %".39", label %"y.body", label %"y.end", !llvm.loop !6
z.body.1:
  %"z.1" = phi  i64 [0, %"from.1"], [%".60", %"y.end.1"]
  br label %"y.body.1"
z.end.1:
  call void @"llvm.memcpy.p0.p0.i64"(ptr align 128 %".25", ptr align 128 %".26", i64 4, i1 false)
  switch i32 %".53", label %"end" [i32 1, label %"from.1"]
y.body.1:
  %"y.1" = phi  i64 [0, %"z.body.1"], [%".57", %"x.end.1"]
  br label %"x.body.1"
y.end.1:
  %".60" = add nuw nsw i64 %"z.1", 1
  %".61" = icmp ult i64 %".60", %".16"
  br i1 %".61", label %"z.body.1", label %"z.end.1", !llvm.loop !10
x.body.1:
  %"x.1" = phi  i64 [0, %"y.body.1"], [%".54", %"x.body.1"]
  %".49" = mul i64 %"z.1", %".13"
  %".50" = add i64 %".49", %"y.1"
  %".51" = mul i64 %".50", %".10"
  %".52" = add nuw nsw i64 %".51", %"x.1"
  %".53" = call i32 @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x.1", i64 %"y.1", i64 %"z.1", i32 1, i64 %".52", ptr %".25", ptr %".26", ptr noalias %".20", ptr noalias %".24")
  %".54" = add nuw nsw i64 %"x.1", 1
  %".55" = icmp ult i64 %".54", %".10"
  br i1 %".55", label %"x.body.1", label %"x.end.1", !llvm.loop !8
x.end.1:
  %".57" = add nuw nsw i64 %"y.1", 1
  %".58" = icmp ult i64 %".57", %".13"
  br i1 %".58", label %"y.body.1", label %"y.end.1", !llvm.loop !9
}

