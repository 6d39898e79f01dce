; before
define internal void @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz") nounwind
{
entry:
  %"in.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"in", ptr %"in.addr", align 8
  %"out.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  %"tile.addr" = alloca ptr addrspace(3), align 8
  store ptr addrspace(3) %"tile", ptr %"tile.addr", align 8
  %"n.addr" = alloca i32, align 4
  store i32 %"n", ptr %"n.addr", align 4
  %"me" = alloca i32, align 4
  %"sum" = alloca i32, align 4
  %"last" = alloca [8 x i8], align 4
  %"i" = alloca i32, align 4
  br label %"body"
body:
  %".15" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".16" = trunc i64 %".15" to i32
  store i32 %".16", ptr %"me", align 4
  store i32 0, ptr %"sum", align 4
  %".19" = load i32, ptr %"me", align 4
  %".20" = load i32, ptr %"me", align 4
  %".21" = and i32 %".20", 1
  %".22" = sext i32 %".21" to i64
  %".23" = getelementptr inbounds i32, ptr %"last", i64 %".22"
  store i32 %".19", ptr %".23", align 4
  store i32 0, ptr %"i", align 4
  br label %"loop.cond"
loop.cond:
  %".27" = load i32, ptr %"i", align 4
  %".28" = load i32, ptr %"n.addr", align 4
  %".29" = icmp slt i32 %".27", %".28"
  br i1 %".29", label %"loop.body", label %"loop.end"
loop.body:
  %".31" = load ptr addrspace(1), ptr %"in.addr", align 8
  %".32" = load i32, ptr %"i", align 4
  %".33" = sext i32 %".32" to i64
  %".34" = getelementptr inbounds i32, ptr addrspace(1) %".31", i64 %".33"
  %".35" = load i32, ptr addrspace(1) %".34", align 4
  %".36" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".37" = load i32, ptr %"me", align 4
  %".38" = sext i32 %".37" to i64
  %".39" = getelementptr inbounds i32, ptr addrspace(3) %".36", i64 %".38"
  store i32 %".35", ptr addrspace(3) %".39", align 4
  call void @"__kcc.barrier"()
  %".42" = load i32, ptr %"sum", align 4
  %".43" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".44" = load i32, ptr %"me", align 4
  %".45" = xor i32 %".44", 1
  %".46" = sext i32 %".45" to i64
  %".47" = getelementptr inbounds i32, ptr addrspace(3) %".43", i64 %".46"
  %".48" = load i32, ptr addrspace(3) %".47", align 4
  %".49" = add nsw i32 %".42", %".48"
  store i32 %".49", ptr %"sum", align 4
  br label %"loop.step"
loop.step:
  %".52" = load i32, ptr %"i", align 4
  %".53" = add nsw i32 %".52", 1
  store i32 %".53", ptr %"i", align 4
  br label %"loop.cond"
loop.end:
  %".56" = load i32, ptr %"sum", align 4
  %".57" = getelementptr inbounds i32, ptr %"last", i64 0
  %".58" = load i32, ptr %".57", align 4
  %".59" = add nsw i32 %".56", %".58"
  %".60" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".61" = load i32, ptr %"me", align 4
  %".62" = sext i32 %".61" to i64
  %".63" = getelementptr inbounds i32, ptr addrspace(1) %".60", i64 %".62"
  store i32 %".59", ptr addrspace(1) %".63", align 4
  ret void
}

; after
define internal void @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz") nounwind
{
entry:
  %"in.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"in", ptr %"in.addr", align 8
  %"out.addr" = alloca ptr addrspace(1), align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  %"tile.addr" = alloca ptr addrspace(3), align 8
  store ptr addrspace(3) %"tile", ptr %"tile.addr", align 8
  %"n.addr" = alloca i32, align 4
  store i32 %"n", ptr %"n.addr", align 4
  %"me" = alloca i32, align 4
  %"sum" = alloca i32, align 4
  %"last" = alloca [8 x i8], align 4
  %"i" = alloca i32, align 4
  br label %"body"
body:
  %".15" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".16" = trunc i64 %".15" to i32
  store i32 %".16", ptr %"me", align 4
  store i32 0, ptr %"sum", align 4
  %".19" = load i32, ptr %"me", align 4
  %".20" = load i32, ptr %"me", align 4
  %".21" = and i32 %".20", 1
  %".22" = sext i32 %".21" to i64
  %".23" = getelementptr inbounds i32, ptr %"last", i64 %".22"
  store i32 %".19", ptr %".23", align 4
  store i32 0, ptr %"i", align 4
  br label %"loop.cond"
loop.cond:
  %".27" = load i32, ptr %"i", align 4
  %".28" = load i32, ptr %"n.addr", align 4
  %".29" = icmp slt i32 %".27", %".28"
  br i1 %".29", label %"loop.body", label %"loop.end"
loop.body:
  %".31" = load ptr addrspace(1), ptr %"in.addr", align 8
  %".32" = load i32, ptr %"i", align 4
  %".33" = sext i32 %".32" to i64
  %".34" = getelementptr inbounds i32, ptr addrspace(1) %".31", i64 %".33"
  %".35" = load i32, ptr addrspace(1) %".34", align 4
  %".36" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".37" = load i32, ptr %"me", align 4
  %".38" = sext i32 %".37" to i64
  %".39" = getelementptr inbounds i32, ptr addrspace(3) %".36", i64 %".38"
  store i32 %".35", ptr addrspace(3) %".39", align 4
  call void @"__kcc_barrier"(i64 1)
  %".42" = load i32, ptr %"sum", align 4
  %".43" = load ptr addrspace(3), ptr %"tile.addr", align 8
  %".44" = load i32, ptr %"me", align 4
  %".45" = xor i32 %".44", 1
  %".46" = sext i32 %".45" to i64
  %".47" = getelementptr inbounds i32, ptr addrspace(3) %".43", i64 %".46"
  %".48" = load i32, ptr addrspace(3) %".47", align 4
  %".49" = add nsw i32 %".42", %".48"
  store i32 %".49", ptr %"sum", align 4
  br label %"loop.step"
loop.step:
  %".52" = load i32, ptr %"i", align 4
  %".53" = add nsw i32 %".52", 1
  store i32 %".53", ptr %"i", align 4
  br label %"loop.cond"
loop.end:
  %".56" = load i32, ptr %"sum", align 4
  %".57" = getelementptr inbounds i32, ptr %"last", i64 0
  %".58" = load i32, ptr %".57", align 4
  %".59" = add nsw i32 %".56", %".58"
  %".60" = load ptr addrspace(1), ptr %"out.addr", align 8
  %".61" = load i32, ptr %"me", align 4
  %".62" = sext i32 %".61" to i64
  %".63" = getelementptr inbounds i32, ptr addrspace(1) %".60", i64 %".62"
  store i32 %".59", ptr addrspace(1) %".63", align 4
  ret void
}

define internal void @"__kcc_group.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr noalias align 8 dereferenceable(136) %"wg") alwaysinline nounwind
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
  call void @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %".21", i64 %".22", i64 %".23")
  call void @"__kcc_barrier"(i64 4294967295)
  %".49" = add nuw i64 %"x", 1
  br label %"x.test"
x.end:
  %".51" = add nuw i64 %"y", 1
  br label %"y.test"
}

