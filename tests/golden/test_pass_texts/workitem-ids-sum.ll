; before
declare i64 @"__kcc.get_local_id"(i32 %".1", ptr %".2", i64 %".3", i64 %".4", i64 %".5")

declare i64 @"__kcc.get_global_id"(i32 %".1", ptr %".2", i64 %".3", i64 %".4", i64 %".5")

declare i64 @"__kcc.get_group_id"(i32 %".1", ptr %".2", i64 %".3", i64 %".4", i64 %".5")

; after
define internal i64 @"__kcc.get_local_id"(i32 %".1", ptr %".2", i64 %".3", i64 %".4", i64 %".5") alwaysinline nofree nosync nounwind willreturn
{
entry:
  %".7" = icmp ult i32 %".1", 3
  %".8" = zext i32 %".1" to i64
  %".9" = select  i1 %".7", i64 %".8", i64 0
  %".10" = icmp eq i64 %".9", 1
  %".11" = select  i1 %".10", i64 %".4", i64 %".5"
  %".12" = icmp eq i64 %".9", 0
  %".13" = select  i1 %".12", i64 %".3", i64 %".11"
  %".14" = select  i1 %".7", i64 %".13", i64 0
  ret i64 %".14"
}

define internal i64 @"__kcc.get_global_id"(i32 %".1", ptr %".2", i64 %".3", i64 %".4", i64 %".5") alwaysinline nofree nosync nounwind willreturn
{
entry:
  %".7" = icmp ult i32 %".1", 3
  %".8" = zext i32 %".1" to i64
  %".9" = select  i1 %".7", i64 %".8", i64 0
  %".10" = getelementptr inbounds i64, ptr %".2", i64 %".9"
  %".11" = load i64, ptr %".10", align 8, !invariant.load !0
  %".12" = getelementptr inbounds i8, ptr %".2", i64 72
  %".13" = getelementptr inbounds i64, ptr %".12", i64 %".9"
  %".14" = load i64, ptr %".13", align 8, !invariant.load !0, !range !1
  %".15" = mul i64 %".11", %".14"
  %".16" = getelementptr inbounds i8, ptr %".2", i64 48
  %".17" = getelementptr inbounds i64, ptr %".16", i64 %".9"
  %".18" = load i64, ptr %".17", align 8, !invariant.load !0
  %".19" = add i64 %".15", %".18"
  %".20" = icmp eq i64 %".9", 1
  %".21" = select  i1 %".20", i64 %".4", i64 %".5"
  %".22" = icmp eq i64 %".9", 0
  %".23" = select  i1 %".22", i64 %".3", i64 %".21"
  %".24" = add nuw nsw i64 %".19", %".23"
  %".25" = select  i1 %".7", i64 %".24", i64 0
  ret i64 %".25"
}

define internal i64 @"__kcc.get_group_id"(i32 %".1", ptr %".2", i64 %".3", i64 %".4", i64 %".5") alwaysinline nofree nosync nounwind willreturn
{
entry:
  %".7" = icmp ult i32 %".1", 3
  %".8" = zext i32 %".1" to i64
  %".9" = select  i1 %".7", i64 %".8", i64 0
  %".10" = getelementptr inbounds i64, ptr %".2", i64 %".9"
  %".11" = load i64, ptr %".10", align 8, !invariant.load !0
  %".12" = select  i1 %".7", i64 %".11", i64 0
  ret i64 %".12"
}

