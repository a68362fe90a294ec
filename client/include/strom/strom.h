#pragma once

// All of the Strom client. Start at connection.h.

#include "client/include/strom/admin.h"
#include "client/include/strom/append_writer.h"
#include "client/include/strom/connection.h"
#include "client/include/strom/future.h"
#include "client/include/strom/jobs.h"
#include "client/include/strom/log_record.h"
#include "client/include/strom/log_scanner.h"
#include "client/include/strom/lookup.h"
#include "client/include/strom/offset_spec.h"
#include "client/include/strom/table_reader.h"
#include "client/include/strom/upsert_writer.h"
#include "client/include/strom/writer_options.h"
