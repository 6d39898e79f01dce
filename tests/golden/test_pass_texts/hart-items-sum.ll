; before

; after
define internal void @"__kcc_group.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr noalias align 8 dereferenceable(136) %"wg") alwaysinline nounwind
{
entry:
  %".8" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".9" = getelementptr inbounds i64, ptr %".8", i64 0
  %".10" = load i64, ptr %".9", align 8, !range !1
  %".11" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".12" = getelementptr inbounds i64, ptr %".11", i64 1
  %".13" = load i64, ptr %".12", align 8, !range !1
  %".14" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".15" = getelementptr inbounds i64, ptr %".14", i64 2
  %".16" = load i64, ptr %".15", align 8, !range !1
  %".17" = getelementptr inbounds i8, ptr %"wg", i64 184
  %".18" = load i32, ptr %".17", align 4
  %".19" = zext i32 %".18" to i64
  %".20" = udiv i64 %".19", %".10"
  %".21" = urem i64 %".19", %".10"
  %".22" = urem i64 %".20", %".13"
  %".23" = udiv i64 %".20", %".13"
  %".24" = getelementptr inbounds i8, ptr %"wg", i64 24
  %".25" = getelementptr inbounds i64, ptr %".24", i64 2
  %".26" = load i64, ptr %".25", align 8
  br label %"z.test"
z.test:
  %"z" = phi  i64 [0, %"entry"], [%".53", %"y.end"]
  %".28" = icmp ult i64 %"z", %".26"
  br i1 %".28", label %"z.body", label %"z.end"
z.body:
  %".30" = getelementptr inbounds i8, ptr %"wg", i64 16
  store i64 %"z", ptr %".30", align 8
  %".32" = getelementptr inbounds i8, ptr %"wg", i64 24
  %".33" = getelementptr inbounds i64, ptr %".32", i64 1
  %".34" = load i64, ptr %".33", align 8
  br label %"y.test"
z.end:
  ret void
y.test:
  %"y" = phi  i64 [0, %"z.body"], [%".51", %"x.end"]
  %".36" = icmp ult i64 %"y", %".34"
  br i1 %".36", label %"y.body", label %"y.end"
y.body:
  %".38" = getelementptr inbounds i8, ptr %"wg", i64 8
  store i64 %"y", ptr %".38", align 8
  %".40" = getelementptr inbounds i8, ptr %"wg", i64 24
  %".41" = getelementptr inbounds i64, ptr %".40", i64 0
  %".42" = load i64, ptr %".41", align 8
  br label %"x.test"
y.end:
  %".53" = add nuw i64 %"z", 1
  br label %"z.test"
x.test:
  %"x" = phi  i64 [0, %"y.body"], [%".49", %"x.body"]
  %".44" = icmp ult i64 %"x", %".42"
  br i1 %".44", label %"x.body", label %"x.end"
x.body:
  store i64 %"x", ptr %"wg", align 8
  call void @"__kcc_item.sum"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"scratch", i16 signext %"scale", ptr addrspace(3) %"locals", ptr %"wg", i64 %".21", i64 %".22", i64 %".23")
  call void @"__kcc_barrier"(i64 4294967295)
  %".49" = add nuw i64 %"x", 1
  br label %"x.test"
x.end:
  %".51" = add nuw i64 %"y", 1
  br label %"y.test"
}

