#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/include/strom/connection.h"
#include "common/types/job.h"

namespace strom::pipeline {

// What a group of jobs remembers in the cluster itself, as named texts: rows of the table
// __strom.progress, which is made when it is first needed. Written under the group's fence, so that
// whoever lost the group can change nothing.
//
// One thread at a time; calls wait.
class ProgressStore {
 public:
  // The table, and what it is like when nobody made it before.
  static TablePath Path();
  static Result<TableDescriptor> Descriptor();

  // `connection` outlives it. Errors: those of CREATE DATABASE, CREATE TABLE and
  // Connection::NewUpsertWriter.
  static Result<std::unique_ptr<ProgressStore>> Open(client::Connection& connection,
                                                     JobFence fence);

  // Everything that is remembered of the group.
  Result<std::map<std::string, std::string>> Load();
  Result<std::optional<std::string>> Get(const std::string& name);
  // Acknowledged when it returns. Errors: kFencedJobEpoch; kNetwork and others after which nobody
  // knows whether it is stored.
  Status Put(const std::string& name, const std::string& text);
  Status Remove(const std::string& name);

 private:
  ProgressStore(JobFence fence, std::unique_ptr<client::UpsertWriter> writer,
                std::unique_ptr<client::Lookup> lookup)
      : fence_(std::move(fence)), writer_(std::move(writer)), lookup_(std::move(lookup)) {}

  const JobFence fence_;
  const std::unique_ptr<client::UpsertWriter> writer_;
  const std::unique_ptr<client::Lookup> lookup_;
};

}  // namespace strom::pipeline
