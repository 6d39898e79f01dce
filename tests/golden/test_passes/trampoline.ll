define void @"sum"(ptr noalias align 128 %"packed_args", ptr noalias align 8 dereferenceable(136) %"wg") nounwind section ".text.sum"
{
entry:
  %".4" = load ptr addrspace(1), ptr %"packed_args", align 8
  %".5" = getelementptr inbounds i8, ptr %"packed_args", i64 8
  %".6" = load ptr addrspace(1), ptr %".5", align 8
  %".7" = getelementptr inbounds i8, ptr %"packed_args", i64 16
  %".8" = load i64, ptr %".7", align 8
  %".9" = alloca i8, i64 %".8", align 128
  %".10" = addrspacecast ptr %".9" to ptr addrspace(3)
  %".11" = getelementptr inbounds i8, ptr %"packed_args", i64 24
  %".12" = load i16, ptr %".11", align 2
  %".13" = alloca i8, i64 16, align 128
  %".14" = addrspacecast ptr %".13" to ptr addrspace(3)
  call void @"__kcc_group.sum"(ptr addrspace(1) %".4", ptr addrspace(1) %".6", ptr addrspace(3) %".10", i16 signext %".12", ptr addrspace(3) %".14", ptr noalias %"wg")
  ret void
}
