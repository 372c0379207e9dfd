#include "nodes/local/provider.h"

#include <chrono>
#include <cstdio>

#include "nodes/local/rig.h"

namespace howdah::nodes {
namespace {

TEST(LocalNode, runs_a_process_as_hadoop_and_tells_its_exit_code) {
  Rig rig;
  auto made = rig.provider().ensure(Rig::node_spec());
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto ran = rig.run("s-1/attempt-1", "id -un; sudo id -u; hostname; echo oops >&2; exit 7");
  EXPECT_EQ(ran.seen.state, ProcessSeen::State::kExited);
  EXPECT_EQ(ran.seen.exit_code, 7) << ran.seen.reason;
  EXPECT_EQ(ran.seen.signal, 0);
  EXPECT_EQ(ran.out, "hadoop\n0\nip-10-0-0-1.ec2.internal\n");
  EXPECT_EQ(ran.err, "oops\n");
}

}  // namespace
}  // namespace howdah::nodes
