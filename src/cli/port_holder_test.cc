#include "cli/port_holder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

namespace howdah::cli {
namespace {

// As /proc/net/tcp shows it: a listener on 4566 (0x11D6), and a connection of the same port.
constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:11D6 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 "
    "111 1\n"
    "   1: 0100007F:11D6 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "222 1\n";

TEST(PortHolder, FindsTheListenerAndNotAConnection) {
  EXPECT_EQ(listening_inode(kTable, 4566), 222u);
  EXPECT_EQ(listening_inode(kTable, 4567), std::nullopt);
}

TEST(PortHolder, TextThatIsNoTableHoldsNothing) {
  EXPECT_EQ(listening_inode("", 4566), std::nullopt);
  EXPECT_EQ(listening_inode("1: :11D6 x 0A 1 2 3 4 5 notanumber\n::::\n", 4566), std::nullopt);
}

TEST(PortHolder, NamesThisProcessForASocketOfItsOwn) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto holder = holder_of_port(ntohs(address.sin_port));
  ASSERT_TRUE(holder.has_value());
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_NE(describe_holder(1, *holder).find("cli_test"), std::string::npos);
}

}  // namespace
}  // namespace howdah::cli
