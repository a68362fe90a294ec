#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/types/job.h"
#include "pipeline/core/turns.h"

namespace strom::hosting {

// Of each group of `jobs`: which others of them write what it reads, and how many a change passes,
// on its longest way, before it gets there. Around a circle of jobs nobody counts the others.
std::map<std::string, pipeline::Turns::Place> PlacesOf(const std::vector<JobDefinition>& jobs);

}  // namespace strom::hosting
