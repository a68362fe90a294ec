#include <catch2/catch_test_macros.hpp>

#include "tests/prove/judge/command.h"
#include "tests/prove/judge/prove_options.h"

namespace strom::prove {
namespace {

using Verb = ProveCommand::Verb;

const std::vector<std::string> kEnough = {"--servers", "a:1,b:2", "--zookeeper",
                                          "z:3",       "--data",  "0=/x,1=/y,2=/z=1"};

std::string Refusal(std::vector<std::string> more) {
  std::vector<std::string> arguments = kEnough;
  arguments.insert(arguments.end(), more.begin(), more.end());
  return std::string(ParseProveOptions(arguments).status().message());
}

TEST_CASE("arguments say where the cluster is and how hard it is used", "[prove]") {
  auto arguments = kEnough;
  for (const char* word : {"--rate", "50", "--buckets", "8", "--durability", "replicated"}) {
    arguments.emplace_back(word);
  }
  const auto options = ParseProveOptions(arguments);
  REQUIRE(options.ok());
  CHECK(options->servers == std::vector<std::string>{"a:1", "b:2"});
  CHECK(options->zookeeper == "z:3");
  CHECK(options->data.at(ServerId(2)) == "/z=1");
  CHECK(options->rate == 50);
  CHECK(options->buckets == 8);
  CHECK(options->durability == "replicated");
}

TEST_CASE("arguments that make no sense are refused by name", "[prove]") {
  CHECK(Refusal({"--rate", "0"}).find("--rate needs a number from 1") != std::string::npos);
  CHECK(Refusal({"--buckets", "6x"}).find("'6x'") != std::string::npos);
  CHECK(Refusal({"--rate"}) == "--rate needs a value");
  CHECK(Refusal({"--rte", "5"}) == "unknown argument '--rte'");
  CHECK(Refusal({"--durability", "leader"}).find("not 'leader'") != std::string::npos);
  CHECK(Refusal({"--data", "0=/x,1=/y"}).find("names 2 tablet servers") != std::string::npos);
  CHECK(Refusal({"--data", "0"}).find("ID=DIR, not '0'") != std::string::npos);
  CHECK(ParseProveOptions({}).status().message() == "--servers is missing");
  CHECK(ParseProveOptions({"--servers", "a:1"}).status().message() == "--zookeeper is missing");
}

TEST_CASE("commands are words", "[prove]") {
  CHECK(ParseCommand("begin")->verb == Verb::kBegin);
  CHECK(ParseCommand(" watch ")->verb == Verb::kWatch);
  const auto unwatch = ParseCommand("unwatch leader-kill 2");
  REQUIRE(unwatch.ok());
  CHECK(unwatch->name == "leader-kill");
  CHECK(unwatch->server == ServerId(2));
  CHECK(ParseCommand("unwatch zk-outage -")->server == std::nullopt);
  CHECK(ParseCommand("served 60")->within == Seconds(60));
  CHECK(ParseCommand("process 1")->server == ServerId(1));
}

TEST_CASE("lines that are no commands are refused", "[prove]") {
  CHECK(ParseCommand("").status().message() == "no command: ''");
  CHECK(ParseCommand("kill 1").status().message() == "no command: 'kill 1'");
  CHECK(ParseCommand("served").status().message() == "served takes 1 words, not 0");
  CHECK(ParseCommand("judge now").status().message() == "judge takes 0 words, not 1");
  CHECK_FALSE(ParseCommand("served 0").ok());
  CHECK_FALSE(ParseCommand("process -1").ok());
  CHECK_FALSE(ParseCommand("unwatch x tablet_1").ok());
}

}  // namespace
}  // namespace strom::prove
