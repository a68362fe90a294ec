#pragma once

#include <istream>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/script.h"

namespace strom::cli {

// The texts that one call of `strom sql` runs one after the other, as one script, and where each
// part of it came from. A plain value.
class SqlScript {
 public:
  // A file, or what stood on the command line.
  struct Text {
    std::string name;  // Of the file; empty: errors tell the place only.
    std::string text;
  };

  // Parses all of them; each ends its last statement. Errors: kInvalidSql with the place.
  static Result<SqlScript> Parse(std::vector<Text> texts);

  // With places that count through all texts.
  const std::vector<sql::Statement>& statements() const { return statements_; }

  // The message of a library that names a place, "line 30, column 7: …" or "line 30: …", or nothing
  // such, as people can use it: "orders.sql:line 3, column 7: …".
  std::string Located(std::string_view message) const;
  // The same for an error of the statement at `at`, which is named if the message names no place.
  // It is not kInvalidConfig, which would say that the command line is wrong.
  Status Located(const Status& status, sql::Position at) const;
  Status Located(const Status& status) const;

 private:
  struct Part {
    std::string name;
    int first_line = 1;  // In the whole.
  };

  std::string Place(int line) const;

  std::vector<Part> parts_;
  std::vector<sql::Statement> statements_;
};

// Reads all of `in`. Errors: kStorage; kInvalidSql if it is larger than a script may be.
Result<std::string> ReadScript(std::istream& in, const std::string& name);

}  // namespace strom::cli
