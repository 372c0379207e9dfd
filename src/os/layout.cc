#include "os/layout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "os/file.h"

namespace howdah::os {

Path default_data_folder() {
  if (::geteuid() == 0) return "/var/lib/howdah";
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data == '/')
    return Path(data) / "howdah";
  const char* home = std::getenv("HOME");
  return Path(home != nullptr && *home == '/' ? home : "/tmp") / ".local/share/howdah";
}

base::Result<std::string> folder_name_of(const std::string& id) {
  auto refused = [&] {
    return base::invalid_argument("'" + id +
                                  "' is not an id: parts of A-Z a-z 0-9 . _ - joined by '/'");
  };
  if (id.empty() || id.size() > 200) return refused();
  std::string name = id;
  for (char& c : name) {
    if (c == '/') {
      c = '~';
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '.' && c != '_' && c != '-') return refused();
  }
  for (const auto part : base::split(id, '/'))
    if (part.empty() || part == "." || part == "..") return refused();
  return name;
}

std::string id_of_folder_name(const std::string& name) {
  std::string id = name;
  for (char& c : id)
    if (c == '~') c = '/';
  return id;
}

base::Status Layout::prepare() const {
  if (!data_.is_absolute())
    return base::invalid_argument("the data directory must be an absolute path: " + data_.string());
  const bool made = ::access(data_.c_str(), F_OK) != 0;
  TRY(make_folders(data_));
  if (made && ::chmod(data_.c_str(), 0700) != 0) return base::from_errno("chmod " + data_.string());
  TRY(make_folders(nodes(), 0700));
  TRY(make_folders(networks(), 0700));
  return make_folders(trash(), 0700);
}

base::Result<std::string> Layout::installation_id(base::Ids& ids) const {
  TRY(create_file_once(installation(), ids.token(base::kLowerAlnum, 6) + "\n", 0600,
                       Durability::kPower));
  const auto text = TRY(read_file(installation()));
  std::string id(base::trim(text));
  if (id.size() != 6 || id.find_first_not_of(base::kLowerAlnum) != std::string::npos)
    return base::internal(
        installation().string() +
        " does not hold 6 characters a-z0-9: restore it from a backup, or end what "
        "runs and remove it");
  return id;
}

}  // namespace howdah::os
