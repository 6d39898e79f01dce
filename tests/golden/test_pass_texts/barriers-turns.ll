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
define internal i32 @"__kcc_item.turns"(ptr addrspace(1) %"in", ptr addrspace(1) %"out", ptr addrspace(3) %"tile", i32 signext %"n", ptr addrspace(3) %"locals", ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz", i32 %"resume", i64 %"index", ptr %"shared", ptr %"shared.next", ptr noalias align 4 %"last.all", ptr noalias align 4 %"sum.all") alwaysinline nounwind
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
  %".68" = mul i64 %"index", 8
  %"last" = getelementptr inbounds i8, ptr %"last.all", i64 %".68"
  %"i" = alloca i32, align 4
  switch i32 %"resume", label %"body" [i32 1, label %"resume.1"]
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
  %".71" = getelementptr inbounds i32, ptr %"sum.all", i64 %"index"
  %".72" = load i32, ptr %"sum", align 4
  store i32 %".72", ptr %".71", align 4
  %".74" = load i32, ptr %"i", align 4
  store i32 %".74", ptr %"shared.next", align 4
  ret i32 1
loop.body.behind:
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
  ret i32 0
resume.1:
  store ptr addrspace(1) %"in", ptr %"in.addr", align 8
  store ptr addrspace(1) %"out", ptr %"out.addr", align 8
  store ptr addrspace(3) %"tile", ptr %"tile.addr", align 8
  store i32 %"n", ptr %"n.addr", align 4
  %".15.again" = call i64 @"__kcc.get_local_id"(i32 0, ptr %"wg", i64 %"lx", i64 %"ly", i64 %"lz")
  %".16.again" = trunc i64 %".15.again" to i32
  store i32 %".16.again", ptr %"me", align 4
  %".82" = getelementptr inbounds i32, ptr %"sum.all", i64 %"index"
  %".83" = load i32, ptr %".82", align 4
  store i32 %".83", ptr %"sum", align 4
  %".85" = load i32, ptr %"shared", align 4
  store i32 %".85", ptr %"i", align 4
  br label %"loop.body.behind"
}

