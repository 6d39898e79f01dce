define internal void @"__kcc_group.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr noalias align 8 dereferenceable(136) %"wg") nounwind
{
entry:
  %".8" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".9" = getelementptr inbounds i64, ptr %".8", i64 0
  %".10" = load i64, ptr %".9", align 8, !invariant.load !0
  %".11" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".12" = getelementptr inbounds i64, ptr %".11", i64 1
  %".13" = load i64, ptr %".12", align 8, !invariant.load !0
  %".14" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".15" = getelementptr inbounds i64, ptr %".14", i64 2
  %".16" = load i64, ptr %".15", align 8, !invariant.load !0
  br label %"z.test"
z.test:
  %"z" = phi  i64 [0, %"entry"], [%".31", %"y.end"]
  %".18" = icmp ult i64 %"z", %".16"
  br i1 %".18", label %"z.body", label %"z.end"
z.body:
  br label %"y.test"
z.end:
  ret void
y.test:
  %"y" = phi  i64 [0, %"z.body"], [%".29", %"x.end"]
  %".21" = icmp ult i64 %"y", %".13"
  br i1 %".21", label %"y.body", label %"y.end"
y.body:
  br label %"x.test"
y.end:
  %".31" = add nuw nsw i64 %"z", 1
  br label %"z.test", !llvm.loop !6
x.test:
  %"x" = phi  i64 [0, %"y.body"], [%".27", %"x.body"]
  %".24" = icmp ult i64 %"x", %".10"
  br i1 %".24", label %"x.body", label %"x.end"
x.body:
  call void @"__kcc_item.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x", i64 %"y", i64 %"z")
  %".27" = add nuw nsw i64 %"x", 1
  br label %"x.test", !llvm.loop !4
x.end:
  %".29" = add nuw nsw i64 %"y", 1
  br label %"y.test", !llvm.loop !5
}
