#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pipeline/duckdb/duck.h"

namespace strom::duck {

// A database with one connection, for tests.
struct Engine {
  std::unique_ptr<Database> database = Database::Open().value();
  std::unique_ptr<Connection> connection = database->Connect().value();

  // The one cell of `SELECT expression`, as Value::ToString prints it; an error as its message.
  std::string Eval(std::string_view expression) {
    auto result = connection->Query("SELECT " + std::string(expression));
    if (!result.ok()) return std::string(result.status().message());
    return result.value().rows.at(0).at(0).ToString();
  }
};

// The same in a database that all tests share, for functions.
inline std::string Eval(std::string_view expression) {
  static Engine engine;
  return engine.Eval(expression);
}

}  // namespace strom::duck
