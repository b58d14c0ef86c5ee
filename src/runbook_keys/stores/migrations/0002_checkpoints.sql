-- Signed notes over the head of the spine (journal/checkpoint.py), numbered without gaps.

CREATE TABLE checkpoints (
  no INTEGER PRIMARY KEY CHECK (no > 0),
  gseq INTEGER NOT NULL,
  note BLOB NOT NULL CHECK (typeof(note) = 'blob')
);

CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a checkpoint is never changed'); END;

CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a checkpoint is never deleted'); END;
