#pragma once

#include <memory>

#include "pipeline/layer/planner.h"
#include "pipeline/layer/view.h"

namespace strom::layer {

// For sources only: it includes the JSON library.

// A view with rules of the planner or the engine broken: for the negative controls of tests.
Result<std::unique_ptr<View>> MakeBrokenView(duck::Database& database, sql::BoundQuery query,
                                             ViewOptions options, const BrokenRules& broken);

}  // namespace strom::layer
