define internal void @__kcc_row.escape(ptr addrspace(1) %start, ptr addrspace(1) %rounds, i32 signext %limit, ptr addrspace(3) %locals, ptr %wg, i64 %row.size, i64 %ly, i64 %lz, i64 %size.y, i64 %size.z) {
entry:
  br label %strips

strips:                                           ; preds = %entry
  br label %strip

strip:                                            ; preds = %strip, %strips
  %kw.x = phi i64 [ 0, %strips ], [ %kw.next, %strip ]
  %kw.0 = sub i64 %row.size, %kw.x
  %kw.1 = load i64, ptr %wg, align 8, !invariant.load !0
  %kw.2 = getelementptr inbounds i8, ptr %wg, i64 72
  %kw.3 = load i64, ptr %kw.2, align 8, !range !1, !invariant.load !0
  %kw.4 = mul i64 %kw.1, %kw.3
  %kw.5 = getelementptr inbounds i8, ptr %wg, i64 48
  %kw.6 = load i64, ptr %kw.5, align 8, !invariant.load !0
  %kw.7 = add i64 %kw.4, %kw.6
  %kw.8 = add i64 %kw.7, %kw.x
  %kw.9 = and i64 %kw.8, 2147483647
  %kw.10 = sub i64 2147483648, %kw.9
  %kw.11 = udiv i64 %kw.10, 1
  %kw.12 = icmp ult i64 %kw.11, %kw.0
  %kw.13 = select i1 %kw.12, i64 %kw.11, i64 %kw.0
  %kw.vl = call i64 @llvm.riscv.vsetvli.i64(i64 %kw.13, i64 2, i64 2)
  call void @__kcc_wide.escape(ptr addrspace(1) %start, ptr addrspace(1) %rounds, i32 signext %limit, ptr addrspace(3) %locals, ptr %wg, i64 %kw.x, i64 %ly, i64 %lz, i64 %kw.vl)
  %kw.next = add nuw nsw i64 %kw.x, %kw.vl
  %kw.more = icmp ult i64 %kw.next, %row.size
  br i1 %kw.more, label %strip, label %end

end:                                              ; preds = %strip
  ret void
}
