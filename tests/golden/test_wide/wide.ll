define internal void @__kcc_wide.escape(ptr addrspace(1) %start, ptr addrspace(1) %rounds, i32 signext %limit, ptr addrspace(3) %locals, ptr %wg, i64 %lx, i64 %ly, i64 %lz, i64 %kw.vl) {
entry:
  %kw.1 = alloca <vscale x 8 x i1>, align 1
  %kw.2 = alloca <vscale x 8 x i1>, align 1
  %kw.3 = alloca <vscale x 8 x i1>, align 1
  %kw.4 = alloca <vscale x 8 x i32>, align 32
  %kw.5 = alloca <vscale x 8 x i32>, align 32
  %kw.33 = alloca <vscale x 8 x float>, align 32
  %kw.34 = alloca i32, align 4
  %kw.evl = trunc i64 %kw.vl to i32
  br label %kb.0

kb.0:                                             ; preds = %entry
  store <vscale x 8 x i1> zeroinitializer, ptr %kw.1, align 1
  store <vscale x 8 x i1> zeroinitializer, ptr %kw.3, align 1
  store <vscale x 8 x i32> poison, ptr %kw.4, align 32
  store <vscale x 8 x i32> poison, ptr %kw.5, align 32
  %kw.6 = load i64, ptr %wg, align 8, !invariant.load !0
  %kw.7 = getelementptr inbounds nuw i8, ptr %wg, i64 72
  %kw.8 = load i64, ptr %kw.7, align 8, !range !1, !invariant.load !0
  %kw.9 = mul i64 %kw.6, %kw.8
  %kw.10 = getelementptr inbounds nuw i8, ptr %wg, i64 48
  %kw.11 = load i64, ptr %kw.10, align 8, !invariant.load !0
  %kw.12 = add i64 %kw.9, %kw.11
  %kw.13 = add i64 %kw.12, %lx
  %kw.14 = trunc i64 %kw.13 to i32
  %kw.15 = trunc i64 %kw.13 to i32
  %kw.16 = sext i32 %kw.15 to i64
  %kw.17 = trunc i64 %kw.13 to i32
  %kw.18 = zext i32 %kw.17 to i64
  %kw.19 = getelementptr float, ptr addrspace(1) %start, i64 %kw.16
  %kw.20 = call <vscale x 8 x float> @llvm.vp.load.nxv8f32.p1(ptr addrspace(1) align 4 %kw.19, <vscale x 8 x i1> splat (i1 true), i32 %kw.evl)
  %kw.21 = fcmp uge <vscale x 8 x float> %kw.20, splat (float 4.000000e+00)
  %kw.22 = icmp eq i32 0, %limit
  %kw.23 = insertelement <vscale x 8 x i1> poison, i1 %kw.22, i64 0
  %kw.24 = shufflevector <vscale x 8 x i1> %kw.23, <vscale x 8 x i1> poison, <vscale x 8 x i32> zeroinitializer
  %kw.25 = select <vscale x 8 x i1> %kw.21, <vscale x 8 x i1> splat (i1 true), <vscale x 8 x i1> %kw.24
  %kw.26 = xor <vscale x 8 x i1> %kw.25, splat (i1 true)
  %kw.27 = load <vscale x 8 x i32>, ptr %kw.5, align 32
  %kw.28 = select <vscale x 8 x i1> %kw.25, <vscale x 8 x i32> zeroinitializer, <vscale x 8 x i32> %kw.27
  %kw.29 = load <vscale x 8 x i1>, ptr %kw.1, align 1
  %kw.30 = or <vscale x 8 x i1> %kw.29, %kw.26
  store <vscale x 8 x i32> %kw.28, ptr %kw.5, align 32
  store <vscale x 8 x i1> %kw.30, ptr %kw.1, align 1
  br label %kb.1

kb.1:                                             ; preds = %kb.0
  %kw.31 = load <vscale x 8 x i1>, ptr %kw.1, align 1
  %kw.32 = call i1 @llvm.vp.reduce.or.nxv8i1(i1 false, <vscale x 8 x i1> %kw.31, <vscale x 8 x i1> splat (i1 true), i32 %kw.evl)
  br i1 %kw.32, label %kb.1.run, label %kb.4

kb.1.run:                                         ; preds = %kb.1
  store <vscale x 8 x i1> %kw.31, ptr %kw.2, align 1
  store <vscale x 8 x float> %kw.20, ptr %kw.33, align 32
  store i32 0, ptr %kw.34, align 4
  br label %kb.2

kb.2:                                             ; preds = %kb.1.run
  %kw.35 = load <vscale x 8 x i1>, ptr %kw.2, align 1
  %kw.36 = call i1 @llvm.vp.reduce.or.nxv8i1(i1 false, <vscale x 8 x i1> %kw.35, <vscale x 8 x i1> splat (i1 true), i32 %kw.evl)
  br i1 %kw.36, label %kb.2.run, label %kb.4

kb.2.run:                                         ; preds = %kb.2.run, %kb.2
  %kw.37 = load <vscale x 8 x i1>, ptr %kw.2, align 1
  %kw.38 = load <vscale x 8 x float>, ptr %kw.33, align 32
  %kw.39 = load i32, ptr %kw.34, align 4
  %kw.40 = add nsw i32 %kw.39, 1
  %kw.41 = call <vscale x 8 x float> @llvm.fmuladd.nxv8f32(<vscale x 8 x float> %kw.38, <vscale x 8 x float> %kw.38, <vscale x 8 x float> splat (float 1.000000e+00))
  %kw.42 = fcmp uge <vscale x 8 x float> %kw.41, splat (float 4.000000e+00)
  %kw.43 = icmp eq i32 %kw.40, %limit
  %kw.44 = insertelement <vscale x 8 x i1> poison, i1 %kw.43, i64 0
  %kw.45 = shufflevector <vscale x 8 x i1> %kw.44, <vscale x 8 x i1> poison, <vscale x 8 x i32> zeroinitializer
  %kw.46 = select <vscale x 8 x i1> %kw.42, <vscale x 8 x i1> splat (i1 true), <vscale x 8 x i1> %kw.45
  %kw.47 = select <vscale x 8 x i1> %kw.37, <vscale x 8 x i1> %kw.46, <vscale x 8 x i1> zeroinitializer
  %kw.48 = xor <vscale x 8 x i1> %kw.46, splat (i1 true)
  %kw.49 = select <vscale x 8 x i1> %kw.37, <vscale x 8 x i1> %kw.48, <vscale x 8 x i1> zeroinitializer
  %kw.50 = load <vscale x 8 x i1>, ptr %kw.3, align 1
  %kw.51 = or <vscale x 8 x i1> %kw.50, %kw.47
  %kw.52 = insertelement <vscale x 8 x i32> poison, i32 %kw.40, i64 0
  %kw.53 = shufflevector <vscale x 8 x i32> %kw.52, <vscale x 8 x i32> poison, <vscale x 8 x i32> zeroinitializer
  %kw.54 = load <vscale x 8 x i32>, ptr %kw.4, align 32
  %kw.55 = select <vscale x 8 x i1> %kw.47, <vscale x 8 x i32> %kw.53, <vscale x 8 x i32> %kw.54
  store <vscale x 8 x i1> %kw.51, ptr %kw.3, align 1
  store <vscale x 8 x i32> %kw.55, ptr %kw.4, align 32
  store <vscale x 8 x i1> %kw.49, ptr %kw.2, align 1
  store <vscale x 8 x float> %kw.41, ptr %kw.33, align 32
  store i32 %kw.40, ptr %kw.34, align 4
  %kw.56 = call i1 @llvm.vp.reduce.or.nxv8i1(i1 false, <vscale x 8 x i1> %kw.49, <vscale x 8 x i1> splat (i1 true), i32 %kw.evl)
  br i1 %kw.56, label %kb.2.run, label %kb.3

kb.3:                                             ; preds = %kb.2.run
  %kw.57 = load <vscale x 8 x i1>, ptr %kw.3, align 1
  %kw.58 = load <vscale x 8 x i32>, ptr %kw.4, align 32
  %kw.59 = load <vscale x 8 x i32>, ptr %kw.5, align 32
  %kw.60 = select <vscale x 8 x i1> %kw.57, <vscale x 8 x i32> %kw.58, <vscale x 8 x i32> %kw.59
  store <vscale x 8 x i32> %kw.60, ptr %kw.5, align 32
  br label %kb.4

kb.4:                                             ; preds = %kb.3, %kb.2, %kb.1
  %kw.61 = load <vscale x 8 x i32>, ptr %kw.5, align 32
  %kw.62 = getelementptr i32, ptr addrspace(1) %rounds, i64 %kw.16
  call void @llvm.vp.store.nxv8i32.p1(<vscale x 8 x i32> %kw.61, ptr addrspace(1) align 4 %kw.62, <vscale x 8 x i1> splat (i1 true), i32 %kw.evl)
  ret void
}
