#include "common/io/path.h"

namespace strom::io {
namespace {

std::string_view WithoutSlashesAtEnd(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path.push_back('/');
  return path.append(name);
}

std::string ParentPath(std::string_view path) {
  const std::string_view trimmed = WithoutSlashesAtEnd(path);
  if (trimmed.empty()) return path.empty() ? "." : "/";
  const size_t slash = trimmed.rfind('/');
  if (slash == std::string_view::npos) return ".";
  const std::string_view parent = WithoutSlashesAtEnd(trimmed.substr(0, slash));
  return parent.empty() ? "/" : std::string(parent);
}

std::string_view BaseName(std::string_view path) {
  const std::string_view trimmed = WithoutSlashesAtEnd(path);
  return trimmed.substr(trimmed.rfind('/') + 1);  // npos + 1 == 0.
}

}  // namespace strom::io
