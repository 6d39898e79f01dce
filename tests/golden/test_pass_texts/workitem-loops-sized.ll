; before

; after
define internal void @"__kcc_group.sized"(ptr addrspace(1) %"out", ptr addrspace(3) %"tile", ptr addrspace(3) %"locals", ptr noalias align 8 dereferenceable(136) %"wg") alwaysinline nounwind
{
entry:
  %".6" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".7" = getelementptr inbounds i64, ptr %".6", i64 0
  %".8" = load i64, ptr %".7", align 8, !invariant.load !1, !range !2
  %".9" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".10" = getelementptr inbounds i64, ptr %".9", i64 1
  %".11" = load i64, ptr %".10", align 8, !invariant.load !1, !range !2
  %".12" = getelementptr inbounds i8, ptr %"wg", i64 72
  %".13" = getelementptr inbounds i64, ptr %".12", i64 2
  %".14" = load i64, ptr %".13", align 8, !invariant.load !1, !range !2
  %".15" = icmp eq i64 %".8", 8
  %".16" = icmp eq i64 %".11", 2
  %".17" = icmp eq i64 %".14", 1
  %".18" = and i1 %".15", %".16"
  %".19" = and i1 %".18", %".17"
  %".23" = alloca i8, i64 64, align 4
  %".24" = alloca i8, i64 0, align 128
  %".25" = alloca i8, i64 0, align 128
  br i1 %".19", label %"size.good", label %"size.bad"
size.good:
  br label %"z.body"
size.bad:
  call void @"llvm.trap"()
  unreachable
end:
  ret void
from.1:
  br label %"z.body.1"
from.2:
  br label %"z.body.2"
z.body:
  %"z" = phi  i64 [0, %"size.good"], [%".40", %"y.end"]
  br label %"y.body"
z.end:
  br label %"from.1"
y.body:
  %"y" = phi  i64 [0, %"z.body"], [%".37", %"x.end"]
  br label %"x.body"
y.end:
  %".40" = add nuw nsw i64 %"z", 1
  %".41" = icmp ult i64 %".40", 1
  br i1 %".41", label %"z.body", label %"z.end", !llvm.loop !7
x.body:
  %"x" = phi  i64 [0, %"y.body"], [%".34", %"x.body"]
  %".29" = mul i64 %"z", 2
  %".30" = add i64 %".29", %"y"
  %".31" = mul i64 %".30", 8
  %".32" = add nuw nsw i64 %".31", %"x"
  %".33" = call i32 @"__kcc_item.sized"(ptr addrspace(1) %"out", ptr addrspace(3) %"tile", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x", i64 %"y", i64 %"z", i32 0, i64 %".32", ptr %".24", ptr %".25", ptr noalias %".23")
  %".34" = add nuw nsw i64 %"x", 1
  %".35" = icmp ult i64 %".34", 8
  br i1 %".35", label %"x.body", label %"x.end", !llvm.loop !5
x.end:
  %".37" = add nuw nsw i64 %"y", 1
  %".38" = icmp ult i64 %".37", 2
  br i1 %".38", label %"y.body", label %"y.end", !llvm.loop !6
z.body.1:
  %"z.1" = phi  i64 [0, %"from.1"], [%".58", %"y.end.1"]
  br label %"y.body.1"
z.end.1:
  switch i32 %".51", label %"end" [i32 2, label %"from.2"]
y.body.1:
  %"y.1" = phi  i64 [0, %"z.body.1"], [%".55", %"x.end.1"]
  br label %"x.body.1"
y.end.1:
  %".58" = add nuw nsw i64 %"z.1", 1
  %".59" = icmp ult i64 %".58", 1
  br i1 %".59", label %"z.body.1", label %"z.end.1", !llvm.loop !10
x.body.1:
  %"x.1" = phi  i64 [0, %"y.body.1"], [%".52", %"x.body.1"]
  %".47" = mul i64 %"z.1", 2
  %".48" = add i64 %".47", %"y.1"
  %".49" = mul i64 %".48", 8
  %".50" = add nuw nsw i64 %".49", %"x.1"
  %".51" = call i32 @"__kcc_item.sized"(ptr addrspace(1) %"out", ptr addrspace(3) %"tile", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x.1", i64 %"y.1", i64 %"z.1", i32 1, i64 %".50", ptr %".24", ptr %".25", ptr noalias %".23")
  %".52" = add nuw nsw i64 %"x.1", 1
  %".53" = icmp ult i64 %".52", 8
  br i1 %".53", label %"x.body.1", label %"x.end.1", !llvm.loop !8
x.end.1:
  %".55" = add nuw nsw i64 %"y.1", 1
  %".56" = icmp ult i64 %".55", 2
  br i1 %".56", label %"y.body.1", label %"y.end.1", !llvm.loop !9
z.body.2:
  %"z.2" = phi  i64 [0, %"from.2"], [%".76", %"y.end.2"]
  br label %"y.body.2"
z.end.2:
  br label %"end"
y.body.2:
  %"y.2" = phi  i64 [0, %"z.body.2"], [%".73", %"x.end.2"]
  br label %"x.body.2"
y.end.2:
  %".76" = add nuw nsw i64 %"z.2", 1
  %".77" = icmp ult i64 %".76", 1
  br i1 %".77", label %"z.body.2", label %"z.end.2", !llvm.loop !13
x.body.2:
  %"x.2" = phi  i64 [0, %"y.body.2"], [%".70", %"x.body.2"]
  %".65" = mul i64 %"z.2", 2
  %".66" = add i64 %".65", %"y.2"
  %".67" = mul i64 %".66", 8
  %".68" = add nuw nsw i64 %".67", %"x.2"
  %".69" = call i32 @"__kcc_item.sized"(ptr addrspace(1) %"out", ptr addrspace(3) %"tile", ptr addrspace(3) %"locals", ptr %"wg", i64 %"x.2", i64 %"y.2", i64 %"z.2", i32 2, i64 %".68", ptr %".24", ptr %".25", ptr noalias %".23")
  %".70" = add nuw nsw i64 %"x.2", 1
  %".71" = icmp ult i64 %".70", 8
  br i1 %".71", label %"x.body.2", label %"x.end.2", !llvm.loop !11
x.end.2:
  %".73" = add nuw nsw i64 %"y.2", 1
  %".74" = icmp ult i64 %".73", 2
  br i1 %".74", label %"y.body.2", label %"y.end.2", !llvm.loop !12
}

