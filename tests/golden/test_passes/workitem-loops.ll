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
