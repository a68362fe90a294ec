#include "pipeline/layer/links.h"

#include <algorithm>

namespace strom::layer {

using ast::Json;

namespace {

std::optional<size_t> FindColumn(const Operand& operand, const std::string& name) {
  for (size_t i = 0; i < operand.columns.size(); ++i) {
    if (ast::Lower(operand.columns[i].name) == name) return i;
  }
  return std::nullopt;
}

bool IsInteger(TypeKind kind) { return kind >= TypeKind::kTinyInt && kind <= TypeKind::kBigInt; }

bool IsText(TypeKind kind) { return kind == TypeKind::kChar || kind == TypeKind::kString; }

bool Covers(const std::vector<size_t>& columns, const std::vector<size_t>& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](size_t k) {
    return std::find(columns.begin(), columns.end(), k) != columns.end();
  });
}

}  // namespace

std::optional<ColumnOwner> FindOwner(const Json& column, const std::vector<Operand>& operands) {
  const Json& names = column.at("column_names");
  const std::string first = ast::Lower(names[0].get<std::string>());
  if (names.size() >= 2) {
    const std::string second = ast::Lower(names[1].get<std::string>());
    for (size_t i = 0; i < operands.size(); ++i) {
      if (ast::Lower(operands[i].alias) != first) continue;
      if (const auto found = FindColumn(operands[i], second)) return ColumnOwner{i, *found, 2};
    }
  }
  for (size_t i = 0; i < operands.size(); ++i) {
    if (const auto found = FindColumn(operands[i], first)) return ColumnOwner{i, *found, 1};
  }
  return std::nullopt;
}

bool Comparable(const DataType& a, const DataType& b) {
  if (IsInteger(a.kind()) && IsInteger(b.kind())) return true;
  if (IsText(a.kind()) && IsText(b.kind())) return true;
  if (a.kind() != b.kind() || a.IsNested()) return false;
  return a.kind() != TypeKind::kDecimal || a.scale() == b.scale();
}

std::optional<Link> LinkOf(const Json& conjunct, const std::vector<Operand>& operands) {
  if (ast::ClassOf(conjunct) != "COMPARISON" || ast::TypeOf(conjunct) != "COMPARE_EQUAL" ||
      !ast::IsColumn(conjunct.at("left")) || !ast::IsColumn(conjunct.at("right"))) {
    return std::nullopt;
  }
  const auto left = FindOwner(conjunct["left"], operands);
  const auto right = FindOwner(conjunct["right"], operands);
  if (!left || !right || left->operand == right->operand) return std::nullopt;
  const Operand& a = operands[left->operand];
  const Operand& b = operands[right->operand];
  const bool plain = left->parts == conjunct["left"]["column_names"].size() &&
                     right->parts == conjunct["right"]["column_names"].size();
  if (!plain || !a.is_data || !b.is_data ||
      !Comparable(a.columns[left->column].type, b.columns[right->column].type)) {
    return std::nullopt;
  }
  return Link{left->operand, right->operand, left->column, right->column, {}, false};
}

LinkTree SpanFrom(size_t anchor, const std::vector<Operand>& operands,
                  const std::vector<Link>& links) {
  LinkTree tree;
  tree.anchor = anchor;
  tree.edges.resize(operands.size());
  std::vector<size_t> reached = {anchor};
  const auto is_reached = [&](size_t i) {
    return std::find(reached.begin(), reached.end(), i) != reached.end();
  };
  for (size_t at = 0; at < reached.size(); ++at) {
    const size_t parent = reached[at];
    std::vector<size_t> fresh;
    for (const Link& link : links) {
      if (link.full || (link.a != parent && link.b != parent)) continue;
      const bool forward = link.a == parent;
      const size_t child = forward ? link.b : link.a;
      if (is_reached(child) || operands[child].every_row) continue;
      if (child >= link.children.size() || !link.children[child]) continue;
      LinkTree::Edge& edge = tree.edges[child];
      edge.parent = parent;
      edge.own_columns.push_back(forward ? link.b_column : link.a_column);
      edge.parent_columns.push_back(forward ? link.a_column : link.b_column);
      if (std::find(fresh.begin(), fresh.end(), child) == fresh.end()) fresh.push_back(child);
    }
    reached.insert(reached.end(), fresh.begin(), fresh.end());
  }
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i == anchor) continue;
    if (!operands[i].is_data) {
      tree.lookups_only = false;
      continue;
    }
    if (!is_reached(i)) ++tree.unreached;
    if (operands[i].in_from &&
        (!is_reached(i) || !Covers(tree.edges[i].own_columns, operands[i].unique))) {
      tree.lookups_only = false;
    }
  }
  return tree;
}

}  // namespace strom::layer
