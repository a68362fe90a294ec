// strom-prove: clients of a cluster of processes, and the judge of what they saw. What goes wrong
// with the cluster meanwhile is up to who gives the commands (tests/prove/prove.py). Exit code 2:
// it was asked for something that it does not do.
#include <iostream>
#include <string>

#include "common/base/logging.h"
#include "tests/prove/judge/prove_options.h"
#include "tests/prove/workload/controller.h"

int main(int argc, char** argv) {
  auto options = strom::prove::ParseProveOptions({argv + 1, argv + argc});
  if (!options.ok()) {
    std::cerr << "strom-prove: " << options.status().message() << "\n" << strom::prove::kProveUsage;
    return 2;
  }
  strom::SetLogLevel(strom::LogLevel::kError);  // That servers go is what it is about.
  auto controller = strom::prove::Controller::Open(*std::move(options));
  if (!controller.ok()) {
    std::cerr << "strom-prove: " << controller.status().message() << "\n";
    return 2;
  }
  (*controller)->Run(std::cin, std::cout);
  return 0;
}
