-- A run: the rows of a dataset, what judges made of them, what it cost, and what people say. See
-- docs/decisions/0010-runs.md. A change of it is another file, 2.sql, which is run on files of version 1.

CREATE TABLE about (             -- facts about the run, as JSON: the source, the columns, the creator
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE session (           -- one for each process that worked on it
  number INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL,
  started REAL NOT NULL,         -- seconds since 1970, as all times
  ended REAL,
  stopped TEXT,                  -- why it ended before all was done, or NULL
  settings TEXT NOT NULL         -- JSON: limits, version of the package
);

CREATE TABLE row (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,       -- given, or a digest of the content
  content BLOB NOT NULL,         -- digest of the values
  line INTEGER NOT NULL,         -- where it stood in the source, from 1
  session INTEGER NOT NULL,      -- who has taken it up
  error TEXT                     -- why it could not be read, or NULL
);

CREATE TABLE row_text (          -- the wide half of row
  row INTEGER PRIMARY KEY,
  "values" TEXT NOT NULL         -- JSON object
);

CREATE TABLE prediction (        -- what the target made of a row
  row INTEGER PRIMARY KEY,
  output TEXT,                   -- JSON; NULL where it failed
  kind TEXT,                     -- the error's class, or NULL
  error TEXT,
  seconds REAL,
  at REAL NOT NULL
);

CREATE TABLE evaluator (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  signature TEXT NOT NULL,
  about TEXT NOT NULL            -- JSON: the scale, the direction, the aggregations
);

CREATE TABLE outcome (           -- narrow, so that a million read fast
  evaluator INTEGER NOT NULL,
  row INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('score', 'not_applicable', 'failure')),
  kind TEXT,                     -- of a failure: the error's class
  score REAL,                    -- the number that the evaluator reports; NULL unless state is 'score', as the next three
  value REAL,                    -- in [0, 1]; higher is better
  rating REAL,                   -- the judge's own, in scale units
  label TEXT,
  spread REAL,                   -- disagreement of the parts
  calls INTEGER NOT NULL,        -- of all attempts
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost REAL,                     -- US dollars; NULL where a price is not known
  seconds REAL,                  -- from the first call's turn to the end
  attempts INTEGER NOT NULL,     -- how often it was tried; 1 unless failures were retried
  detailed INTEGER NOT NULL,     -- 1 where outcome_text has details
  at REAL NOT NULL,
  PRIMARY KEY (evaluator, row)
) WITHOUT ROWID;

CREATE TABLE outcome_text (      -- the wide half of outcome
  evaluator INTEGER NOT NULL,
  row INTEGER NOT NULL,
  reasoning TEXT NOT NULL,       -- of a failure: its message
  details TEXT,                  -- JSON: parts, basis, distribution, a failure's reply; NULL where there are none
  PRIMARY KEY (evaluator, row)
) WITHOUT ROWID;

CREATE TABLE model_usage (       -- by model and session
  session INTEGER NOT NULL,
  model TEXT NOT NULL,
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost REAL,
  refused INTEGER NOT NULL,      -- calls without an answer, those asked again included
  PRIMARY KEY (session, model)
) WITHOUT ROWID;

CREATE TABLE human_rating (      -- added to, never changed: of several by one rater, the last counts
  number INTEGER PRIMARY KEY,
  row INTEGER NOT NULL,
  name TEXT NOT NULL,            -- what was rated: an evaluator's name, or a criterion's
  rater TEXT NOT NULL,
  rating REAL,                   -- scale units; NULL with a NULL label takes the earlier one back
  label TEXT,
  note TEXT,
  seconds REAL,                  -- how long the rater looked
  at REAL NOT NULL
);
CREATE INDEX human_rating_of_row ON human_rating (row, name, rater);
