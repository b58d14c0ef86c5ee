-- The journal as it is today, to read in one piece. New and older files get here by migrations/; a test holds both equal.

CREATE TABLE runs (
  run_no INTEGER PRIMARY KEY CHECK (run_no > 0),
  run TEXT NOT NULL UNIQUE
);

-- Rows of all runs in the order of their writing: an append touches the last page only.
CREATE TABLE entries (
  run_no INTEGER NOT NULL REFERENCES runs (run_no),
  seq INTEGER NOT NULL CHECK (seq > 0),
  line BLOB NOT NULL CHECK (typeof(line) = 'blob'),
  link TEXT NOT NULL,
  UNIQUE (run_no, seq)
);

CREATE TABLE spine (
  gseq INTEGER PRIMARY KEY CHECK (gseq > 0),
  run_no INTEGER NOT NULL,
  rseq INTEGER NOT NULL,
  link TEXT NOT NULL,
  spine_link TEXT NOT NULL,
  FOREIGN KEY (run_no, rseq) REFERENCES entries (run_no, seq)
);

-- A rowid table, like entries: rows are only ever added at its end, so no copy of a content is left behind by a page
-- split, and an erased content is really overwritten (secure_delete).
CREATE TABLE blobs (
  digest TEXT NOT NULL UNIQUE,
  salt BLOB,
  content BLOB,
  CHECK ((salt IS NULL) = (content IS NULL))
);

-- Signed notes over the head of the spine (journal/checkpoint.py), numbered without gaps.
CREATE TABLE checkpoints (
  no INTEGER PRIMARY KEY CHECK (no > 0),
  gseq INTEGER NOT NULL,
  note BLOB NOT NULL CHECK (typeof(note) = 'blob')
);

-- These stop accidents. They do not stop somebody who may write the file: that is what the chain is for.
CREATE TRIGGER runs_are_never_changed BEFORE UPDATE ON runs
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a run is never changed'); END;

CREATE TRIGGER runs_are_never_deleted BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a run is never deleted'); END;

CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: an entry is never changed'); END;

CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: an entry is never deleted'); END;

CREATE TRIGGER the_spine_is_never_changed BEFORE UPDATE ON spine
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: the spine is never changed'); END;

CREATE TRIGGER the_spine_is_never_cut BEFORE DELETE ON spine
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: the spine is never cut'); END;

CREATE TRIGGER blobs_are_only_ever_erased BEFORE UPDATE ON blobs
WHEN NEW.digest IS NOT OLD.digest OR NEW.content IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a blob can be erased, never changed'); END;

CREATE TRIGGER blobs_are_never_deleted BEFORE DELETE ON blobs
BEGIN SELECT RAISE(ABORT, 'a blob can be erased, never deleted: its digest stays'); END;

CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a checkpoint is never changed'); END;

CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a checkpoint is never deleted'); END;
