-- The named queries of stores/sqlite.py. `name:` begins one; it ends where the next begins.
-- A column of SQLite takes any type from whoever writes past KEYS. The casts give what a digest then shows to be changed.

-- name: head
-- Where a run stands.
SELECT CAST(r.run_no AS INTEGER), CAST(e.seq AS INTEGER), CAST(e.link AS TEXT)
FROM runs AS r LEFT JOIN entries AS e ON e.run_no = r.run_no
WHERE r.run = ?
ORDER BY e.seq DESC
LIMIT 1;

-- name: spine_end
-- The last row of the spine.
SELECT
  CAST(gseq AS INTEGER), CAST(run_no AS INTEGER), CAST(rseq AS INTEGER),
  coalesce(CAST(link AS TEXT), ''), coalesce(CAST(spine_link AS TEXT), '')
FROM spine ORDER BY gseq DESC LIMIT 1;

-- name: next_run_no
-- Also above the numbers that stand on the spine, so that the number of a run that somebody removed is not used again.
SELECT 1 + max(
  coalesce((SELECT max(run_no) FROM runs), 0),
  coalesce((SELECT max(run_no) FROM spine), 0)
);

-- name: add_run
INSERT INTO runs (run_no, run) VALUES (?, ?);

-- name: add_entry
INSERT INTO entries (run_no, seq, line, link) VALUES (?, ?, ?, ?);

-- name: add_spine_row
INSERT INTO spine (gseq, run_no, rseq, link, spine_link) VALUES (?, ?, ?, ?, ?);

-- name: add_blob
-- Equal digests mean equal content; one that was erased stays erased.
INSERT INTO blobs (digest, salt, content) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING;

-- name: erase_blob
-- The salt goes too: with it, a short content could be found by trying.
UPDATE blobs SET salt = NULL, content = NULL WHERE digest = ?;

-- name: entries
SELECT coalesce(CAST(e.seq AS INTEGER), 0), coalesce(CAST(e.line AS BLOB), x''), coalesce(CAST(e.link AS TEXT), '')
FROM runs AS r JOIN entries AS e ON e.run_no = r.run_no
WHERE r.run = ?
ORDER BY e.seq;

-- name: runs
-- Every run and its last entry; a run whose entries somebody removed shows as standing at 0.
SELECT coalesce(CAST(r.run AS TEXT), ''), CAST(r.run_no AS INTEGER), CAST(e.seq AS INTEGER), CAST(e.link AS TEXT)
FROM runs AS r LEFT JOIN entries AS e
  ON e.run_no = r.run_no AND e.seq = (SELECT max(seq) FROM entries WHERE run_no = r.run_no)
ORDER BY r.run_no;

-- name: unlisted
-- Numbers that entries have and no run, and how many entries.
SELECT coalesce(CAST(e.run_no AS INTEGER), 0), count(*)
FROM entries AS e
WHERE NOT EXISTS (SELECT 1 FROM runs AS r WHERE r.run_no = e.run_no)
GROUP BY 1;

-- name: spine
SELECT
  CAST(gseq AS INTEGER), CAST(run_no AS INTEGER), CAST(rseq AS INTEGER),
  coalesce(CAST(link AS TEXT), ''), coalesce(CAST(spine_link AS TEXT), '')
FROM spine ORDER BY gseq;

-- name: spine_by_run
SELECT
  CAST(gseq AS INTEGER), CAST(run_no AS INTEGER), CAST(rseq AS INTEGER),
  coalesce(CAST(link AS TEXT), ''), coalesce(CAST(spine_link AS TEXT), '')
FROM spine ORDER BY CAST(run_no AS INTEGER), gseq;

-- name: spine_of
-- Entries and spine are written side by side, so a run's first row is found by the rowid of its first entry, and what
-- stands before it need not be read. Where that does not fit, all of the spine is.
SELECT
  CAST(gseq AS INTEGER), CAST(run_no AS INTEGER), CAST(rseq AS INTEGER),
  coalesce(CAST(link AS TEXT), ''), coalesce(CAST(spine_link AS TEXT), '')
FROM spine
WHERE run_no = ?1 AND gseq >= coalesce((
  SELECT s.gseq
  FROM entries AS e JOIN spine AS s ON s.gseq = e.rowid AND s.run_no = e.run_no AND s.rseq = 1
  WHERE e.run_no = ?1 AND e.seq = 1
), 0)
ORDER BY gseq;

-- name: spine_ends
-- Beside max(), SQLite gives the other columns of the row that has it.
SELECT
  CAST(gseq AS INTEGER), CAST(run_no AS INTEGER), max(CAST(rseq AS INTEGER)),
  coalesce(CAST(link AS TEXT), ''), coalesce(CAST(spine_link AS TEXT), '')
FROM spine GROUP BY run_no ORDER BY run_no;

-- name: blob
SELECT coalesce(CAST(salt AS BLOB), x''), CAST(content AS BLOB) FROM blobs WHERE digest = ?;

-- name: erased
-- The digests of all blobs that were.
SELECT coalesce(CAST(digest AS TEXT), '') FROM blobs WHERE content IS NULL ORDER BY rowid;

-- name: held
-- Whatever lies there, also where somebody wrote the digest as bytes.
SELECT coalesce(CAST(salt AS BLOB), x''), CAST(content AS BLOB) FROM blobs WHERE digest IN (?1, ?2);

-- name: spine_row
SELECT
  CAST(gseq AS INTEGER), CAST(run_no AS INTEGER), CAST(rseq AS INTEGER),
  coalesce(CAST(link AS TEXT), ''), coalesce(CAST(spine_link AS TEXT), '')
FROM spine WHERE gseq = ?;

-- name: last_checkpoint
SELECT CAST(no AS INTEGER), CAST(gseq AS INTEGER), coalesce(CAST(note AS BLOB), x'') FROM checkpoints ORDER BY no DESC LIMIT 1;

-- name: add_checkpoint
INSERT INTO checkpoints (no, gseq, note) VALUES (?, ?, ?);

-- name: checkpoints
-- All, or those that stand on these rows of the spine.
SELECT CAST(no AS INTEGER), CAST(gseq AS INTEGER), coalesce(CAST(note AS BLOB), x'')
FROM checkpoints
WHERE (?1 IS NULL OR gseq >= ?1) AND (?2 IS NULL OR gseq <= ?2)
ORDER BY no;
