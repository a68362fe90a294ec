#pragma once

#include <map>

#include "common/base/result.h"
#include "common/record/log_batch.h"
#include "common/record/record_schema.h"

namespace strom::tablet {

// Checks what a client wants to append to a log table before it gets offsets: that each batch of
// `batches` names a schema of the table, is append-only, and really holds the records its header
// counts. Otherwise a header that counts too many would take offsets no reader ever finds records
// for. Reads the structure only: values are not decoded, nothing is decompressed, and the CRC is
// the log's to check.
// Errors: kSchemaNotExist; kCorruptRecord naming the batch's place and the numbers.
Status ValidateProduced(BytesView batches, const std::map<SchemaId, record::RecordSchema>& schemas);

}  // namespace strom::tablet
