define internal void @__kcc_item.escape(ptr addrspace(1) %start, ptr addrspace(1) %rounds, i32 signext %limit, ptr addrspace(3) %locals, ptr %wg, i64 %lx, i64 %ly, i64 %lz) {
entry:
  %.11.i = load i64, ptr %wg, align 8, !invariant.load !0
  %.12.i = getelementptr inbounds nuw i8, ptr %wg, i64 72
  %.14.i = load i64, ptr %.12.i, align 8, !range !1, !invariant.load !0
  %.15.i = mul i64 %.11.i, %.14.i
  %.16.i = getelementptr inbounds nuw i8, ptr %wg, i64 48
  %.18.i = load i64, ptr %.16.i, align 8, !invariant.load !0
  %.19.i = add i64 %.15.i, %.18.i
  %.24.i = add nuw nsw i64 %.19.i, %lx
  %.14 = trunc i64 %.24.i to i32
  %.19 = sext i32 %.14 to i64
  %.20 = getelementptr inbounds float, ptr addrspace(1) %start, i64 %.19
  %.21 = load float, ptr addrspace(1) %.20, align 4, !llvm.access.group !2
  %.254 = fcmp uge float %.21, 4.000000e+00
  %.295 = icmp eq i32 0, %limit
  %or.cond6 = select i1 %.254, i1 true, i1 %.295
  br i1 %or.cond6, label %loop.end, label %if.end.preheader

if.end.preheader:                                 ; preds = %entry
  br label %if.end

loop.end.loopexit:                                ; preds = %if.end
  %.33.lcssa = phi i32 [ %.33, %if.end ]
  br label %loop.end

loop.end:                                         ; preds = %loop.end.loopexit, %entry
  %count.0.lcssa = phi i32 [ 0, %entry ], [ %.33.lcssa, %loop.end.loopexit ]
  %.44 = sext i32 %.14 to i64
  %.45 = getelementptr inbounds i32, ptr addrspace(1) %rounds, i64 %.44
  store i32 %count.0.lcssa, ptr addrspace(1) %.45, align 4, !llvm.access.group !2
  ret void

if.end:                                           ; preds = %if.end.preheader, %if.end
  %x.08 = phi float [ %.38, %if.end ], [ %.21, %if.end.preheader ]
  %count.07 = phi i32 [ %.33, %if.end ], [ 0, %if.end.preheader ]
  %.33 = add nsw i32 %count.07, 1
  %.38 = call float @llvm.fmuladd.f32(float %x.08, float %x.08, float 1.000000e+00)
  %.25 = fcmp uge float %.38, 4.000000e+00
  %.29 = icmp eq i32 %.33, %limit
  %or.cond = select i1 %.25, i1 true, i1 %.29
  br i1 %or.cond, label %loop.end.loopexit, label %if.end
}
