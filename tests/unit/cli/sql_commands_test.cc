// `strom sql` against a whole cluster in this process, without workers.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/commands.h"
#include "cli/completion.h"
#include "tests/testing/cluster/dev_cluster.h"

namespace strom::cli {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran RunAt(std::vector<std::string> arguments, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  const int code = RunCommandLine(CommandTree(), arguments, console);
  return {code, out.str(), err.str()};
}

class Sql {
 public:
  Ran Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), "sql");
    arguments.insert(arguments.end(), {"--server", cluster_.grpc()});
    return RunAt(std::move(arguments), input);
  }
  Ran operator()(const std::string& text) { return Run({"-e", text, "--format", "csv"}); }

  // As it must be: no error, nothing but rows, the output sorted below its first line.
  std::string Rows(const std::string& text) {
    const Ran ran = (*this)(text);
    CHECK(ran.err == "");
    CHECK(ran.code == kExitOk);
    std::istringstream in(ran.out);
    std::string names;
    std::getline(in, names);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::ranges::sort(lines);
    for (const std::string& line : lines) names += " " + line;
    return names;
  }
  // What it says of a script that fails.
  std::string Problem(const std::string& text) {
    const Ran ran = (*this)(text);
    CHECK(ran.code == kExitFailed);
    CHECK(ran.out.empty());
    return ran.err;
  }
  std::string Jobs() {
    return RunAt({"job", "list", "--format", "csv", "--server", cluster_.grpc()}).out;
  }
  testing::DevCluster& cluster() { return cluster_; }

 private:
  testing::DevCluster cluster_;
};

bool Has(const std::string& text, std::string_view part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

constexpr const char* kTables = R"(
CREATE DATABASE shop;
CREATE TABLE shop.goods (id BIGINT, name STRING, price DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)
  WITH ('bucket.num' = '2');
CREATE TABLE shop.sales (goods BIGINT NOT NULL, pieces INT) WITH ('bucket.num' = '2');
CREATE TABLE shop.totals (id BIGINT, pieces BIGINT, PRIMARY KEY (id) NOT ENFORCED);
)";
constexpr const char* kRows = R"(
INSERT INTO shop.goods VALUES (1, 'tea', 2.50), (2, '水', 10.00), (3, CAST(NULL AS STRING), 1);
INSERT INTO shop.sales VALUES (1, 4), (1, 2), (2, 1);
)";
constexpr const char* kJob =
    "INSERT INTO shop.totals SELECT goods, SUM(CAST(pieces AS BIGINT)) FROM shop.sales GROUP BY "
    "goods;";

}  // namespace

TEST_CASE("tables that are made twice are made once, and another one of the name is refused",
          "[cli]") {
  Sql sql;
  const Ran made = sql.Run({"-e", kTables});
  CHECK(made.err == "");
  CHECK(made.out ==
        "created database shop\ncreated table shop.goods\ncreated table shop.sales\n"
        "created table shop.totals\n");
  const Ran again = sql.Run({"-e", kTables});
  CHECK(again.code == kExitOk);
  CHECK(again.out ==
        "database shop exists\ntable shop.goods exists, the same\ntable shop.sales exists, the "
        "same\ntable shop.totals exists, the same\n");
  CHECK(sql.Problem("USE shop;\nCREATE TABLE totals (id INT, pieces BIGINT, PRIMARY KEY (id) NOT "
                    "ENFORCED)") ==
        "strom: line 2, column 1: table shop.totals exists, but another one: column id is BIGINT "
        "NOT NULL there, INT NOT NULL here\n");
  // That comes first, before what follows from it; and nothing was done.
  CHECK(sql.Problem("CREATE DATABASE more; CREATE TABLE shop.sales (goods BIGINT NOT NULL, pieces "
                    "INT, extra INT) WITH ('bucket.num' = '2'); SELECT extra FROM shop.sales") ==
        "strom: line 1, column 23: table shop.sales exists, but another one: column extra is not "
        "there\n");
  CHECK(sql("DROP DATABASE IF EXISTS more").err == "database more does not exist\n");
  CHECK(
      sql("DROP TABLE shop.sales; CREATE TABLE shop.sales (goods BIGINT, extra INT); SELECT extra "
          "FROM shop.sales")
          .out == "extra\n");
  Has(sql("CREATE TABLE IF NOT EXISTS shop.totals (id INT)").err, "but another one");
  Has(sql.Problem("CREATE DATABASE shop COMMENT 'mine'"), "another comment");

  CHECK(sql("DROP TABLE shop.totals; DROP TABLE IF EXISTS shop.totals").err ==
        "dropped table shop.totals\ntable shop.totals does not exist\n");
  Has(sql.Problem("DROP TABLE shop.totals"), "shop.totals");
  Has(sql.Problem("DROP DATABASE shop"), "shop");
  CHECK(sql("DROP DATABASE shop CASCADE; DROP DATABASE IF EXISTS shop").err ==
        "dropped database shop\ndatabase shop does not exist\n");
}

TEST_CASE("rows are written once and read by joins and aggregates", "[cli]") {
  Sql sql;
  REQUIRE(sql.Run({"-e", kTables, "-e", kRows})
              .out.ends_with("wrote 3 rows to shop.goods\nwrote 3 rows to shop.sales\n"));
  CHECK(sql.Rows("SELECT g.name, SUM(s.pieces * g.price) AS amount FROM shop.sales s JOIN "
                 "shop.goods g ON g.id = s.goods GROUP BY g.name") ==
        "name,amount tea,15.00 水,10.00");
  CHECK(sql.Rows("SELECT COUNT(*) AS n FROM shop.goods WHERE name IS NULL") == "n 1");
  CHECK(sql.Rows("SELECT * FROM shop.totals") == "id,pieces");

  // Upserts of the same rows change nothing; some columns only leave the others as they are.
  CHECK(sql("INSERT INTO shop.goods (id, price) VALUES (1, 3)").code == kExitOk);
  CHECK(sql("INSERT INTO shop.sales (goods) VALUES (3)").code == kExitOk);
  CHECK(sql.Rows("SELECT id, name, price FROM shop.goods") ==
        "id,name,price 1,tea,3.00 2,水,10.00 3,,1.00");
  CHECK(sql.Rows("SELECT goods, pieces FROM shop.sales WHERE goods = 3") == "goods,pieces 3,");
  Has(sql.Problem("INSERT INTO shop.sales VALUES (CAST(NULL AS BIGINT), 1)"), "line 1, column 1: ");

  // A view, a SELECT among statements, and the clock.
  const Ran frozen = sql.Run({"-e",
                              "SET 'strom.clock' = '2024-05-20 10:30:00'; CREATE TEMPORARY VIEW v "
                              "AS SELECT COUNT(*) AS n FROM shop.sales; SELECT n, "
                              "CAST(CURRENT_DATE AS STRING) AS today FROM v",
                              "--format", "json"});
  CHECK(frozen.err == "");
  CHECK(frozen.out == "{\"n\":4,\"today\":\"2024-05-20\"}\n");
  const std::string today = sql.Rows("SET 'strom.clock' = ''; SELECT YEAR(CURRENT_DATE) AS y");
  CHECK(std::stoi(today.substr(2)) >= 2025);
  Has(sql.Problem("SET 'strom.clock' = 'noon'; SELECT CURRENT_DATE AS d"), "strom.clock");
}

TEST_CASE("results are tables, JSON or CSV", "[cli]") {
  Sql sql;
  const std::string select = "SELECT 1 AS a, 'x,y' AS b, CAST(NULL AS INT) AS c";
  CHECK(sql.Run({"-e", select, "--format", "csv"}).out == "a,b,c\n1,\"x,y\",\n");
  CHECK(sql.Run({"-e", select, "--format", "json"}).out == "{\"a\":1,\"b\":\"x,y\",\"c\":null}\n");
  Has(sql.Run({"-e", select}).out, "(1 row)\n");
  CHECK(sql.Run({"--format", "csv"}, "SELECT 2 AS two").out == "two\n2\n");  // The input.
}

TEST_CASE("files run one after the other, and errors name theirs before anything is done",
          "[cli]") {
  Sql sql;
  const testing::TempDir dir;
  const auto file = [&dir](const std::string& name, const std::string& text) {
    std::ofstream(dir.path() + "/" + name) << text;
    return dir.path() + "/" + name;
  };
  const std::string first = file("1.sql", "CREATE DATABASE d; USE d -- no semicolon");
  const std::string second = file("2.sql", "CREATE TABLE t (a INT);\nINSERT INTO t VALUES (1)");
  const auto problem = [&sql](std::vector<std::string> arguments) {
    const Ran ran = sql.Run(std::move(arguments));
    CHECK(ran.code == kExitFailed);
    CHECK(ran.out.empty());
    return ran.err;
  };
  const std::string unparsable = file("3.sql", "USE d;\n\n  SELEKT 1");
  CHECK(problem({"-f", first, "-f", second, "-f", unparsable})
            .starts_with("strom: " + unparsable + ":line 3, column 3: "));
  const std::string unbound = file("4.sql", "USE d;\nSELECT b FROM t");
  CHECK(problem({"-f", first, "-f", second, "-f", unbound})
            .starts_with("strom: " + unbound + ":line 2, column 8: "));
  const std::string stranger = file("5.sql", "\nINSERT INTO d.nowhere SELECT a FROM t");
  CHECK(problem({"-f", first, "-f", second, "-f", stranger})
            .starts_with("strom: " + stranger + ":line 2, column 13: "));
  Has(problem({"-f", dir.path() + "/none.sql"}), "none.sql: No such file");
  Has(RunAt({"db", "list", "--format", "csv", "--transport", "grpc", "--server",
             sql.cluster().grpc()})
          .out,
      "database\nfluss\n");  // Nothing was done.

  const Ran done = sql.Run({"-f", first, "-f", second, "-e", "SELECT a FROM t"});
  CHECK(done.code == kExitOk);
  Has(done.out, "created database d\ncreated table d.t\nwrote 1 row to d.t\n");
  Has(done.out, "(1 row)");
}

TEST_CASE("continuous INSERTs become jobs, and running a script again changes nothing", "[cli]") {
  Sql sql;
  const std::vector<std::string> script = {"-e", kTables, "-e", kJob};
  Has(sql.Run(script).out, "job shop.totals registered (layer, 1 source)\n");
  const std::string jobs = sql.Jobs();
  Has(jobs, "shop.totals,layer,waiting,,,,,,,shop.totals,,\n");
  const std::vector<JobInfo> before = *sql.cluster().connection().jobs().List().Get();
  Has(sql.Run(script).out, "job shop.totals is registered, the same (layer, 1 source)\n");
  CHECK(*sql.cluster().connection().jobs().List().Get() == before);

  // A query that cannot be kept up to date is refused before anything is done.
  Has(sql.Problem(
          "DROP TABLE shop.sales;\nINSERT INTO shop.totals SELECT id, (WITH w AS (SELECT id "
          "FROM shop.totals) SELECT MAX(w.id) FROM w WHERE w.id = g.id) FROM shop.goods g"),
      "line 2, column 1: WITH inside a correlated subquery");
  CHECK(sql.Rows("SELECT * FROM shop.sales") == "goods,pieces");

  // Another query on the same target is refused, before anything is done, unless that is wanted.
  const std::string other =
      "CREATE DATABASE more; INSERT INTO shop.totals SELECT id, 1 FROM "
      "shop.goods";
  Has(sql.Problem(other), "strom: job shop.totals writes shop.totals already");
  CHECK(sql("SELECT 1 AS a; DROP DATABASE IF EXISTS more").err == "database more does not exist\n");
  CHECK(*sql.cluster().connection().jobs().List().Get() == before);
  Has(sql.Run({"-e", other, "--replace"}).out, "job shop.totals replaced (layer, 1 source)\n");
  CHECK(sql.cluster().connection().jobs().List().Get()->front().definition.sources ==
        std::vector<std::string>{"shop.goods"});
}

TEST_CASE("jobs keep ${NAME} as it is; a second sink into one table is refused naming the first",
          "[cli]") {
  Sql sql;
  REQUIRE(sql.Run({"-e", kTables}).code == kExitOk);
  const auto sink = [](const std::string& name) {
    return "SET 'strom.clock' = '${CLOCK}'; CREATE TEMPORARY TABLE " + name +
           " (id BIGINT, pieces BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'jdbc', "
           "'url' = 'jdbc:postgresql://${HOST}:5432/db', 'table-name' = 'totals', 'username' = "
           "'u', 'password' = '${SECRET}'); INSERT INTO " +
           name + " SELECT * FROM shop.totals";
  };
  Has(sql.Run({"-e", sink("first_sink")}).out, "job first_sink registered (sink, 1 source)\n");
  const auto jobs = sql.cluster().connection().jobs().List().Get();
  REQUIRE(jobs->size() == 1);
  Has(jobs->front().definition.script, "${SECRET}");
  CHECK(jobs->front().definition.settings.at("strom.clock") == "${CLOCK}");
  const std::string refused = sql.Problem(sink("second_sink"));
  Has(refused, "job second_sink cannot write");
  Has(refused, "job first_sink writes it already");

  // Connector tables are for jobs only.
  const std::string declared = sink("s").substr(0, sink("s").find("INSERT"));
  Has(sql.Problem(declared + "SELECT * FROM s"), "s is a connector table");
  Has(sql.Problem(declared + "INSERT INTO s VALUES (1, 2)"), "s is a connector table");
}

TEST_CASE("a script is explained, and nothing is done", "[cli]") {
  Sql sql;
  const Ran explained = sql.Run(
      {"--explain", "-e", kTables, "-e", kRows, "-e", kJob, "-e", "SELECT id FROM shop.goods"});
  CHECK(explained.err == "");
  Has(explained.out, "layer job shop.totals: shop.sales -> shop.totals (group shop.totals)\n");
  Has(explained.out, "write: VALUES -> shop.goods\n");
  Has(explained.out, "select: shop.goods -> id BIGINT");
  Has(explained.out, "blocks of shop.totals:\n  ");
  Has(sql.Problem("SELECT * FROM shop.goods"), "shop.goods");
}

TEST_CASE("scripts for Flink make their own catalogs; its settings are ignored aloud", "[cli]") {
  Sql sql;
  const Ran ran = sql.Run({"-e",
                           "SET 'parallelism.default' = '2';\nCREATE CATALOG grid WITH ('type' = "
                           "'fluss', 'bootstrap.servers' = '${B}');\nUSE CATALOG grid; CREATE "
                           "DATABASE IF NOT EXISTS dw; USE dw; CREATE TABLE t (a INT)"});
  CHECK(ran.err == "notice: line 1: setting 'parallelism.default' is Flink's and ignored\n");
  CHECK(ran.out == "created database dw\ncreated table dw.t\n");
  Has(sql.Problem("CREATE CATALOG g WITH ('type' = 'fluss'); CREATE DATABASE x"),
      "database x stands in no Fluss catalog");
}

TEST_CASE("sql and job commands need to know a listener that serves jobs", "[cli]") {
  ::unsetenv("STROM_GRPC");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"sql", "-e", "SELECT 1"}, {"job", "list"}}) {
    const Ran ran = RunAt(command);
    CHECK(ran.code == kExitUsage);
    Has(ran.err, "set STROM_GRPC");
  }
  Sql sql;
  ::setenv("STROM_GRPC", sql.cluster().grpc().c_str(), 1);
  CHECK(RunAt({"sql", "-e", "SELECT 1 AS a", "--format", "csv"}).out == "a\n1\n");
  CHECK(RunAt({"job", "list", "--format", "json"}).code == kExitOk);
  ::unsetenv("STROM_GRPC");
  Has(BashCompletion(CommandTree()), "--execute --file --explain --replace --help");
  CHECK(RunAt({"sql", "--format", "xml"}).code == kExitUsage);
}

}  // namespace strom::cli
