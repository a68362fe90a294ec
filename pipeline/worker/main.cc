// strom-worker: hosts jobs, as a process of its own.
#include <iostream>

#include "pipeline/worker/worker_program.h"

int main(int argc, char** argv) {
  return strom::daemon::RunProgram(strom::worker::WorkerProgram(),
                                   strom::worker::KindArgument({argv + 1, argv + argc}), std::cout,
                                   std::cerr);
}
