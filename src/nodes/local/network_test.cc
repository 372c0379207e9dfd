// Nodes with addresses of their own.

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/json.h"
#include "base/text.h"
#include "nodes/local/networks.h"
#include "nodes/local/rig.h"
#include "os/cgroup.h"
#include "os/launch.h"
#include "os/netlink.h"

namespace howdah::nodes {
namespace {

class NodesOfANetwork : public testing::Test {
 protected:
  void SetUp() override {
    auto subnet = rig_.provider().ensure_network("j-1");
    ASSERT_TRUE(subnet.ok()) << subnet.error().message;
    subnet_ = *os::parse_subnet(*subnet);
  }

  std::string address(int number) const {
    return os::address_text(subnet_.address + 9 + static_cast<uint32_t>(number));
  }
  NodeSpec spec_of(int number) const {
    auto spec = Rig::node_spec("j-1/i-" + std::to_string(number));
    spec.network = "j-1";
    spec.address = address(number);
    spec.hostname = "node-" + std::to_string(number) + ".ec2.internal";
    for (int other = 1; other <= 3; ++other)
      spec.hosts.push_back(
          {address(other),
           {"node-" + std::to_string(other) + ".ec2.internal", "node-" + std::to_string(other)}});
    return spec;
  }
  void make(int number) {
    auto made = rig_.provider().ensure(spec_of(number));
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  std::string run(int number, const std::string& id, const std::string& script) {
    const auto ran = rig_.run(Rig::shell(id, script), "j-1/i-" + std::to_string(number));
    return ran.out + ran.err;
  }
  void wait_until(const std::function<bool()>& condition) {
    base::SystemClock clock;
    for (int i = 0; i < 3000 && !condition(); ++i) clock.wait(base::Millis(10), {});
    EXPECT_TRUE(condition());
  }
  std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<size_t>(n));
    return text;
  }

  Rig rig_;
  os::Subnet subnet_;
};

// Answers one connection after the other with its own name.
constexpr const char* kServer =
    "exec python3 -c \"\n"
    "import socket, sys\n"
    "s = socket.create_server((sys.argv[1], int(sys.argv[2])))\n"
    "while True:\n"
    "  c, who = s.accept()\n"
    "  c.sendall((socket.gethostname() + ' saw ' + who[0] + chr(10)).encode())\n"
    "  c.close()\n"
    "\" ";
constexpr const char* kClient =
    "python3 -c \"\n"
    "import socket, sys, time\n"
    "for i in range(200):\n"
    "  try:\n"
    "    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5); break\n"
    "  except ConnectionRefusedError: time.sleep(0.02)\n"
    "print(s.recv(100).decode(), end='')\n"
    "\" ";

TEST_F(NodesOfANetwork, reach_each_other_by_name) {
  make(1), make(2);
  ASSERT_TRUE(rig_.provider()
                  .start("j-1/i-1", Rig::shell("server", std::string(kServer) + "'' 8020"))
                  .ok());
  EXPECT_EQ(run(2, "short", std::string(kClient) + "node-1 8020"),
            "node-1.ec2.internal saw " + address(2) + "\n");
  EXPECT_EQ(run(1, "self", std::string(kClient) + "$(hostname) 8020"),
            "node-1.ec2.internal saw " + address(1) + "\n");
  EXPECT_EQ(run(2, "names", "hostname; hostname -s; hostname -i; getent hosts node-3 | xargs"),
            "node-2.ec2.internal\nnode-2\n" + address(2) + "\n" + address(3) +
                " node-3.ec2.internal node-3\n");
}

TEST_F(NodesOfANetwork, are_reached_from_the_server_at_their_address_or_at_loopback) {
  make(1);
  auto& provider = rig_.provider();
  EXPECT_EQ(provider.connect_inside("j-1/i-1", 8020, base::Millis(1000)).error().code,
            base::Code::kUnavailable);
  EXPECT_EQ(provider.connect_inside("j-1/i-9", 8020, base::Millis(1000)).error().code,
            base::Code::kNotFound);
  ASSERT_TRUE(provider.start("j-1/i-1", Rig::shell("a", std::string(kServer) + "'' 8020")).ok());
  ASSERT_TRUE(
      provider.start("j-1/i-1", Rig::shell("b", std::string(kServer) + "127.0.0.1 8021")).ok());
  for (const auto& [port, from] :
       {std::pair<uint16_t, std::string>{8020, address(1)}, {8021, "127.0.0.1"}}) {
    wait_until([&] { return provider.connect_inside("j-1/i-1", port, base::Millis(1000)).ok(); });
    auto socket = provider.connect_inside("j-1/i-1", port, base::Millis(1000));
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    EXPECT_EQ(read_all(socket->get()), "node-1.ec2.internal saw " + from + "\n");
  }
  EXPECT_EQ(os::connect_here("127.0.0.1", 8021, base::Millis(1000)).error().code,
            base::Code::kUnavailable);
}

TEST_F(NodesOfANetwork, are_reached_by_the_hosts_programs_at_their_public_address) {
  if (::geteuid() != 0 && !os::why_no_gateway().empty()) GTEST_SKIP() << os::why_no_gateway();
  make(1);
  auto& provider = rig_.provider();
  const auto address = provider.public_address("j-1/i-1").value();
  EXPECT_EQ(provider.public_address("j-1/i-9").error().code, base::Code::kNotFound);
  ASSERT_TRUE(provider.start("j-1/i-1", Rig::shell("a", std::string(kServer) + "'' 8088")).ok());
  wait_until([&] { return provider.connect_inside("j-1/i-1", 8088, base::Millis(1000)).ok(); });
  const auto answer = [&]() -> std::string {
    const auto socket = os::connect_here(address, 8088, base::Millis(1000));
    return socket.ok() ? read_all(socket->get()) : socket.error().message;
  };
  wait_until([&] { return answer().rfind("node-1.ec2.internal saw ", 0) == 0; });
  ASSERT_TRUE(provider.remove("j-1/i-1").ok());
  EXPECT_EQ(answer().rfind("node-1", 0), std::string::npos);
}

TEST_F(NodesOfANetwork, call_the_server_at_localhost_and_at_the_metadata_address) {
  make(1), make(2);
  auto& provider = rig_.provider();
  for (const auto& [at, port] :
       {std::pair<std::string, uint16_t>{"127.0.0.1", 4566}, {"169.254.169.254", 80}})
    for (const char* node : {"j-1/i-1", "j-1/i-2"}) {
      auto listening = provider.listen_inside(node, at, port);
      ASSERT_TRUE(listening.ok()) << listening.error().message;
      EXPECT_EQ(provider.listen_inside(node, at, port).error().code, base::Code::kAlreadyExists);
      ASSERT_TRUE(
          provider
              .start(node, Rig::shell("call-" + std::to_string(port),
                                      std::string(kClient) + at + " " + std::to_string(port)))
              .ok());
      base::Fd client(::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC));
      ASSERT_TRUE(client.valid());
      EXPECT_EQ(::send(client.get(), "hello\n", 6, MSG_NOSIGNAL), 6);
      client.reset();
      rig_.wait_for_end("call-" + std::to_string(port), node);
      EXPECT_EQ(rig_.text_of("/var/log/call-" + std::to_string(port) + "/stdout", node), "hello\n");
    }
}

TEST_F(NodesOfANetwork, hear_of_new_names_in_the_hosts_file_they_have) {
  make(1);
  run(1, "before", "stat -c %i /etc/hosts > /mnt/tmp/inode");
  auto spec = spec_of(1);
  spec.hosts.push_back({address(7), {"node-7"}});
  spec.files.push_back({"/etc/hadoop/conf/slaves", "node-7\n", 0644});
  ASSERT_TRUE(rig_.provider().update(spec).ok());
  EXPECT_EQ(run(1, "after",
                "getent hosts node-7 | xargs; cat /etc/hadoop/conf/slaves; "
                "test $(cat /mnt/tmp/inode) = $(stat -c %i /etc/hosts) && echo same"),
            address(7) + " node-7\nnode-7\nsame\n");
  spec.hosts = {{address(7), {"node-7\n1.2.3.4 evil"}}};
  EXPECT_EQ(rig_.provider().update(spec).error().code, base::Code::kInvalidArgument);
  spec.id = "j-1/i-none";
  EXPECT_EQ(rig_.provider().update(spec).error().code, base::Code::kNotFound);
}

TEST_F(NodesOfANetwork, are_found_again_by_a_new_server_and_keep_their_subnet) {
  make(1);
  ASSERT_TRUE(rig_.provider()
                  .start("j-1/i-1", Rig::shell("server", std::string(kServer) + "'' 8020"))
                  .ok());
  rig_.open();
  auto& provider = rig_.provider();
  EXPECT_EQ(provider.networks().value(), std::vector<std::string>{"j-1"});
  EXPECT_EQ(provider.ensure_network("j-1").value(), os::to_text(subnet_));
  EXPECT_TRUE(provider.look("j-1/i-1")->alive);
  wait_until([&] { return provider.connect_inside("j-1/i-1", 8020, base::Millis(1000)).ok(); });
  make(2);
  EXPECT_EQ(run(2, "call", std::string(kClient) + "node-1 8020"),
            "node-1.ec2.internal saw " + address(2) + "\n");
}

TEST_F(NodesOfANetwork, are_dead_when_their_network_was_killed_and_come_back_with_it) {
  make(1);
  run(1, "write", "echo kept > /mnt/tmp/kept");
  for (const auto& found : os::Launcher(rig_.tag()).find_all())
    if (found.verb == "network") {
      ASSERT_EQ(::kill(found.identity.pid, SIGKILL), 0);
    }
  wait_until([&] { return !rig_.provider().look("j-1/i-1")->alive; });
  EXPECT_EQ(rig_.provider().look("j-1/i-1")->reason, "its network j-1 has ended");
  EXPECT_EQ(rig_.provider().ensure(spec_of(1)).error().code, base::Code::kFailedPrecondition);
  EXPECT_EQ(rig_.provider().ensure_network("j-1").value(), os::to_text(subnet_));
  make(1);
  EXPECT_TRUE(rig_.provider().look("j-1/i-1")->alive);
  EXPECT_EQ(run(1, "read", "cat /mnt/tmp/kept; hostname -i"), "kept\n" + address(1) + "\n");
}

TEST_F(NodesOfANetwork, stop_with_it_and_come_back_at_the_same_addresses) {
  make(1);
  const auto links = os::Netlink::open().value().links().value().size();
  ASSERT_TRUE(rig_.provider().stop("j-1/i-1").ok());
  ASSERT_TRUE(rig_.provider().stop_network("j-1").ok());
  wait_until([&] { return os::Launcher(rig_.tag()).find_all().empty(); });
  EXPECT_EQ(os::Netlink::open().value().links().value().size(),
            links - (::geteuid() == 0 ? 1 : 0));
  EXPECT_TRUE(rig_.provider().stop_network("j-1").ok());
  EXPECT_EQ(rig_.provider().ensure_network("j-1").value(), os::to_text(subnet_));
  make(1);
  EXPECT_EQ(run(1, "again", "hostname -i"), address(1) + "\n");
}

TEST_F(NodesOfANetwork, leave_nothing_behind) {
  const auto count = [] { return os::Netlink::open().value().links().value().size(); };
  const auto mounts = os::read_file("/proc/self/mounts").value();
  make(1), make(2);
  const auto links = count();
  ASSERT_TRUE(rig_.provider().remove("j-1/i-1").ok());
  ASSERT_TRUE(rig_.provider().stop("j-1/i-2").ok());
  make(2);
  ASSERT_TRUE(rig_.provider().remove("j-1/i-2").ok());
  EXPECT_EQ(count(), links);
  ASSERT_TRUE(rig_.provider().remove_network("j-1").ok());
  EXPECT_EQ(count(), links - (::geteuid() == 0 ? 1 : 0));
  EXPECT_TRUE(rig_.provider().networks()->empty());
  EXPECT_FALSE(std::filesystem::exists(rig_.data() / "networks/j-1"));
  wait_until([&] { return os::Launcher(rig_.tag()).find_all().empty(); });
  EXPECT_EQ(os::read_file("/proc/self/mounts").value(), mounts);
  EXPECT_TRUE(rig_.provider().remove_network("j-1").ok());
}

TEST_F(NodesOfANetwork, of_two_clusters_do_not_meet) {
  ASSERT_TRUE(rig_.provider().ensure_network("j-2").ok());
  const auto other = os::parse_subnet(rig_.provider().ensure_network("j-2").value()).value();
  EXPECT_FALSE(other.overlaps(subnet_));
  auto spec = spec_of(2);
  spec.id = "j-2/i-1";
  spec.network = "j-2";
  EXPECT_EQ(rig_.provider().ensure(spec).error().code, base::Code::kInvalidArgument);
  spec.address = os::address_text(other.address + 10);
  ASSERT_TRUE(rig_.provider().ensure(spec).ok());
  make(1);
  ASSERT_TRUE(rig_.provider()
                  .start("j-1/i-1", Rig::shell("server", std::string(kServer) + "'' 8020"))
                  .ok());
  wait_until(
      [&] { return rig_.provider().connect_inside("j-1/i-1", 8020, base::Millis(1000)).ok(); });
  const auto ran = rig_.run(Rig::shell("call", "timeout 2 " + std::string(kClient) + address(1) +
                                                   " 8020 2>/dev/null; echo $?"),
                            "j-2/i-1");
  EXPECT_NE(ran.out, "0\n");
}

// What of the host a node can and cannot reach through the gateway: a port on an address of the
// host itself stands for the world.
TEST_F(NodesOfANetwork, reach_the_world_through_the_gateway_but_not_the_hosts_loopback) {
  if (const auto why = os::why_no_gateway(); !why.empty()) GTEST_SKIP() << why;
  make(1);
  auto listening = os::begin_listening("0.0.0.0", 0).value();
  sockaddr_in bound = {};
  socklen_t size = sizeof bound;
  ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  const std::string port = std::to_string(ntohs(bound.sin_port));
  const auto call = [&](const std::string& id, const std::string& address,
                        const std::string& attempts) {
    return run(1, id,
               "timeout 5 bash -c 'for i in $(seq " + attempts + "); do exec 3<>/dev/tcp/" +
                   address + "/" + port + " && echo open && exit; sleep 0.05; done 2>/dev/null'");
  };
  const std::string gateway = os::address_text(subnet_.address + 2);
  EXPECT_NE(call("loopback", gateway, "2"), "open\n");
  EXPECT_EQ(run(1, "route", "ip route show default | cut -d' ' -f3"), gateway + "\n");
  EXPECT_EQ(run(1, "dns", "grep nameserver /etc/resolv.conf"),
            "nameserver " + os::address_text(subnet_.address + 3) + "\n");
  std::string address;
  auto host = os::Netlink::open().value();
  const auto used = host.subnets().value();
  for (const auto& subnet : used) {
    if ((subnet.address >> 24) == 127 || subnet.overlaps(subnet_)) continue;
    if (os::connect_here(os::address_text(subnet.address), ntohs(bound.sin_port), base::Millis(200))
            .ok()) {
      address = os::address_text(subnet.address);
      break;
    }
  }
  if (address.empty()) GTEST_SKIP() << "the host does not reach itself";
  EXPECT_EQ(call("world", address, "100"), "open\n");
  // Whatever ends the gateway, it comes back.
  for (const auto& found : os::Launcher(rig_.tag()).find_all())
    if (found.verb == "gateway") ::kill(found.identity.pid, SIGKILL);
  wait_until([&] {
    for (const auto& found : os::Launcher(rig_.tag()).find_all())
      if (found.verb == "gateway") return false;
    return true;
  });
  ASSERT_TRUE(rig_.provider().ensure_network("j-1").ok());
  EXPECT_EQ(call("again", address, "100"), "open\n");
}

TEST_F(NodesOfANetwork, have_their_volumes_and_keep_them) {
  auto spec = spec_of(1);
  spec.volumes_gib = {64, 64, 32};
  ASSERT_TRUE(rig_.provider().ensure(spec).ok());
  EXPECT_EQ(run(1, "write", "ls -d /mnt*; echo block | sudo tee /mnt2/block"),
            "/mnt\n/mnt1\n/mnt2\nblock\n");
  ASSERT_TRUE(rig_.provider().stop("j-1/i-1").ok());
  ASSERT_TRUE(rig_.provider().ensure(spec).ok());
  EXPECT_EQ(run(1, "read", "cat /mnt2/block"), "block\n");
}

TEST_F(NodesOfANetwork, share_a_limit_of_memory_among_the_processes_of_one) {
  if (!os::Cgroups("howdah-" + rig_.tag()).warning().empty())
    GTEST_SKIP() << os::Cgroups("howdah-" + rig_.tag()).warning();
  auto spec = spec_of(1);
  spec.memory_limit_bytes = 300u << 20;
  ASSERT_TRUE(rig_.provider().ensure(spec).ok());
  const std::string half = "python3 -c 'x = bytearray(200 << 20); print(1, flush=True)";
  run(1, "pipe", "mkfifo /mnt/tmp/go");
  ASSERT_TRUE(rig_.provider()
                  .start("j-1/i-1", Rig::shell("first", half + "; input()' <> /mnt/tmp/go"))
                  .ok());
  wait_until([&] { return rig_.text_of("/var/log/first/stdout") == "1\n"; });
  const auto second = rig_.run(Rig::shell("second", half + "'")).seen;
  EXPECT_TRUE(second.out_of_memory || rig_.wait_for_end("first").out_of_memory);
}

// runit is what keeps daemons running (conventions.md 2.3): a tree below one lingering process.
TEST_F(NodesOfANetwork, keep_daemons_running_under_runit_until_they_end) {
  if (::access("/usr/bin/runsvdir", X_OK) != 0) GTEST_SKIP() << "runit is not installed";
  make(1);
  const std::string services = "/mnt/var/lib/howdah/services";
  run(1, "write",
      "sudo bash -c 'mkdir -p " + services + "/demo && cd " + services +
          "/demo && echo \"#!/bin/sh\necho up >> /mnt/tmp/ups; exec sleep 6008\" > run && "
          "echo \"#!/bin/sh\necho \\$1 \\$2 >> " +
          services + "/demo/ended\" > finish && chmod 755 run finish'");
  auto spec = Rig::shell("services", "exec runsvdir -P " + services);
  spec.user = "root";
  spec.linger = true;
  ASSERT_TRUE(rig_.provider().start("j-1/i-1", spec).ok());
  const auto stat = [&] { return rig_.text_of(services + "/demo/supervise/stat", "j-1/i-1"); };
  wait_until([&] { return stat() == "run\n"; });
  rig_.open();
  EXPECT_EQ(rig_.look("services").state, ProcessSeen::State::kRunning);
  run(1, "kill", "sudo sv kill " + services + "/demo");
  wait_until([&] { return rig_.text_of("/mnt/tmp/ups", "j-1/i-1") == "up\nup\n"; });
  EXPECT_EQ(rig_.text_of(services + "/demo/ended", "j-1/i-1"), "-1 9\n");
  run(1, "down", "sudo sv -w 5 down " + services + "/demo");
  EXPECT_EQ(stat(), "down\n");
  ASSERT_TRUE(rig_.provider().remove("j-1/i-1").ok());
  EXPECT_TRUE(rig_.provider().list()->empty());
}

TEST(ASubnet, is_the_first_free_one_counted_from_what_its_name_hashes_to) {
  const auto first = choose_subnet("abc j-1", {}).value();
  EXPECT_EQ(first.prefix, 22);
  EXPECT_TRUE((os::Subnet{0x0A400000, 10}).holds(first.address));
  EXPECT_EQ(choose_subnet("abc j-1", {}).value().address, first.address);
  const auto next = choose_subnet("abc j-1", {{first.address + 700, 32}}).value();
  EXPECT_NE(next.address, first.address);
  // A route over everything is no reason to have no network; one over the whole range is.
  EXPECT_TRUE(choose_subnet("abc j-1", {{0x0A000000, 8}}).ok());
  std::vector<os::Subnet> all;
  for (uint32_t piece = 0; piece < 64; ++piece) all.push_back({0x0A400000 + (piece << 16), 16});
  EXPECT_EQ(choose_subnet("abc j-1", all).error().code, base::Code::kResourceExhausted);
}

TEST(NetworkTimes, making_a_network_and_three_nodes) {
  Rig rig;
  base::SystemClock clock;
  const auto millis = [&](base::Millis since) {
    return static_cast<long>((clock.steady() - since).count());
  };
  auto at = clock.steady();
  auto subnet = rig.provider().ensure_network("j-1");
  ASSERT_TRUE(subnet.ok()) << subnet.error().message;
  std::printf("ensure_network %ld ms\n", millis(at));
  at = clock.steady();
  for (uint32_t i = 1; i <= 3; ++i) {
    auto spec = Rig::node_spec("j-1/i-" + std::to_string(i));
    spec.network = "j-1";
    spec.address = os::address_text(os::parse_subnet(*subnet)->address + 9 + i);
    ASSERT_TRUE(rig.provider().ensure(spec).ok());
  }
  std::printf("three nodes %ld ms\n", millis(at));
  at = clock.steady();
  auto socket = rig.provider().listen_inside("j-1/i-1", "127.0.0.1", 4566);
  ASSERT_TRUE(socket.ok());
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(rig.provider().connect_inside("j-1/i-1", 4566, base::Millis(1000)).ok());
  std::printf("a connection inside: %ld us\n", millis(at) * 10);
  at = clock.steady();
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE(rig.provider().remove("j-1/i-" + std::to_string(i)).ok());
  ASSERT_TRUE(rig.provider().remove_network("j-1").ok());
  std::printf("remove all %ld ms\n", millis(at));
}

}  // namespace
}  // namespace howdah::nodes
