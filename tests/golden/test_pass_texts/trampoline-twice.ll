; before

; after
define void @"twice"(ptr noalias align 128 %"packed_args", ptr noalias align 8 dereferenceable(136) %"wg") nounwind section ".text.twice"
{
entry:
  %".4" = getelementptr inbounds i8, ptr %"packed_args", i64 32
  %".5" = load i64, ptr %".4", align 8
  %".6" = alloca i8, i64 %".5", align 128
  %".7" = addrspacecast ptr %".6" to ptr addrspace(3)
  %".8" = load ptr addrspace(1), ptr %"packed_args", align 8
  %".9" = getelementptr inbounds i8, ptr %"packed_args", i64 16
  %".10" = getelementptr inbounds i8, ptr %"packed_args", i64 48
  %".11" = load <4 x float>, ptr %".10", align 16
  call void @"__kcc_group.twice"(ptr addrspace(1) %".8", ptr %".9", ptr addrspace(3) %".7", <4 x float> %".11", ptr addrspace(3) null, ptr noalias %"wg")
  ret void
}

