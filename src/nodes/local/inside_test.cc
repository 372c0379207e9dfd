// What user code finds inside a node, and what it does not.

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/text.h"
#include "nodes/local/rig.h"

namespace howdah::nodes {
namespace {

class InsideNode : public testing::Test {
 protected:
  void make(const NodeSpec& spec = Rig::node_spec()) {
    auto made = rig_.provider().ensure(spec);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  Rig rig_;
};

TEST_F(InsideNode, the_environment_holds_nothing_of_the_hosts) {
  ::setenv("AWS_SECRET_ACCESS_KEY", "of-the-host", 1);
  ::setenv("HOWDAH_TEST_MARK", "of-the-host", 1);
  auto node = Rig::node_spec();
  node.environment = {{"JAVA_HOME", "/usr/lib/jvm/x"}};
  make(node);
  auto spec = Rig::shell("env", "");
  spec.argv = {"env"};
  spec.environment = {{"LANG", "en_US.UTF-8"}, {"MINE", "a b=c"}};
  const auto ran = rig_.run(spec);
  auto lines = base::split(base::trim(ran.out), '\n');
  std::sort(lines.begin(), lines.end());
  const std::vector<std::string_view> expected = {
      "HOME=/home/hadoop", "JAVA_HOME=/usr/lib/jvm/x",
      "LANG=en_US.UTF-8",  "LOGNAME=hadoop",
      "MINE=a b=c",        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "SHELL=/bin/bash",   "USER=hadoop"};
  EXPECT_EQ(lines, expected);
  EXPECT_EQ(rig_.run("sudo", "sudo env | grep -c of-the-host").out, "0\n");
}

TEST_F(InsideNode, no_descriptor_of_the_server_leaks) {
  const int mine = ::open("/etc/hostname", O_RDONLY);  // as a library without CLOEXEC would
  make();
  auto spec = Rig::shell("fds", "");
  spec.argv = {"ls", "-U", "/proc/self/fd"};  // its own directory is the fourth
  EXPECT_EQ(rig_.run(spec).out, "0\n1\n2\n3\n");
  ::close(mine);
}

TEST_F(InsideNode, the_hosts_secrets_homes_and_data_are_not_there) {
  make();
  const std::string home = ::getenv("HOME") != nullptr ? ::getenv("HOME") : "/root";
  const auto ran =
      rig_.run("look", "for f in " + rig_.data().string() +
                           " /etc/shadow /etc/ssl/private /lost+found /boot " +
                           "/var/lib/postgresql /old_root; do sudo test -e $f && echo $f; done; "
                           "sudo ls -A /root; ls /home; ls -A /home/hadoop; echo end");
  EXPECT_EQ(ran.out, "hadoop\nend\n") << ran.err;
}

TEST_F(InsideNode, its_processes_do_not_see_the_hosts_nor_each_others) {
  make();
  const auto ran = rig_.run("ps",
                            "echo $$; ls /proc | grep -c '^[0-9]'; readlink /proc/self/ns/pid | wc "
                            "-l; kill -0 1 || sudo kill -0 1");
  const auto lines = base::split(ran.out, '\n');
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines[0], "2");
  EXPECT_LE(std::atoi(std::string(lines[1]).c_str()), 5);
}

TEST_F(InsideNode, root_inside_is_nobody_outside) {
  make();
  const auto ran = rig_.run("root",
                            "sudo bash -c 'id -u; touch /mnt/tmp/by-root; echo > /etc/made; "
                            "touch /usr/local/howdah-probe; rm -f /usr/bin/who; ls /usr/bin/who; "
                            "echo 1 > /proc/sys/kernel/sysrq; mknod /tmp/disk b 254 0; "
                            "dd if=/dev/vda count=1; mount -t tmpfs x /mnt/s3 && echo mounted'");
  EXPECT_EQ(ran.out, "0\nmounted\n") << ran.err;
  EXPECT_FALSE(std::filesystem::exists("/usr/local/howdah-probe"));
  EXPECT_FALSE(std::filesystem::exists("/etc/made"));
  EXPECT_TRUE(std::filesystem::exists("/usr/bin/who"));
  struct stat info;
  ASSERT_EQ(::lstat((rig_.data() / "nodes/j-1~i-1/fs/mnt/tmp/by-root").c_str(), &info), 0);
  if (::geteuid() == 0) {
    EXPECT_GE(info.st_uid, 524288u);
  } else {
    EXPECT_EQ(info.st_uid, ::geteuid());
  }
}

TEST_F(InsideNode, mounts_of_one_process_are_seen_by_the_next) {
  make();
  rig_.run("mount", "sudo mount -t tmpfs x /mnt/s3 && sudo touch /mnt/s3/there");
  if (::geteuid() != 0)
    GTEST_SKIP() << "root is played in a namespace of its own, mounts end with it";
  EXPECT_EQ(rig_.run("see", "ls /mnt/s3").out, "there\n");
}

TEST_F(InsideNode, sudo_takes_the_forms_that_scripts_use) {
  make();
  EXPECT_EQ(rig_.run("forms",
                     "sudo -n true && sudo -v && sudo A=1 B='x y' bash -c 'echo $A $B'; "
                     "C=3 sudo -E bash -c 'echo $C'; C=3 sudo bash -c 'echo [$C]'; "
                     "sudo -u hadoop id -un; sudo -i pwd; sudo -s echo 'a  b'; "
                     "echo in | sudo tee /tmp/t; sudo -H bash -c 'echo $HOME'; "
                     "sudo no-such-thing; echo $?; sudo -u nobody-here id; echo $?")
                .out,
            "1 x y\n3\n[]\nhadoop\n/root\na  b\nin\n/root\n127\n1\n");
}

TEST_F(InsideNode, java_and_python_run_and_the_hostname_resolves) {
  make();
  const auto ran =
      rig_.run("tools",
               "java -version 2>&1 | head -1; python3 -c '"
               "import socket, getpass, os; print(socket.gethostbyname(socket.gethostname()));"
               "print(getpass.getuser(), os.path.expanduser(\"~\"))'; "
               "hostname -s; echo x > /dev/shm/x; echo y | tee /dev/null");
  EXPECT_NE(ran.out.find("127.0.0.1\nhadoop /home/hadoop\nip-10-0-0-1\ny\n"), std::string::npos)
      << ran.out << ran.err;
  if (std::filesystem::exists("/usr/bin/java")) {
    EXPECT_NE(ran.out.find("version"), std::string::npos) << ran.out;
  }
}

TEST_F(InsideNode, pip_installs_into_the_node_and_not_into_the_host) {
  if (!std::filesystem::exists("/usr/bin/pip3")) GTEST_SKIP() << "the host has no /usr/bin/pip3";
  make();
  const auto ran = rig_.run(
      "pip",
      "cat > /tmp/wheel.py <<'E'\n"
      "import zipfile\n"
      "w = zipfile.ZipFile('/tmp/howdah_probe-1.0-py3-none-any.whl', 'w')\n"
      "d = 'howdah_probe-1.0.dist-info/'\n"
      "w.writestr('howdah_probe.py', 'print(\"imported\")')\n"
      "w.writestr(d + 'METADATA', 'Metadata-Version: 2.1\\nName: howdah-probe\\nVersion: 1.0\\n')\n"
      "w.writestr(d + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: "
      "py3-none-any\\n')\n"
      "w.writestr(d + 'RECORD', '')\n"
      "w.close()\n"
      "E\n"
      "/usr/bin/python3 /tmp/wheel.py && sudo pip3 install --no-index "
      "/tmp/howdah_probe-1.0-py3-none-any.whl");
  EXPECT_EQ(ran.seen.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(rig_.run("import", "/usr/bin/python3 -c 'import howdah_probe'").out, "imported\n");
  int found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           "/usr/local/lib", std::filesystem::directory_options::skip_permission_denied))
    if (entry.path().filename() == "howdah_probe.py") ++found;
  EXPECT_EQ(found, 0);
}

TEST_F(InsideNode, files_and_mounts_of_the_spec_are_there) {
  ASSERT_TRUE(os::make_folders(rig_.data() / "engines/spark/bin").ok());
  ASSERT_TRUE(os::write_file(rig_.data() / "engines/spark/bin/tool", "#!/bin/sh\necho spark\n",
                             0755, os::Durability::kProcess)
                  .ok());
  auto node = Rig::node_spec();
  node.mounts.push_back({rig_.data() / "engines/spark", "/usr/lib/spark", true});
  node.files.push_back({"/mnt/var/lib/info/instance.json", "{\n\"isMaster\": true\n}\n", 0644});
  node.files.push_back({"/home/hadoop/.aws/config", "[default]\n", 0600});
  make(node);
  const auto ran =
      rig_.run("see",
               "/usr/lib/spark/bin/tool; sudo touch /usr/lib/spark/x || echo read-only; "
               "grep isMaster /mnt/var/lib/info/instance.json; cat ~/.aws/config; "
               "ls /usr/lib/python3 > /dev/null && echo rest");
  EXPECT_EQ(ran.out, "spark\nread-only\n\"isMaster\": true\n[default]\nrest\n") << ran.err;
  node.mounts[0].source = rig_.data() / "engines/none";
  node.id = "j-1/i-2";
  EXPECT_EQ(rig_.provider().ensure(node).error().code, base::Code::kNotFound);
}

TEST_F(InsideNode, what_is_read_from_outside_cannot_be_led_out) {
  make();
  rig_.run("plant",
           "cd /mnt/tmp; ln -s /etc/passwd absolute; ln -s ../../../../../../etc up; "
           "echo fine > plain; ln -s plain within; mkfifo pipe; mkdir d; "
           "ln -s /proc/self/environ magic; ln -s " +
               rig_.data().string() + " data");
  auto& provider = rig_.provider();
  EXPECT_EQ(provider.host_path("j-1/i-1", "/mnt/tmp/plain").value(),
            rig_.data() / "nodes/j-1~i-1/fs/mnt/tmp/plain");
  EXPECT_EQ(rig_.text_of("/mnt/tmp/within"), "fine\n");
  for (const char* path :
       {"/mnt/tmp/absolute", "/mnt/tmp/up/passwd", "/mnt/tmp/magic", "/mnt/tmp/data/lock",
        "/etc/passwd", "/mnt/../etc/passwd", "mnt/tmp/plain", "/mntx", "/"}) {
    EXPECT_EQ(provider.host_path("j-1/i-1", path).error().code, base::Code::kInvalidArgument)
        << path;
    EXPECT_EQ(provider.open_file("j-1/i-1", path).error().code, base::Code::kInvalidArgument)
        << path;
  }
  EXPECT_EQ(provider.open_file("j-1/i-1", "/mnt/tmp/pipe").error().code,
            base::Code::kInvalidArgument);
  EXPECT_EQ(provider.open_file("j-1/i-1", "/mnt/tmp/d").error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(provider.host_path("j-1/i-1", "/mnt/none").error().code, base::Code::kNotFound);
  std::string listed;  // links and pipes are not among it
  const auto entries = provider.list_folder("j-1/i-1", "/mnt/tmp").value();
  for (const FolderEntry& entry : entries) listed += entry.name + (entry.folder ? "/ " : " ");
  EXPECT_EQ(listed, "d/ plain ");
  EXPECT_FALSE(provider.list_folder("j-1/i-1", "/mnt/tmp/up").ok());
  EXPECT_EQ(provider.list_folder("j-1/i-1", "/mnt/none").error().code, base::Code::kNotFound);
  EXPECT_EQ(provider.host_path("../../etc", "/mnt/x").error().code, base::Code::kInvalidArgument);
}

TEST_F(InsideNode, a_planted_log_is_not_written_through) {
  make();
  rig_.run("plant",
           "mkdir -p /var/log/trap; ln -s /home/hadoop/victim /var/log/trap/stdout; "
           "mkfifo /var/log/trap/stderr");
  auto ran = rig_.run(Rig::shell("trap", "echo x"));
  EXPECT_EQ(ran.seen.exit_code, 126);
  EXPECT_NE(ran.seen.reason.find("/mnt/var/log/trap/stdout"), std::string::npos) << ran.seen.reason;
}

TEST_F(InsideNode, specs_that_make_no_sense_are_refused) {
  auto node = Rig::node_spec("j-1/../x");
  EXPECT_EQ(rig_.provider().ensure(node).error().code, base::Code::kInvalidArgument);
  node = Rig::node_spec();
  node.hostname = "bad name\n";
  EXPECT_EQ(rig_.provider().ensure(node).error().code, base::Code::kInvalidArgument);
  node = Rig::node_spec();
  node.files.push_back({"/etc/../../x", "", 0644});
  EXPECT_EQ(rig_.provider().ensure(node).error().code, base::Code::kInvalidArgument);
  EXPECT_TRUE(rig_.provider().list()->empty());
}

// ---- the same without root
// -----------------------------------------------------------------------

constexpr const char* kMainPromises =
    "--gtest_filter=InsideNode.*-*pip*:*java*:*sudo_takes*:*refused:*planted*:"
    "InsideNode.mounts*";
constexpr const char* kMainProcesses =
    "--gtest_filter=LocalNode.runs*:*terminate*:*outlives*:*lingering*:*mended*:*remove_leaves*";
constexpr const char* kMainNetworks =
    "--gtest_filter=NodesOfANetwork.reach_each*:NodesOfANetwork.are_*:NodesOfANetwork.call*:"
    "NodesOfANetwork.leave*:*gateway*:*runit*:*volumes*";

// Runs this test program again as an ordinary user; with `subordinate`, that user has 65536 ids in
// /etc/subuid and /etc/subgid (shown to it by mounts in a namespace of its own).
std::string run_as_user(bool subordinate, const char* filter) {
  char output[] = "/tmp/howdah-rootless-XXXXXX";
  const int log = ::mkstemp(output);
  char self[4096] = {};
  if (::readlink("/proc/self/exe", self, sizeof self - 1) < 0) return "no /proc/self/exe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(log, 1);
    ::dup2(log, 2);
    if (subordinate) {
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        ::_exit(90);
      const std::string passwd =
          os::read_file("/etc/passwd").value_or("") + "probe:x:54321:54321::/tmp:/bin/sh\n";
      if (::mount("t", "/media", "tmpfs", 0, nullptr) != 0) ::_exit(91);
      for (const auto& [name, text] : {std::pair<std::string, std::string>{"passwd", passwd},
                                       {"subuid", "probe:300000:65536\n"},
                                       {"subgid", "probe:300000:65536\n"}}) {
        if (!os::write_file("/media/" + name, text, 0644, os::Durability::kProcess).ok() ||
            ::mount(("/media/" + name).c_str(), ("/etc/" + name).c_str(), nullptr, MS_BIND,
                    nullptr) != 0)
          ::_exit(92);
      }
    }
    const gid_t gid = 54321;
    if (::setgroups(1, &gid) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(54321, 54321, 54321) != 0)
      ::_exit(93);
    ::setenv("HOME", "/tmp", 1);
    ::execl(self, self, filter, "--gtest_brief=1", nullptr);
    ::_exit(94);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(log);
  const std::string text = os::read_file(output).value_or("");
  ::unlink(output);
  return status == 0 ? "" : "status " + std::to_string(status) + "\n" + text;
}

TEST(Rootless, the_main_promises_hold_with_one_id) {
  if (::geteuid() != 0) GTEST_SKIP() << "runs as an ordinary user already";
  EXPECT_EQ(run_as_user(false, kMainPromises), "");
  EXPECT_EQ(run_as_user(false, kMainProcesses), "");
  EXPECT_EQ(run_as_user(false, kMainNetworks), "");
}

TEST(Rootless, the_main_promises_hold_with_subordinate_ids) {
  if (::geteuid() != 0) GTEST_SKIP() << "runs as an ordinary user already";
  if (::access("/usr/bin/newuidmap", X_OK) != 0) GTEST_SKIP() << "the host has no newuidmap";
  EXPECT_EQ(run_as_user(true, kMainPromises), "");
  EXPECT_EQ(run_as_user(true, kMainProcesses), "");
  EXPECT_EQ(run_as_user(true, kMainNetworks), "");
}

}  // namespace
}  // namespace howdah::nodes
