; before

; after
define void @"sum"(ptr noalias align 128 %"packed_args", ptr noalias align 8 dereferenceable(136) %"wg") nounwind section ".text.sum"
{
entry:
  %".4" = getelementptr inbounds i8, ptr %"packed_args", i64 16
  %".5" = load i64, ptr %".4", align 8
  %".6" = alloca i8, i64 16, align 128
  %".7" = addrspacecast ptr %".6" to ptr addrspace(3)
  %".8" = alloca i8, i64 %".5", align 128
  %".9" = addrspacecast ptr %".8" to ptr addrspace(3)
  %".10" = load ptr addrspace(1), ptr %"packed_args", align 8
  %".11" = getelementptr inbounds i8, ptr %"packed_args", i64 8
  %".12" = load ptr addrspace(1), ptr %".11", align 8
  %".13" = getelementptr inbounds i8, ptr %"packed_args", i64 24
  %".14" = load i16, ptr %".13", align 2
  call void @"__kcc_group.sum"(ptr addrspace(1) %".10", ptr addrspace(1) %".12", ptr addrspace(3) %".9", i16 signext %".14", ptr addrspace(3) %".7", ptr noalias %"wg")
  ret void
}

