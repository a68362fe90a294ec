#pragma once

#include <string>

#include "tests/testing/cluster/dev_cluster.h"

namespace strom::pipeline {

// One cluster for all tests of the executable: each uses tables of its own.
testing::DevCluster& SharedCluster();

// db.name, with columns id BIGINT, note STRING, keyed by id.
TableInfo MakeKeyed(const std::string& name, int32_t buckets = 2);
// The same columns, without a key.
TableInfo MakeLog(const std::string& name, int32_t buckets = 2);

Row R(int64_t id, const std::string& note);

// Upserts rows and waits until they are acknowledged.
void Upsert(const TableInfo& table, const std::vector<Row>& rows);
void Delete(const TableInfo& table, const std::vector<int64_t>& ids);
void Append(const TableInfo& table, const std::vector<Row>& rows);

}  // namespace strom::pipeline
