#include "common/config/config.h"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/config/options.h"

namespace strom::config {

TEST_CASE("every default reads as its own type, and no key stands twice", "[config]") {
  std::set<std::string_view> keys;
  for (const OptionInfo* option : AllOptions()) {
    INFO(option->key);
    CHECK(keys.insert(option->key).second);
    CHECK_FALSE(option->doc.empty());
    CHECK(Config::Parse("", {std::string(option->key) + "=" + std::string(option->default_text)})
              .ok());
  }
  for (const std::string_view key : IgnoredFlussKeys()) CHECK_FALSE(keys.contains(key));
}

TEST_CASE("a file is read flat or nested, and overrides win", "[config]") {
  const Config config = Config::Parse(
                            "log.segment.file-size: 64mb\n"
                            "tablet-server:\n  id: 3\n  rack: r1\n"
                            "log.retention.check-interval: 10 s\n",
                            {"tablet-server.id=4"})
                            .value();
  CHECK(config.Get(kLogSegmentFileSize) == 64 << 20);
  CHECK(config.Get(kTabletServerId) == 4);
  CHECK(config.Get(kTabletServerRack) == "r1");
  CHECK(config.Get(kLogRetentionCheckInterval) == 10000);
  CHECK(config.Get(kMaxBucketNum) == 4096);
  CHECK(config.IsSet(kTabletServerRack.info));
  CHECK_FALSE(config.IsSet(kMaxBucketNum.info));
}

TEST_CASE("an unknown key is refused with the nearest known one", "[config]") {
  CHECK(Config::Parse("log.segment.filesize: 1").status().message() ==
        "unknown option log.segment.filesize; did you mean log.segment.file-size?");
  CHECK(Config::Parse("", {"colour=red"}).status().message() == "unknown option colour");
}

TEST_CASE("a key that only Fluss acts on is accepted and reported", "[config]") {
  const Config config = Config::Parse("metrics.reporters: jmx\nserver.io-pool.size: 4").value();
  CHECK(config.ignored_keys() ==
        std::vector<std::string>{"metrics.reporters", "server.io-pool.size"});
}

TEST_CASE("bad values and bad files name the option", "[config]") {
  CHECK(Config::Parse("tablet-server.id: one").status().message() ==
        "option tablet-server.id (whole number): 'one' is no number");
  CHECK(Config::Parse("log.segment.file-size: 3 stones").status().message() ==
        "option log.segment.file-size (memory size): '3 stones' is no memory size: unknown unit "
        "'stones'");
  CHECK_FALSE(Config::Parse("- a\n- b").ok());
  CHECK_FALSE(Config::Parse("a: [").ok());
  CHECK_FALSE(Config::Parse("", {"tablet-server.id"}).ok());
  CHECK(Config::Parse("data.dir: a\ndata:\n  dir: b").status().message() ==
        "option data.dir is given twice");
}

TEST_CASE("the effective configuration prints every option", "[config]") {
  const std::string text = Config::Parse("data.dir: /x").value().ToString();
  CHECK(text.find("data.dir: /x\n") != std::string::npos);
  CHECK(text.find("max.bucket.num: 4096  # default\n") != std::string::npos);
}

}  // namespace strom::config
