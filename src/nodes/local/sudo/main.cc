// The node's `sudo`: no password, no policy, since root inside is no one outside. Installed setuid
// root in a node whose user namespace maps root; where it maps only one id, root is played in a
// further user namespace in which that id is 0. A static program without the server's libraries.
//
// Taken: -u USER, -i, -s, -E, -H, -n, -k, -S, -b-less forms, --, NAME=value before the command, and
// their long names; -v, -l, -K succeed and do nothing.

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  char name[64] = "root";
  char home[256] = "/root";
  char shell[256] = "/bin/bash";
};

bool same_user(const char* wanted, const char* name, const char* uid) {
  if (wanted[0] == '#') return std::strcmp(wanted + 1, uid) == 0;
  return std::strcmp(wanted, name) == 0;
}

bool find_user(const char* wanted, User* user) {
  std::FILE* file = std::fopen("/etc/passwd", "re");
  if (file == nullptr) return false;
  char line[1024];
  bool found = false;
  while (!found && std::fgets(line, sizeof line, file) != nullptr) {
    line[std::strcspn(line, "\n")] = 0;
    char* fields[7] = {};
    char* rest = line;
    for (auto& field : fields) field = strsep(&rest, ":");
    if (fields[6] == nullptr || !same_user(wanted, fields[0], fields[2])) continue;
    user->uid = static_cast<uid_t>(std::atol(fields[2]));
    user->gid = static_cast<gid_t>(std::atol(fields[3]));
    std::snprintf(user->name, sizeof user->name, "%s", fields[0]);
    std::snprintf(user->home, sizeof user->home, "%s", fields[5]);
    std::snprintf(user->shell, sizeof user->shell, "%s", fields[6]);
    found = true;
  }
  std::fclose(file);
  return found;
}

bool put(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const size_t size = std::strlen(text);
  const bool written = ::write(fd, text, size) == static_cast<ssize_t>(size);
  ::close(fd);
  return written;
}

// The only id there is becomes root's in a namespace of its own: programs that ask find uid 0.
void play_root() {
  const unsigned uid = ::getuid(), gid = ::getgid();
  if (uid == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
  char line[64];
  put("/proc/self/setgroups", "deny");
  std::snprintf(line, sizeof line, "0 %u 1", uid);
  put("/proc/self/uid_map", line);
  std::snprintf(line, sizeof line, "0 %u 1", gid);
  put("/proc/self/gid_map", line);
}

int become(const User& user) {
  if (::geteuid() != 0) {
    if (user.uid == 0) play_root();
    return 0;
  }
  if (::setgroups(1, &user.gid) != 0 || ::setresgid(user.gid, user.gid, user.gid) != 0 ||
      ::setresuid(user.uid, user.uid, user.uid) != 0) {
    std::fprintf(stderr, "sudo: cannot become %s: %s\n", user.name, std::strerror(errno));
    return 1;
  }
  return 0;
}

bool keeps(const char* name, const char* list) {
  const size_t size = std::strlen(name);
  for (const char* at = list; (at = std::strstr(at, name)) != nullptr; at += size)
    if ((at == list || at[-1] == ',') && (at[size] == ',' || at[size] == 0)) return true;
  return false;
}

// What sudo keeps by default, and what a job in a node needs to find the platform; all with -E.
void clean_environment(bool keep_all, const char* keep_list) {
  static const char* kKept[] = {"TERM",    "LANG",       "LC_ALL",      "TZ",
                                "DISPLAY", "COLUMNS",    "LINES",       "JAVA_HOME",
                                "AWS_",    "http_proxy", "https_proxy", "no_proxy"};
  if (keep_all) return;
  for (char** at = environ; *at != nullptr;) {
    bool keep = false;
    for (const char* kept : kKept) keep = keep || std::strncmp(*at, kept, std::strlen(kept)) == 0;
    char name[256];
    const size_t size = std::strcspn(*at, "=");
    std::snprintf(name, sizeof name, "%.*s", static_cast<int>(size < 255 ? size : 255), *at);
    keep = keep || keeps(name, keep_list);
    if (keep)
      ++at;
    else if (::unsetenv(name) != 0)
      ++at;
  }
}

struct Options {
  const char* user = "root";
  const char* keep_list = "";
  const char* directory = nullptr;
  bool login = false, shell = false, keep = false, nothing = false;
  int first = 1;  // of what is not an option
};

// Letters that take the next word: of those only -u and -D mean something here.
bool read_short(const char* letters, int argc, char** argv, int* at, Options* options) {
  for (const char* c = letters; *c != 0; ++c) {
    if (std::strchr("ugpCrtTUhDR", *c) != nullptr) {
      const char* value = c[1] != 0 ? c + 1 : (*at + 1 < argc ? argv[++*at] : nullptr);
      if (value == nullptr) return false;
      if (*c == 'u') options->user = value;
      if (*c == 'D') options->directory = value;
      return true;
    }
    if (*c == 'i')
      options->login = true;
    else if (*c == 's')
      options->shell = true;
    else if (*c == 'E')
      options->keep = true;
    else if (std::strchr("vlKV", *c) != nullptr)
      options->nothing = true;
    else if (std::strchr("HnkSAPB", *c) == nullptr)
      return false;
  }
  return true;
}

bool read_long(const char* name, int argc, char** argv, int* at, Options* options) {
  if (std::strncmp(name, "user=", 5) == 0)
    options->user = name + 5;
  else if (std::strcmp(name, "user") == 0 && *at + 1 < argc)
    options->user = argv[++*at];
  else if (std::strncmp(name, "preserve-env=", 13) == 0)
    options->keep_list = name + 13;
  else if (std::strcmp(name, "preserve-env") == 0)
    options->keep = true;
  else if (std::strncmp(name, "chdir=", 6) == 0)
    options->directory = name + 6;
  else if (std::strcmp(name, "login") == 0)
    options->login = true;
  else if (std::strcmp(name, "shell") == 0)
    options->shell = true;
  else if (std::strcmp(name, "validate") == 0 || std::strcmp(name, "list") == 0 ||
           std::strcmp(name, "version") == 0)
    options->nothing = true;
  else if (std::strcmp(name, "non-interactive") != 0 && std::strcmp(name, "set-home") != 0 &&
           std::strcmp(name, "reset-timestamp") != 0 && std::strcmp(name, "stdin") != 0)
    return false;
  return true;
}

bool read_options(int argc, char** argv, Options* options) {
  int at = 1;
  for (; at < argc; ++at) {
    const char* word = argv[at];
    if (std::strcmp(word, "--") == 0) {
      ++at;
      break;
    }
    if (word[0] != '-' || word[1] == 0) break;
    const bool taken = word[1] == '-' ? read_long(word + 2, argc, argv, &at, options)
                                      : read_short(word + 1, argc, argv, &at, options);
    if (!taken) {
      std::fprintf(stderr, "sudo: option '%s' is not known here\n", word);
      return false;
    }
  }
  options->first = at;
  return true;
}

void set_identity(const User& user, const Options& options) {
  ::setenv("SUDO_USER", "hadoop", 1);
  ::setenv("SUDO_UID", "1000", 1);
  ::setenv("SUDO_GID", "1000", 1);
  if (!options.keep || ::getenv("PATH") == nullptr) ::setenv("PATH", kPath, 1);
  if (!options.keep || ::getenv("HOME") == nullptr) ::setenv("HOME", user.home, 1);
  ::setenv("USER", user.name, 1);
  ::setenv("LOGNAME", user.name, 1);
  ::setenv("SHELL", user.shell, 1);
}

int run_shell(const User& user, const Options& options, char** words) {
  if (options.login && ::chdir(user.home) != 0) {
  }
  const char* name = options.login ? "-bash" : user.shell;
  if (*words == nullptr) {
    ::execl(user.shell, name, nullptr);
  } else {
    static char line[65536];  // quoted word by word, as sudo does
    size_t used = 0;
    for (; *words != nullptr && used + 4 < sizeof line; ++words) {
      for (const char* c = *words; *c != 0 && used + 4 < sizeof line; ++c) {
        if (std::strchr("_-$", *c) == nullptr && !(*c >= '0' && *c <= '9') &&
            !((*c | 32) >= 'a' && (*c | 32) <= 'z'))
          line[used++] = '\\';
        line[used++] = *c;
      }
      if (words[1] != nullptr) line[used++] = ' ';
    }
    line[used] = 0;
    ::execl(user.shell, name, "-c", line, nullptr);
  }
  std::fprintf(stderr, "sudo: %s: %s\n", user.shell, std::strerror(errno));
  return 127;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, &options)) return 1;
  if (options.nothing) return 0;
  User user;
  if (!find_user(options.user, &user)) {
    std::fprintf(stderr, "sudo: unknown user: %s\n", options.user);
    return 1;
  }
  clean_environment(options.keep, options.keep_list);
  int at = options.first;
  set_identity(user, options);
  for (; at < argc && std::strchr(argv[at], '=') != nullptr && argv[at][0] != '/'; ++at)
    if (::putenv(argv[at]) != 0) return 1;
  if (at >= argc && !options.shell && !options.login) {
    std::fprintf(stderr, "usage: sudo [-EHinS] [-u user] [NAME=value] command [argument]...\n");
    return 1;
  }
  if (become(user) != 0) return 1;
  if (options.directory != nullptr && ::chdir(options.directory) != 0) {
    std::fprintf(stderr, "sudo: %s: %s\n", options.directory, std::strerror(errno));
    return 1;
  }
  if (options.shell || options.login) return run_shell(user, options, argv + at);
  ::execvp(argv[at], argv + at);
  std::fprintf(stderr, "sudo: %s: %s\n", argv[at],
               errno == ENOENT ? "command not found" : std::strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
