#include "difference.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "pipeline/layer/row_codec.h"

namespace strom::layer {
namespace {

// Doubles at nine digits: sums depend on the order of their rows.
std::string Comparable(const Value& value) {
  if (const double* number = value.get_if<double>()) {
    return fmt::format("{:.9g}", *number == 0 ? 0.0 : *number);
  }
  if (const float* number = value.get_if<float>()) {
    return fmt::format("{:.6g}", *number == 0 ? 0.0F : *number);
  }
  if (const Bytes* text = value.get_if<Bytes>(); text != nullptr && text->size() < 50) {
    std::string sorted = *text;  // LISTAGG and string_agg say nothing of their order.
    if (sorted.find(',') != std::string::npos) std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  return value.ToString();
}

std::string Comparable(const Row& row) {
  std::string out;
  for (const Value& value : row) out += Comparable(value) + " | ";
  return out;
}

std::string Show(const std::map<std::string, int64_t>& rows) {
  std::string out;
  size_t shown = 0;
  for (const auto& [row, count] : rows) {
    if (count == 0 || ++shown > 5) continue;
    out += fmt::format("\n  {:+} {}", count, row);
  }
  return out;
}

}  // namespace

sql::BoundQuery Bind(duck::Database& database, const std::string& sql,
                     std::vector<sql::SourceTable> sources) {
  auto connection = database.Connect().value();
  std::vector<std::unique_ptr<duck::Input>> inputs;
  for (const sql::SourceTable& source : sources) {
    std::vector<duck::Field> fields;
    for (const Column& column : source.columns) fields.push_back({column.name, column.type});
    inputs.push_back(connection->CreateInput(source.name, fields).value());
  }
  std::string literal;
  for (const char c : sql) literal += c == '\'' ? std::string("''") : std::string(1, c);
  sql::BoundQuery query;
  query.sql = sql;
  query.tree = *connection->Query("SELECT CAST(json_serialize_sql('" + literal + "') AS VARCHAR)")
                    .value()
                    .rows.at(0)
                    .at(0)
                    .get_if<Bytes>();
  query.sources = std::move(sources);
  query.columns = connection->Describe(sql).value();
  query.uses_clock = sql.find("strom_clock") != std::string::npos;
  return query;
}

Difference::Difference(duck::Database& database, const sql::BoundQuery& query,
                       const BrokenRules& broken)
    : query_(query), reference_(database.Connect().value()) {
  for (const sql::SourceTable& source : query.sources) {
    std::vector<duck::Field> fields;
    for (const Column& column : source.columns) fields.push_back({column.name, column.type});
    inputs_.push_back(reference_->CreateInput(source.name, fields).value());
  }
  view_ = MakeBrokenView(database, query, {}, broken).value();
}

std::optional<std::string> Difference::Check(const std::vector<SourceDelta>& batch,
                                             const RandomTables& tables, Timestamp now) {
  Result<pipeline::Delta> delta = view_->Apply(batch, now);
  if (!delta.ok()) return delta.status().ToString();
  for (const pipeline::SignedRow& change : *delta) {
    int64_t& count = replayed_[EncodeRow(change.row)];
    count += change.insert ? 1 : -1;
    if (count < 0) return "a row is removed that is not there: " + Comparable(change.row);
  }

  std::map<std::string, int64_t> difference;
  for (const auto& [row, count] : replayed_) difference[Comparable(DecodeRow(row))] += count;
  std::vector<std::vector<Row>> rows;
  for (size_t i = 0; i < inputs_.size(); ++i) rows.push_back(tables.RowsOf(i));
  for (size_t i = 0; i < inputs_.size(); ++i) {
    std::vector<RowRef> handed;
    for (const Row& row : rows[i]) handed.push_back(&row);
    inputs_[i]->Set(std::move(handed));
  }
  reference_->SetClock(now);
  Result<duck::RowSet> expected = reference_->Query(query_.sql);
  if (!expected.ok()) return expected.status().ToString();
  for (const Row& row : expected->rows) --difference[Comparable(row)];
  for (const auto& [row, count] : difference) {
    if (count != 0) return "more (+) or less (-) than the query gives:" + Show(difference);
  }
  return std::nullopt;
}

void Difference::OfferRowsAgain(const RandomTables& tables) {
  for (size_t i = 0; i < query_.sources.size(); ++i) {
    if (query_.sources[i].primary_key.empty()) continue;
    const Status offered = view_->ReadAgainFrom(
        i, [&tables, i](absl::FunctionRef<Status(pipeline::Delta)> visit) -> Status {
          // In two pieces, and with a row that was only there meanwhile.
          pipeline::Delta first;
          pipeline::Delta second;
          for (const Row& row : tables.RowsOf(i)) {
            (first.size() < 10 ? first : second).push_back({true, row});
          }
          if (!first.empty()) {
            const Row meanwhile = first[0].row;
            first.push_back({true, meanwhile});
            second.insert(second.begin(), {false, meanwhile});
          }
          STROM_RETURN_IF_ERROR(visit(std::move(first)));
          return visit(std::move(second));
        });
    STROM_CHECK(offered.ok()) << offered.ToString();
  }
}

size_t Difference::rows() const {
  size_t total = 0;
  for (const auto& [row, count] : replayed_) total += static_cast<size_t>(count);
  return total;
}

std::optional<std::string> RunDifference(duck::Database& database, const sql::BoundQuery& query,
                                         uint64_t seed, size_t batches, const BrokenRules& broken,
                                         ClockMoves moves) {
  RandomTables tables(query.sources, seed);
  Difference difference(database, query, broken);
  if (seed % 2 == 0) difference.OfferRowsAgain(tables);
  size_t changes = tables.Below(120);  // The first batch is a snapshot; sometimes of little.
  Timestamp now = kTestClock;
  for (size_t i = 0; i < batches; ++i) {
    if (moves == ClockMoves::kBothWays) {
      constexpr int64_t kMinutes[] = {0, 1, 10, 61, 300, 720, 1440};
      const int64_t by = kMinutes[tables.Below(std::size(kMinutes))] * 60'000;
      now.millis += tables.Below(3) == 0 ? -by : by;
    }
    if (auto wrong = difference.Check(tables.Change(changes), tables, now)) {
      return fmt::format("seed {}, batch {}: {}\n{}", seed, i, *wrong, difference.view().Explain());
    }
    constexpr size_t kSizes[] = {1, 1, 2, 5, 12, 40};
    changes = kSizes[tables.Below(std::size(kSizes))];
  }
  return std::nullopt;
}

}  // namespace strom::layer
