CREATE TABLE study (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    created TEXT NOT NULL,
    -- The order of the clips follows from this, the rater and the clip.
    seed INTEGER NOT NULL,
    -- Names of clips on the page and the token of other addresses follow from this.
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

CREATE TABLE clip (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    added TEXT NOT NULL
) STRICT;

CREATE TABLE rater (
    id INTEGER PRIMARY KEY,
    -- The name in lower case, with single spaces.
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    joined TEXT NOT NULL,
    -- The one window that may rate under this name, and when it was last heard of (Unix seconds).
    session TEXT UNIQUE,
    seen INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Rows are added and marked as withdrawn, never changed otherwise and never deleted.
CREATE TABLE rating (
    id INTEGER PRIMARY KEY,
    rater INTEGER NOT NULL REFERENCES rater (id),
    clip INTEGER NOT NULL REFERENCES clip (id),
    adherence INTEGER NOT NULL CHECK (adherence BETWEEN 0 AND 2),
    responsibility INTEGER NOT NULL CHECK (responsibility BETWEEN 0 AND 1),
    physics INTEGER NOT NULL CHECK (physics BETWEEN 1 AND 5),
    seconds REAL,
    -- Names the request, so that one that is sent twice is stored once.
    request TEXT NOT NULL UNIQUE,
    rated TEXT NOT NULL,
    withdrawn TEXT
) STRICT;

-- At most one rating of a clip by a rater stands.
CREATE UNIQUE INDEX rating_stands ON rating (rater, clip) WHERE withdrawn IS NULL;
